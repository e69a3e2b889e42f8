/**
 * Puts the token of a session on calls of `effect/rpc`. This module does not import that one; the types are compatible.
 *
 * Over HTTP, give the protocol a client that carries the token. On a rejection it renews the session:
 *
 * ```ts
 * const protocol = RpcClient.layerProtocolHttp({ url: "/rpc" }).pipe(
 *   Layer.provide(AuthHttpClient.layerHttpClient(PlacewiseAuth))
 * )
 * ```
 *
 * Over a socket, or when the group has its own middleware for a token, put the token on each message:
 *
 * ```ts
 * const withToken = RpcMiddleware.layerClient(MyAuth, AuthRpc.bearer(auth))
 * ```
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as Redacted from "effect/Redacted"
import type { Any } from "./AuthService.ts"

/**
 * A client middleware (`RpcMiddlewareClient`) that puts the token of a session on each message, as `authorization`.
 *
 * Without a token the message is sent unchanged, and the server refuses it. The middleware does not see the destination
 * of a message: use it only with a protocol that is connected to the provider.
 *
 * @since 0.1.0
 * @category combinators
 */
export const bearer = (auth: Any) =>
<Request extends { readonly headers: Headers.Headers }, A, E, R>(
  options: { readonly request: Request; readonly next: (request: Request) => Effect.Effect<A, E, R> }
): Effect.Effect<A, E, R> =>
  Effect.flatMap(
    Effect.match(auth.accessToken, {
      onFailure: () => options.request,
      onSuccess: ({ value }) => ({
        ...options.request,
        headers: Headers.set(options.request.headers, "authorization", `Bearer ${Redacted.value(value)}`)
      })
    }),
    options.next
  )
