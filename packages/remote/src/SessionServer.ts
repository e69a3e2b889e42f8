/**
 * A keeper: it serves the sessions of one process to others. Clients get access tokens; refresh tokens, credentials and
 * the store stay here. Several keepers may serve the sessions of one store at the same time.
 *
 * ```ts
 * const Keeper = Layer.unwrapEffect(Effect.gen(function*() {
 *   const accounts = yield* PlacewiseSessions
 *   return SessionServer.layer([SessionServer.fromAccounts(accounts)], { callers })
 * })).pipe(Layer.provide(UnixSocket.layerServer("/run/keeper/keeper.sock")))
 * ```
 *
 * @since 0.1.0
 */
import type { AccessToken } from "@effect-auth/core/AccessToken"
import type { AuthMisconfigured, SignInError } from "@effect-auth/core/AuthError"
import type { Accounts } from "@effect-auth/core/AuthHttpClient"
import type * as AuthService from "@effect-auth/core/AuthService"
import type { AuthSessions } from "@effect-auth/core/AuthSessions"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as RpcServer from "@effect/rpc/RpcServer"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Caller } from "./Callers.ts"
import { Door } from "./internal/door.ts"
import * as answers from "./internal/handlers.ts"
import * as limits from "./internal/limits.ts"
import { checked } from "./internal/settings.ts"
import { serialization, SessionRpcs } from "./SessionRpcs.ts"

/**
 * The sessions of one provider, as a keeper serves them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Kept {
  readonly provider: string
  readonly realm: string
  /** The session of an account; `undefined` if this account is not kept here. */
  readonly get: (account: string) => Effect.Effect<AuthService.Any | undefined>
  readonly overview: AuthSessions<unknown>["overview"]
  /** Signs in with encoded credentials. Absent: nobody signs in over the wire. */
  readonly signIn?:
    | ((account: string, credentials: unknown) => Option.Option<Effect.Effect<AccessToken, SignInError>>)
    | undefined
}

/**
 * Serves the sessions of many accounts. `credentials` switches on the sign-in over the wire, for callers that may do it:
 * then credentials travel.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromSessions = <Credentials, Encoded>(
  sessions: AuthSessions<AuthService.AuthService<Credentials>>,
  options?: { readonly credentials?: Schema.Schema<Credentials, Encoded> | undefined }
): Effect.Effect<Kept> =>
  Effect.map(sessions.get(""), ({ provider, realm }): Kept => {
    const { credentials } = options ?? {}
    return {
      provider,
      realm,
      get: sessions.get,
      overview: sessions.overview,
      ...(credentials === undefined ? {} : {
        signIn: (account, encoded) =>
          Option.map(
            Schema.decodeUnknownOption(credentials)(encoded),
            (credentials) => Effect.flatMap(sessions.get(account), (auth) => auth.signIn(credentials))
          )
      })
    }
  })

/**
 * Serves the sessions of a provider's tag, such as `PlacewiseSessions`. The clients stay here.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromAccounts = <Credentials, Encoded>(
  { get, overview, size }: Accounts<AuthService.AuthService<Credentials>>,
  options?: { readonly credentials?: Schema.Schema<Credentials, Encoded> | undefined }
): Effect.Effect<Kept> =>
  fromSessions({ get: (account) => Effect.map(get(account), ({ auth }) => auth), overview, size }, options)

/**
 * Serves one session. Every other account is refused.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromOne = (auth: AuthService.Any): Kept => ({
  provider: auth.provider,
  realm: auth.realm,
  get: (account) => Effect.succeed(account === auth.account ? auth : undefined),
  overview: {
    provider: auth.provider,
    all: Effect.succeed([]),
    one: () => Effect.succeed(undefined),
    listen: Effect.succeed(auth.events)
  }
})

/**
 * How a keeper behaves.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The callers, and what each of them may do. Nobody else is answered. */
  readonly callers: ReadonlyArray<Caller>
  /** How many calls may be under way; more are answered with "busy". Default: 1,024. */
  readonly concurrentCalls?: number | undefined
  /** The same for one caller. Default: 256. */
  readonly concurrentCallsOfOne?: number | undefined
  /** How many clients may listen to events at the same time. Default: 4,096. */
  readonly listeners?: number | undefined
  /** The same for one caller. Default: 1,024. */
  readonly listenersOfOne?: number | undefined
  /** How long closing waits for calls that are under way. Default: 2 seconds. */
  readonly drainPatience?: Duration.DurationInput | undefined
}

