/**
 * Where a keeper is, and the bearer that this program shows it. A client takes several endpoints and goes from one to the
 * next when one fails.
 *
 * @since 0.1.0
 */
import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import * as BaseUrl from "@effect-auth/core/BaseUrl"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Socket from "@effect/platform/Socket"
import * as RpcClient from "@effect/rpc/RpcClient"
import * as RpcClientError from "@effect/rpc/RpcClientError"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { misconfigured } from "./internal/settings.ts"
import { serialization } from "./SessionRpcs.ts"

/**
 * A bearer, or an Effect that reads it: it runs for each connection, so a bearer in a file can be replaced.
 *
 * @since 0.1.0
 * @category models
 */
export type Bearer = Redacted.Redacted<string> | Effect.Effect<Redacted.Redacted<string>, unknown>

/**
 * An open connection: its protocol, and the headers that each message carries.
 *
 * @since 0.1.0
 * @category models
 */
export interface Opened {
  readonly protocol: RpcClient.Protocol["Type"]
  readonly headers: Readonly<Record<string, string>>
}

/**
 * One keeper.
 *
 * @since 0.1.0
 * @category models
 */
export interface Endpoint {
  /** Its name in logs: an address without secrets. */
  readonly name: string
  readonly bearer: Bearer
  /** Opens a connection that shows this header. It lives as long as the scope. */
  readonly connect: (authorization: string) => Effect.Effect<Opened, unknown, Scope.Scope>
}

/**
 * A keeper behind a socket: `UnixSocket.endpoint` makes one for Node. The socket is opened once for each connection.
 *
 * @since 0.1.0
 * @category constructors
 */
export const socket = (
  name: string,
  bearer: Bearer,
  open: Effect.Effect<Socket.Socket, unknown, Scope.Scope>
): Endpoint => ({
  name,
  bearer,
  connect: (authorization) =>
    Effect.flatMap(open, (socket) =>
      // The client connects again by itself, at another endpoint too.
      RpcClient.makeProtocolSocket({ retrySchedule: Schedule.recurs(0) }).pipe(
        Effect.map((protocol) => ({ protocol, headers: { authorization } })),
        Effect.provideService(Socket.Socket, socket),
        Effect.provide(serialization)
      ))
})

/** Answers that end without a result would leave their caller waiting. */
const complete = (protocol: RpcClient.Protocol["Type"]): RpcClient.Protocol["Type"] => {
  const waiting = new Set<string>()
  return {
    ...protocol,
    run: (f) =>
      protocol.run((message) => {
        if (message._tag === "Exit") waiting.delete(message.requestId)
        return f(message)
      }),
    send: (message, transferables) => {
      const sent = protocol.send(message, transferables)
      if (message._tag !== "Request") return sent
      waiting.add(message.id)
      return Effect.ensuring(
        Effect.flatMap(sent, () =>
          waiting.has(message.id)
            ? Effect.fail(
              new RpcClientError.RpcClientError({ reason: "Protocol", message: "the answer has no result" })
            )
            : Effect.void),
        Effect.sync(() => waiting.delete(message.id))
      )
    }
  }
}

/**
 * A keeper over HTTP: `https`, or `http` on this machine only. It asks with the `HttpClient` of the context, which may
 * show a client certificate. Over HTTP a client hears no events. Fails at once if the URL is another one, or has a user
 * name, a query or a fragment.
 *
 * @since 0.1.0
 * @category constructors
 */
export const http = (
  url: string,
  bearer: Bearer
): Effect.Effect<Endpoint, AuthMisconfigured, HttpClient.HttpClient> =>
  Effect.flatMap(HttpClient.HttpClient, (httpClient) => {
    const base = BaseUrl.parse(url)
    return base?.isSecure === true
      ? Effect.succeed(overHttp(url, base.href, bearer, httpClient))
      : Effect.fail(misconfigured(
        "connect",
        "the URL of a keeper is https, or http on this machine, without user name, query and fragment"
      ))
  })

const overHttp = (url: string, name: string, bearer: Bearer, httpClient: HttpClient.HttpClient): Endpoint => ({
  name,
  bearer,
  connect: (authorization) =>
    Effect.gen(function*() {
      const protocol = yield* RpcClient.makeProtocolHttp(
        httpClient.pipe(
          HttpClient.filterStatusOk,
          HttpClient.mapRequest(HttpClientRequest.prependUrl(url)),
          HttpClient.mapRequest(HttpClientRequest.setHeader("authorization", authorization)),
          HttpClient.withTracerDisabledWhen(() => true)
        )
      )
      return { protocol: complete(protocol), headers: {} }
    }).pipe(Effect.provide(serialization))
})
