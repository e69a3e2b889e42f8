/**
 * Fakes of a provider's session, client and sessions, without a provider, a store, a server or time.
 *
 * @since 0.1.0
 */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import type * as AuthService from "@effect-auth/core/AuthService"
import * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientRequest } from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as FakeAuth from "./FakeAuth.ts"

/**
 * The answers of the fakes. Everything has a default.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<Service> {
  /** The session of an account. Default: `FakeAuth.fixed("a token")`. */
  readonly auth?: ((account: string) => AuthService.AuthService<unknown>) | undefined
  /** The additional members of this provider's sessions. */
  readonly members?: Partial<Omit<Service, keyof AuthService.Any>> | undefined
  /** The answer of the API. Default: status 200 with `{}`. */
  readonly answer?: ((request: HttpClientRequest) => Response) | undefined
}

/**
 * Provides fakes for the three tags of a provider. `extend` returns the defaults of the additional members.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <A, C, S, Service extends AuthService.Any>(
  tags: {
    readonly auth: Context.Tag<A, Service>
    readonly client: Context.Tag<C, AuthHttpClient.Client>
    readonly sessions: Context.Tag<S, AuthHttpClient.Accounts<Service>>
  },
  extend: (auth: AuthService.AuthService<unknown>) => Service,
  options?: Options<Service>
): Layer.Layer<A | C | S> => {
  const answer = options?.answer ?? (() => Response.json({}))
  const server = HttpClient.make((request) => Effect.sync(() => HttpClientResponse.fromWeb(request, answer(request))))
  const session = (account: string): Service => ({
    ...extend(options?.auth?.(account) ?? FakeAuth.fixed("a token", { account, api: { baseUrl: "https://api.test" } })),
    ...options?.members
  })
  const get = (account: string) =>
    Effect.sync(() => session(account)).pipe(
      Effect.flatMap((auth) => Effect.map(AuthHttpClient.fromSession(auth), (client) => ({ auth, client }))),
      Effect.provideService(HttpClient.HttpClient, server)
    )
  return Layer.mergeAll(
    Layer.effect(tags.auth, Effect.map(get("default"), ({ auth }) => auth)),
    Layer.effect(tags.client, Effect.map(get("default"), ({ client }) => client)),
    // A fake holds no session in memory: each `get` makes a new one.
    Layer.succeed(tags.sessions, {
      get,
      size: Effect.succeed(0),
      overview: {
        provider: "fake",
        all: Effect.succeed([]),
        one: () => Effect.succeed(undefined),
        listen: Effect.succeed(Stream.never)
      }
    })
  )
}
