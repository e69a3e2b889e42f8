/** One session over a scripted provider, signed in. */
import * as AuthService from "@effect-auth/core/AuthService"
import { ExchangeFailure, type Reason, type Sent } from "@effect-auth/core/ExchangeFailure"
import type { RefreshOptions } from "@effect-auth/core/RefreshOptions"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { settled } from "../../support/whileTimePasses.ts"

export const hour = 3_600_000

export interface Setup extends ScriptedProvider.Options {
  readonly refresh?: RefreshOptions | undefined
  readonly account?: string | undefined
  readonly credentials?: Effect.Effect<string, unknown> | undefined
  readonly signedIn?: boolean | undefined
}

/** Closes with the scope of the test, which moves on the time that this takes. */
export const make = (setup?: Setup) => Effect.flatMap(scope, (scope) => Scope.extend(makeWithin(setup), scope))

/** Closes when somebody closes its scope. */
export const makeWithin = Effect.fnUntraced(function*(setup: Setup = {}) {
  const script = yield* ScriptedProvider.make<string>(setup)
  const auth = yield* AuthService.make(script.provider, {
    account: setup.account,
    credentials: setup.credentials,
    refresh: setup.refresh
  })
  if (setup.signedIn ?? setup.credentials === undefined) yield* auth.signIn("secret")
  return { auth, script, refreshes: script.count("refresh"), presented: presentedBy(script) }
})

/** Closing waits for an exchange that is under way, as long as its deadline: time has to move on for that. */
const scope = Effect.acquireRelease(
  Scope.make(),
  Effect.fnUntraced(function*(scope, exit) {
    const closed = yield* Effect.fork(Scope.close(scope, exit))
    yield* TestClock.adjust("1 minute")
    yield* Fiber.join(closed)
  })
)

const presentedBy = (script: ScriptedProvider.ScriptedProvider<string>) =>
  Effect.map(script.calls, (calls) => calls.flatMap((call) => call.operation === "refresh" ? [call.presented] : []))

export const provided = Effect.provide(TokenStore.layerMemory)

/** Runs an effect while time moves on; its exit. */
export const within = Effect.fnUntraced(function*<A, E, R>(
  effect: Effect.Effect<A, E, R>,
  time: Duration.DurationInput
) {
  const fiber = yield* Effect.fork(effect)
  yield* TestClock.adjust(time)
  yield* settled(fiber)
  return yield* Effect.timeoutFail(Effect.exit(Fiber.join(fiber)), {
    duration: Duration.zero,
    onTimeout: () => new Error("it did not come to an end in time")
  }).pipe(Effect.orDie)
})

/** The tags of the events from here on. */
export const tagsOf = Effect.fnUntraced(function*(auth: AuthService.AuthService<string>) {
  const tags: Array<string> = []
  yield* Effect.forkScoped(Stream.runForEach(auth.events, ({ _tag }) => Effect.sync(() => void tags.push(_tag))))
  yield* TestClock.adjust("0 millis")
  return tags
})

const failing = (kind: "transient" | "terminal" | "config" | "refused", sent: Sent, reason: Reason, extra = {}) =>
  ScriptedProvider.fail(new ExchangeFailure({ kind, sent, reason, ...extra }))

export const down = failing("transient", "answered", "server", { status: 503 })
export const refusedConnection = failing("transient", "no", "transport")
export const dead = failing("terminal", "answered", "unknown", { status: 462 })
export const badClient = failing("config", "answered", "client", { status: 401 })
export const undocumented = failing("refused", "answered", "unknown", { status: 400, error: "odd" })
/** A 400 without a body. */
export const mute = failing("transient", "answered", "malformed", { status: 400 })
export const lostAnswer = ScriptedProvider.lose(
  new ExchangeFailure({ kind: "transient", sent: "unknown", reason: "transport" })
)
export const waitFor = (time: Duration.DurationInput) =>
  failing("transient", "answered", "rate-limited", { status: 429, retryAfter: Duration.decode(time) })

export const maintenanceFor = (time: Duration.DurationInput) =>
  failing("transient", "answered", "server", { status: 503, retryAfter: Duration.decode(time) })

export const times = (n: number, step: ScriptedProvider.Step): ReadonlyArray<ScriptedProvider.Step> =>
  Array.from({ length: n }, () => step)
