/** A workflow whose history is stored: a step asks the keeper for a token, and the history holds none. */
import { PlacewiseSessions } from "@effect-auth/placewise/Placewise"
import * as Activity from "@effect/workflow/Activity"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const Status = Schema.Struct({ points: Schema.Number })

// #region activity
/** The result of a step is stored: it is the answer of the API. A token is asked for inside the step, and stays there. */
export const readPoints = (account: string) =>
  Activity.make({
    name: `read the points of ${account}`,
    success: Status,
    error: Schema.String,
    execute: Effect.gen(function*() {
      const { client } = yield* (yield* PlacewiseSessions).get(account)
      const answer = yield* client.get("/members/me/rewards-program/status")
      const { balance } = yield* Schema.decodeUnknown(Schema.Struct({ balance: Schema.Number }))(yield* answer.json)
      return { points: balance }
    }).pipe(
      // An error is stored too: only its name.
      Effect.mapError((error) => error._tag)
    )
  })
// #endregion activity
