/** Answers each call: who may, which session, and its answer. */
import { type AccessToken, belongsTo, type Principal } from "@effect-auth/core/AccessToken"
import { AccessTokenRejected, type AuthError } from "@effect-auth/core/AuthError"
import type * as AuthService from "@effect-auth/core/AuthService"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as Callers from "../Callers.ts"
import type * as Rpcs from "../SessionRpcs.ts"
import type { Kept } from "../SessionServer.ts"
import { failing, stateOf, tokenOf } from "./answers.ts"
import * as counts from "./counts.ts"
import { type Asked, type Door, operationOf, refuse } from "./door.ts"
import * as limits from "./limits.ts"
import { Listener } from "./listener.ts"
import { Watch } from "./watch.ts"

/** What a call names. */
interface Target {
  readonly provider: string
  readonly realm: string
  readonly account: string
  readonly resource?: string | undefined
}

interface Found {
  readonly kept: Kept
  readonly auth: AuthService.Any
}

const mismatch: Rpcs.Failure = { kind: "mismatch" }

/** A client that does not know the realm, such as a command line, means the only one. */
const keptFor = (all: ReadonlyArray<Kept>, { provider, realm }: Pick<Target, "provider" | "realm">) => {
  const found = all.filter((kept) => kept.provider === provider && (realm === "" || kept.realm === realm))
  return found.length === 1 ? found[0] : undefined
}

const hasResources = (auth: AuthService.Any): auth is AuthService.WithResources<never> => "forResource" in auth

const found = (all: ReadonlyArray<Kept>, target: Target): Effect.Effect<Found, Rpcs.Failure> => {
  const kept = keptFor(all, target)
  if (kept === undefined) return refuse("sessions")
  return Effect.flatMap(kept.get(target.account), (auth) => {
    if (auth === undefined) return refuse("account")
    if (target.resource === undefined) return Effect.succeed({ kept, auth })
    return hasResources(auth)
      ? Effect.succeed({ kept, auth: auth.forResource(target.resource) })
      : refuse("operation")
  })
}

const handed = (
  watch: Watch,
  { auth, kept }: Found,
  { account, resource }: Target,
  token: AccessToken
): Effect.Effect<Rpcs.Token> =>
  Effect.gen(function*() {
    const clock = yield* Effect.clock
    const current = auth.unsafePeek(clock)
    const fresh = current !== undefined && current.generation === token.generation &&
      current.session === token.session
    const summary = resource === undefined ? yield* kept.overview.one(account) : undefined
    const isWatched = yield* watch.add({
      kept,
      account,
      auth,
      session: token.session,
      generation: token.generation,
      wasFresh: fresh,
      expiresAt: token.expiresAt
    }, resource)
    return tokenOf(token, { wall: clock.unsafeCurrentTimeMillis(), fresh, isWatched, dueAt: summary?.dueAt })
  })

/** A token that a client has. */
interface Known extends Principal {
  readonly generation: number
}

/**
 * Refreshes only while the known token is the current one: another attempt of the same call finds a newer one. A newer one
 * may be of another session; it is the answer only if that has the same principal, as in core.
 */
const refreshed = (auth: AuthService.Any, known: Known | undefined): Effect.Effect<AccessToken, AuthError> =>
  Effect.gen(function*() {
    if (known === undefined) return yield* auth.refresh
    const state = yield* auth.state
    const isNewer = state._tag === "Active" &&
      (state.session !== known.session || state.generation > known.generation)
    const token = isNewer ? yield* auth.accessToken : yield* auth.refresh
    if (belongsTo(known, token)) return token
    const { account, provider } = auth
    return yield* new AccessTokenRejected({ provider, account, operation: "refresh", reason: "session-changed" })
  })

/** Somebody may have signed in since the client knew of its session. */
const signedOut = (auth: AuthService.Any, session: string | undefined): typeof auth.signOut =>
  session === undefined ? auth.signOut : Effect.flatMap(
    auth.state,
    (state) =>
      state._tag === "Active" && state.session === session
        ? auth.signOut
        : Effect.succeed("nothing-to-revoke" as const)
  )

/** The token that the API rejected. Its text is not needed: session and number identify it. */
const rejectedOf = ({ generation, principal, session, subject }: Known): AccessToken => ({
  value: Redacted.make(""),
  session,
  generation,
  expiresAt: 0,
  scopes: undefined,
  subject,
  principal
})

/** The calls that a caller may make here. */
const callsFor = (caller: Callers.Caller, kept: Kept, isHttp: boolean): ReadonlyArray<string> =>
  Object.entries(operationOf).flatMap(([call, operation]) =>
    Callers.mayDo(caller, operation) && !(call === "Events" && isHttp) &&
      !(call === "SignIn" && kept.signIn === undefined)
      ? [call]
      : []
  )

