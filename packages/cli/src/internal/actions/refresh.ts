import * as Effect from "effect/Effect"
import * as connected from "../connected.ts"
import { NoRefreshToken } from "../failures.ts"
import { described } from "../lives.ts"
import * as Output from "../output.ts"
import { withProgress } from "../progress.ts"
import type * as session from "../session.ts"

export const run = (which: session.Which) =>
  connected.use(which, "refresh", ({ account: { account, provider }, auth }) =>
    auth.refresh.pipe(
      withProgress(`${provider}: refreshing`),
      Effect.flatMap(described),
      Effect.map((life): Output.Result => ({
        text: `${provider} ${account}: refreshed, ${Output.left(life.expiresIn)}`,
        json: { provider, account, ...life }
      })),
      // It says "sign in" of a session that lives, where nothing is there to refresh it with.
      Effect.catchTag("SignInRequired", (error) =>
        Effect.gen(function*() {
          const state = yield* auth.state
          if (error.reason !== "expired" || state._tag !== "Active" || state.freshness === "dead") return yield* error
          const { expiresIn } = yield* described(state)
          return yield* new NoRefreshToken({ provider, account, left: Output.left(expiresIn) })
        }))
    ))
