/**
 * The sessions of a provider that a keeper in another process keeps: the same interface as `AuthSessions`. A program that
 * moves its sessions out changes one layer.
 *
 * A token that is fresh is served from this process, at once. When no keeper answers, a live token is served until its
 * end.
 *
 * ```ts
 * const Sessions = RemoteSessions.layer(
 *   { auth: PlacewiseAuth, client: PlacewiseClient, sessions: PlacewiseSessions },
 *   Placewise.provider({ host }),
 *   { endpoints: [UnixSocket.endpoint("/run/keeper/keeper.sock", bearer)] }
 * )
 * ```
 *
 * @since 0.1.0
 */
import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import type { AuthProvider, Extended } from "@effect-auth/core/AuthProvider"
import type * as AuthService from "@effect-auth/core/AuthService"
import type { AuthSessions } from "@effect-auth/core/AuthSessions"
import type { SessionEvent } from "@effect-auth/core/SessionEvent"
import type { HttpClient } from "@effect/platform/HttpClient"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Endpoint } from "./Endpoint.ts"
import { Hearing } from "./internal/hearing.ts"
import * as limits from "./internal/limits.ts"
import { Links } from "./internal/links.ts"
import { Remote } from "./internal/remote.ts"
import { serviceOf } from "./internal/service.ts"
import { misconfigured } from "./internal/settings.ts"
import { summaryOf } from "./internal/views.ts"

/**
 * How remote sessions behave.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<Credentials> {
  /** The keepers. A client begins at any of them, and goes to the next one when one fails. */
  readonly endpoints: ReadonlyArray<Endpoint>
  /**
   * Encodes credentials, with `Schema.encode` of the keeper's schema: they travel to the keeper, if it allows that.
   * Default: `signIn` fails with `AuthMisconfigured`, and nothing is sent.
   */
  readonly credentials?: ((credentials: Credentials) => Effect.Effect<unknown, unknown>) | undefined
  /**
   * Whether to hear what changes at the keeper, on one connection that stays open. Default: true. Without it, and over
   * HTTP, a token is served for ten seconds at most before the keeper is asked again.
   */
  readonly events?: boolean | undefined
}

/**
 * Makes the sessions of a provider that keepers keep. The provider says where tokens may be sent and what a rejection is;
 * it makes no token call. Closing the scope closes the connections. Fails without endpoints.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: {
  /**
   * Makes the sessions of a provider, with the provider's additional members.
   *
   * @since 0.1.0
   * @category constructors
   */
  <Credentials, Service>(
    provider: Extended<Credentials, Service>,
    options: Options<Credentials>
  ): Effect.Effect<AuthSessions<Service>, AuthMisconfigured, Scope.Scope>
  /**
   * Makes the sessions of a provider.
   *
   * @since 0.1.0
   * @category constructors
   */
  <Credentials>(
    provider: AuthProvider<Credentials>,
    options: Options<Credentials>
  ): Effect.Effect<AuthSessions<AuthService.AuthService<Credentials>>, AuthMisconfigured, Scope.Scope>
} = <Credentials>(
  provider: AuthProvider<Credentials> | Extended<Credentials, AuthService.AuthService<Credentials>>,
  options: Options<Credentials>
) =>
  Effect.gen(function*() {
    const wanted = { provider: provider.name, realm: provider.realm }
    if (options.endpoints.length === 0) return yield* misconfigured("connect", "endpoints: name one keeper or more")
    const scope = yield* Effect.scope
    const links = new Links(options.endpoints, wanted, scope)
    yield* links.shuffle
    const remote = new Remote(wanted, links, scope)
    const hub = yield* Effect.acquireRelease(PubSub.sliding<SessionEvent>(limits.ownEventBuffer), PubSub.shutdown)
    const hearing = new Hearing(links, wanted, hub, (account) => remote.outdate(account))
    remote.hearing = hearing
    // A layer may be made where nothing is interrupted; these end with the scope all the same.
    if (options.events !== false) yield* Effect.forkScoped(Effect.interruptible(hearing.run))
    const sweeping = Effect.forever(Effect.zipRight(Effect.sleep(limits.sweepEach), remote.sweep))
    yield* Effect.forkScoped(Effect.interruptible(sweeping))
    const sessions: AuthSessions<AuthService.AuthService<Credentials>> = {
      get: (account) => Effect.sync(() => serviceOf(remote, provider, account, options.credentials)),
      size: Effect.sync(() => remote.size),
      overview: {
        provider: provider.name,
        all: Effect.clockWith((clock) =>
          Effect.sync(() =>
            Array.from(remote.entries()).flatMap(([account, held]) => summaryOf(account, held, clock) ?? [])
          )
        ),
        one: (account) =>
          Effect.clockWith((clock) =>
            Effect.sync(() => {
              const held = remote.find({ account, resource: undefined })
              return held === undefined ? undefined : summaryOf(account, held, clock)
            })
          ),
        listen: Effect.map(PubSub.subscribe(hub), (queue) => Stream.fromQueue(queue))
      }
    }
    return sessions
  })

/**
 * Provides the three tags of a provider from a keeper, in place of the provider's own layers. `account`: the account of
 * the session and of the client (default: `"default"`).
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <A, C, S, Credentials, Service extends AuthService.Any, E, R>(
  tags: {
    readonly auth: Context.Tag<A, Service>
    readonly client: Context.Tag<C, AuthHttpClient.Client>
    readonly sessions: Context.Tag<S, AuthHttpClient.Accounts<Service>>
  },
  provider: Effect.Effect<Extended<Credentials, Service>, E, R>,
  options: Options<Credentials> & {
    readonly account?: string | undefined
    readonly client?: AuthHttpClient.ClientOptions | undefined
  }
): Layer.Layer<A | C | S, E | AuthMisconfigured, Exclude<R, Scope.Scope> | HttpClient> => {
  const one = (account: string) => Effect.flatMap(tags.sessions, ({ get }) => get(account))
  const sessions = Layer.scoped(
    tags.sessions,
    Effect.flatMap(
      Effect.flatMap(provider, (made) => make(made, options)),
      (sessions) => AuthHttpClient.fromSessions(sessions, options.client)
    )
  )
  const account = options.account ?? "default"
  return Layer.mergeAll(
    Layer.effect(tags.auth, Effect.map(one(account), ({ auth }) => auth)),
    Layer.effect(tags.client, Effect.map(one(account), ({ client }) => client))
  ).pipe(Layer.provideMerge(sessions))
}