/** The clients that listen to the sessions that are kept, and a watch over the tokens that they hold. */
const makeListeners = Effect.fnUntraced(function*(all: ReadonlyArray<Kept>) {
  const listeners = new Set<Listener>()
  const toAll = (kept: Kept, tell: (listener: Listener) => void): Effect.Effect<void> =>
    Effect.sync(() => {
      for (const listener of listeners) if (listener.kept === kept) tell(listener)
    })
  const watch = new Watch((kept, account) => toAll(kept, (listener) => listener.change(account)))
  // A token may be handed out just before its client listens, so all are watched; they are looked at for those who listen.
  const look = Effect.unless(watch.look, () => listeners.size === 0)
  yield* Effect.forkScoped(Effect.forever(Effect.zipRight(Effect.sleep(limits.watchEach), look)))
  for (const kept of all) {
    const events = yield* kept.overview.listen
    yield* Effect.forkScoped(
      Stream.runForEach(events, (event) => toAll(kept, (listener) => listener.event({ ...event })))
    )
  }
  return { listeners, watch }
})

const listening: typeof Rpcs.Notice.Type = { _tag: "Listening", account: "" }

const listenerBounds = {
  events: limits.eventBuffer,
  changed: limits.mostChanged,
  atOnce: limits.noticesAtOnce
} as const

const events =
  (all: ReadonlyArray<Kept>, door: Door, listeners: Set<Listener>) =>
  (payload: Pick<Target, "provider" | "realm">, asked: Asked) =>
    Stream.unwrapScoped(Effect.gen(function*() {
      const caller = yield* door.enter(asked, ({ caller, isHttp }) =>
        isHttp || !Callers.mayDo(caller, "read") ? refuse("operation") : Effect.succeed(caller))
      const kept = keptFor(all, payload)
      if (kept === undefined) {
        return yield* Effect.fail(mismatch)
      }
      yield* door.listen(caller)
      const listener = yield* Effect.acquireRelease(
        Effect.sync(() => {
          const made = new Listener(kept, (account) =>
            Callers.mayUse(caller, kept.provider, account), listenerBounds)
          listeners.add(made)
          return made
        }),
        (made) => Effect.sync(() => listeners.delete(made))
      )
      return Stream.concat(Stream.make(listening), Stream.repeatEffectChunk(listener.next))
    }))

const hello =
  (all: ReadonlyArray<Kept>, door: Door) =>
  (payload: Pick<Target, "provider" | "realm">, asked: Asked): Effect.Effect<Rpcs.Greeting, Rpcs.Failure> =>
    door.enter(asked, ({ caller, isHttp }) => {
      if (!Callers.mayUseProvider(caller, payload.provider)) return refuse("account")
      const kept = keptFor(all, payload)
      return kept === undefined
        ? Effect.fail(mismatch)
        : Effect.succeed({ ...limits.versions, calls: callsFor(caller, kept, isHttp) })
    })

export const make = Effect.fnUntraced(function*(all: ReadonlyArray<Kept>, door: Door) {
  const { listeners, watch } = yield* makeListeners(all)

  /** One call about one account. */
  const on = <P extends Target, A>(
    call: string,
    answer: (found: Found, payload: P) => Effect.Effect<A, AuthError | Rpcs.Failure>
  ) =>
  (payload: P, asked: Asked): Effect.Effect<A, Rpcs.Failure> =>
    door.enter(asked, (visitor) =>
      Effect.gen(function*() {
        yield* door.may(visitor, operationOf[call] ?? "signIn", payload)
        return yield* answer(yield* found(all, payload), payload)
      }).pipe(
        failing,
        Effect.tapBoth({
          onFailure: () => counts.answered(call, "failed"),
          onSuccess: () => counts.answered(call, "ok")
        })
      ))

  const token = <P extends Target>(
    call: string,
    ask: (auth: AuthService.Any, payload: P) => Effect.Effect<AccessToken, AuthError>
  ) =>
    on(
      call,
      (found, payload: P) => Effect.flatMap(ask(found.auth, payload), (token) => handed(watch, found, payload, token))
    )

  return {
    Hello: hello(all, door),
    AccessToken: token("AccessToken", (auth) => auth.accessToken),
    Renew: token(
      "Renew",
      (auth, payload: typeof Rpcs.Renew.payloadSchema.Type) =>
        auth.renew(rejectedOf(payload), { wasAccepted: payload.wasAccepted })
    ),
    Refresh: token("Refresh", (auth, { known }: typeof Rpcs.Refresh.payloadSchema.Type) => refreshed(auth, known)),
    State: on("State", ({ auth }) => Effect.zipWith(auth.state, Clock.currentTimeMillis, stateOf)),
    SignOut: on("SignOut", ({ auth }, { session }: typeof Rpcs.SignOut.payloadSchema.Type) => signedOut(auth, session)),
    SignIn: on("SignIn", (found, payload: typeof Rpcs.SignIn.payloadSchema.Type) => {
      const attempt = found.kept.signIn?.(payload.account, payload.credentials)
      return attempt === undefined || Option.isNone(attempt)
        ? refuse("operation")
        : Effect.flatMap(attempt.value, (token) => handed(watch, found, payload, token))
    }),
    Events: events(all, door, listeners)
  }
})
