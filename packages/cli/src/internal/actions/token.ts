import type { AccessToken } from "@effect-auth/core/AccessToken"
import type { AccessTokenError } from "@effect-auth/core/AuthError"
import type { AuthService } from "@effect-auth/core/AuthService"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as earlyToken from "../earlyToken.ts"
import { locate, variable } from "../home.ts"
import * as keeper from "../keeper/place.ts"
import { described } from "../lives.ts"
import * as Output from "../output.ts"
import { withProgress } from "../progress.ts"
import * as session from "../session.ts"
import * as store from "../store.ts"
import { type Format, render } from "../tokenFormats.ts"

export interface Options extends session.Which {
  readonly format: Format
  readonly keeper: Option.Option<string>
}

/**
 * A token that was refreshed if it was due, because a command can't do so later. If that fails, the one that still lives.
 */
const renewed = (auth: AuthService<never>): Effect.Effect<AccessToken, AccessTokenError> =>
  Effect.gen(function*() {
    const state = yield* auth.state
    if (state._tag !== "Active" || state.freshness !== "stale") return yield* auth.accessToken
    return yield* Effect.catchAll(auth.refresh, (error) =>
      Effect.zipRight(
        Output.say(`not refreshed, the token of before is used: ${error.message}`),
        auth.accessToken
      ))
  })

/** Most tokens are printed without a request. The modules that send requests are loaded only when they are needed. */
const tokenOf = Effect.fnUntraced(function*(which: session.Which) {
  const home = yield* locate(which.store)
  const found = yield* session.find(home, which, "token")
  const { account } = found
  const connected = Effect.promise(() => import("../connected.ts"))
  const asked = Effect.flatMap(
    connected,
    ({ open }) => open(home, found, ({ auth }) => withProgress(`${account.provider}: getting a token`)(renewed(auth)))
  )
  const token = found.isKept
    ? yield* Effect.flatMap(
      earlyToken.read(account),
      (early) => Option.isSome(early) ? Effect.succeed(early.value) : asked
    ).pipe(Effect.provide(store.layer(home)))
    : yield* Effect.flatMap(connected, ({ storeOf }) => Effect.provide(asked, storeOf(home, found)))
  return { account, token }
})

/** Asks a keeper for the token. The keeper refreshes ahead. */
const keptToken = (which: session.Which, place: string) =>
  Effect.gen(function*() {
    const { use } = yield* Effect.promise(() => import("../keeper/session.ts"))
    const work = withProgress(`${which.provider}: getting a token`)
    const token = yield* use(which, place, (auth) => work(auth.accessToken))
    const account = { provider: which.provider, account: Option.getOrElse(which.account, () => "default") }
    return { account, token }
  })

export const run = (options: Options) =>
  Effect.gen(function*() {
    const place = yield* keeper.asked(options.keeper)
    const { account, token } = place === undefined ? yield* tokenOf(options) : yield* keptToken(options, place)
    const accessToken = Redacted.value(token.value)
    const printed = { provider: account.provider, account: account.account, accessToken, ...yield* described(token) }
    // The format says how it is printed; `--json` alone is the format `json`.
    const text = render(options.format, printed, yield* variable("KUBERNETES_EXEC_INFO"))
    yield* Output.print({ text, json: undefined }, false)
  })