/**
 * A keeper, before it is connected with the world. It can serve several protocols: each `serve` is one more.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionServer {
  /** Serves the protocol of the context until the scope closes. Closing waits for the calls that are under way. */
  readonly serve: Effect.Effect<void, never, RpcServer.Protocol | Scope.Scope>
  /** The keeper as an `HttpApp`, for `POST`. Clients that use it hear no events, and ask every ten seconds instead. */
  readonly httpApp: Effect.Effect<HttpApp.Default<never, Scope.Scope>, never, Scope.Scope>
  /**
   * Takes no further calls, and waits for those under way, for `drainPatience` at most. Closing the scope of a `serve` does
   * so by itself. A server of `httpApp` does it before it stops answering: with a finalizer that is added after serving.
   */
  readonly drain: Effect.Effect<void>
  /** How many calls are under way. */
  readonly underWay: Effect.Effect<number>
  /** It takes no further calls, because its scope closes. */
  readonly isClosing: Effect.Effect<boolean>
}

/** Closing: no further calls, then those that are under way. However often it is asked for, there is one deadline. */
const drainOf = (door: Door, patience: number): Effect.Effect<void> => {
  let deadline: number | undefined
  return Effect.flatMap(Clock.currentTimeNanos, (nanos) => {
    const now = Number(nanos) / 1e6
    deadline ??= now + patience
    door.isClosing = true
    return Effect.sleep(10).pipe(
      Effect.repeat({ until: () => door.underWay === 0 }),
      Effect.unless(() => door.underWay === 0),
      // Inside of the timeout: in a fiber that was interrupted, such as one that closes, nothing interruptible runs.
      Effect.interruptible,
      Effect.timeout(Math.max(deadline - now, 0)),
      Effect.ignore
    )
  })
}

const doorOf = (kept: ReadonlyArray<Kept>, options: Options): Effect.Effect<Door, AuthMisconfigured> => {
  const {
    callers,
    concurrentCalls = limits.concurrentCalls,
    concurrentCallsOfOne = limits.concurrentCallsOfOne,
    listeners = limits.listeners,
    listenersOfOne = limits.listenersOfOne
  } = options
  return Effect.as(
    checked(kept, callers, { concurrentCalls, concurrentCallsOfOne, listeners, listenersOfOne }),
    new Door(callers, { calls: concurrentCalls, callsOfOne: concurrentCallsOfOne, listeners, listenersOfOne })
  )
}

/**
 * The answers of a keeper by the name of the call, for a host of your own, such as an entity of `@effect/cluster`. Each
 * takes the payload, and the headers of the call, of which `authorization` says who calls.
 *
 * @since 0.1.0
 * @category constructors
 */
export const handlers = (
  kept: ReadonlyArray<Kept>,
  options: Options
): Effect.Effect<Handlers, AuthMisconfigured, Scope.Scope> =>
  Effect.flatMap(doorOf(kept, options), (door) => answers.make(kept, door))

/**
 * The answers of a keeper.
 *
 * @since 0.1.0
 * @category models
 */
export interface Handlers extends Effect.Effect.Success<ReturnType<typeof answers.make>> {}

/**
 * Makes a keeper. Closing the scope closes it. Fails if the options are invalid, two callers have the same bearer, or
 * two sessions are of the same provider and realm.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function*(
  kept: ReadonlyArray<Kept>,
  options: Options
): Effect.fn.Return<SessionServer, AuthMisconfigured, Scope.Scope> {
  const door = yield* doorOf(kept, options)
  const drain = drainOf(door, Duration.toMillis(options.drainPatience ?? limits.drainPatience))
  const layer = SessionRpcs.toLayer(yield* answers.make(kept, door))
  const closing = Effect.addFinalizer(() => drain)
  const how = { disableFatalDefects: true, disableTracing: true } as const
  const serve = RpcServer.make(SessionRpcs, how).pipe(
    Effect.provide(layer),
    Effect.forkScoped,
    Effect.zipRight(closing)
  )
  const httpApp = Effect.gen(function*() {
    const app = yield* RpcServer.toHttpApp(SessionRpcs, how)
    yield* closing
    return HttpIncomingMessage.withMaxBodySize(app, Option.some(limits.longestMessage))
  }).pipe(Effect.provide(layer), Effect.provide(serialization))
  return {
    serve,
    httpApp,
    drain,
    underWay: Effect.sync(() => door.underWay),
    isClosing: Effect.sync(() => door.isClosing)
  }
})

/**
 * A keeper that serves the protocol of the context. It is a new keeper for each call of this function: use {@link make}
 * to serve several protocols with one.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  kept: ReadonlyArray<Kept>,
  options: Options
): Layer.Layer<never, AuthMisconfigured, RpcServer.Protocol> =>
  Layer.scopedDiscard(Effect.flatMap(make(kept, options), ({ serve }) => serve))
