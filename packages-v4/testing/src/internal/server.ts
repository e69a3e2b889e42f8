/**
 * A sandbox as an app for the platform's servers. Faults break the real connections.
 */
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Stream from "effect/Stream"
import * as Faults from "../Faults.ts"
import type { Received } from "../Sandbox.ts"
import * as socket from "./socket.ts"

/** Breaks the connection of the request and ends its fiber. */
const breakOff = (
  request: HttpServerRequest.HttpServerRequest
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.suspend(() => {
    const connection = socket.of(request)
    if (connection === undefined) {
      return Effect.succeed(HttpServerResponse.stream(Stream.fail(new Faults.ConnectionLost({ how: "reset" }))))
    }
    connection.resetAndDestroy()
    return Effect.interrupt
  })

/** Breaks the connection after half of the body has reached the client. */
const breakBody = (
  request: HttpServerRequest.HttpServerRequest,
  response: HttpServerResponse.HttpServerResponse
): HttpServerResponse.HttpServerResponse => {
  const connection = socket.of(request)
  const body = response.body
  if (body._tag !== "Stream" || connection === undefined) return response
  return HttpServerResponse.stream(
    Stream.tapError(body.stream, () => Effect.sync(() => connection.destroySoon())),
    {
      status: response.status,
      headers: response.headers,
      contentType: body.contentType,
      contentLength: body.contentLength
    }
  )
}

export const make = (
  answer: (received: Received) => Faults.Handle
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
    request.text.pipe(
      Effect.orElseSucceed(() => ""),
      Effect.flatMap((body) => answer({ method: request.method, url: request.url, headers: request.headers, body })),
      Effect.map((response) => breakBody(request, response)),
      Effect.catchTag("ConnectionLost", () => breakOff(request)),
      // Servers run a request uninterruptibly. A client that disconnects must end a delay, as in memory.
      Effect.interruptible
    ))

export const baseUrl = (hostname: string, port: number): string =>
  `http://${hostname === "0.0.0.0" || hostname === "::" ? "127.0.0.1" : hostname}:${port}`

/** Records the server of each request, so that its connections can be closed. */
export const remembering = (
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest>,
  servers: Set<socket.Server>
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
    const server = socket.serverOf(request)
    if (server !== undefined) servers.add(server)
    return app
  })

/**
 * A closing server waits for its connections, also for those of a fault that hangs and for unused ones. So this stops
 * listening and closes all connections at once.
 */
export const close = (server: socket.Server): void => {
  server.close()
  server.closeAllConnections()
}
