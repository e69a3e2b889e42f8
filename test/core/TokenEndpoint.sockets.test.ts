import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Http from "node:http"
import type * as Net from "node:net"
import { gzipSync } from "node:zlib"

type Handler = (request: Http.IncomingMessage, response: Http.ServerResponse) => void

/**
 * A server on a free loopback port, and the open sockets on which it was asked something. (Node's own `fetch` opens another one
 * in advance when it closes one.)
 */
const serve = (handler: Handler) =>
  Effect.acquireRelease(
    Effect.async<{ readonly url: string; readonly open: Set<Net.Socket>; readonly server: Http.Server }>((resume) => {
      const open = new Set<Net.Socket>()
      const server = Http.createServer(handler)
      server.on("connection", (socket) => socket.on("error", () => {}))
      server.on("request", ({ socket }: Http.IncomingMessage) => {
        open.add(socket)
        socket.on("close", () => open.delete(socket))
      })
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as Net.AddressInfo
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}/token`, open, server }))
      })
    }),
    ({ server }) =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )

const ask = (url: string): Effect.Effect<unknown, ExchangeFailure, HttpClient.HttpClient> =>
  Effect.gen(function*() {
    const client = TokenEndpoint.client(yield* HttpClient.HttpClient, {
      classify: (answer) => TokenEndpoint.common(answer) ?? TokenEndpoint.oauth(answer)
    })
    const response = yield* client.execute(
      HttpClientRequest.post(url).pipe(HttpClientRequest.bodyUnsafeJson({ refresh_token: "s3cret" }))
    )
    return yield* Effect.orDie(response.json)
  })

const clients: ReadonlyArray<readonly [string, Layer.Layer<HttpClient.HttpClient>]> = [
  ["fetch", FetchHttpClient.layer],
  ["node:http", NodeHttpClient.layer],
  ["undici", NodeHttpClient.layerUndici]
]

for (const [name, layer] of clients) {
  describe(name, () => {
    it.scopedLive("a refused connection was never sent", () =>
      Effect.gen(function*() {
        const { server, url } = yield* serve(() => {})
        yield* Effect.async<void>((resume) => {
          server.close(() => resume(Effect.void))
        })
        expect(yield* Effect.flip(ask(url))).toMatchObject({ kind: "transient", sent: "no", reason: "transport" })
      }).pipe(Effect.provide(layer)))

    it.scopedLive("a name that does not resolve was never sent", () =>
      Effect.gen(function*() {
        expect(yield* Effect.flip(ask("https://nowhere.invalid/token"))).toMatchObject({
          kind: "transient",
          sent: "no",
          reason: "transport"
        })
      }).pipe(Effect.provide(layer)))

    it.scopedLive("a reset before the answer leaves the outcome unknown", () =>
      Effect.gen(function*() {
        const { url } = yield* serve((request) => {
          request.resume().on("end", () => request.socket.destroy())
        })
        expect(yield* Effect.flip(ask(url))).toMatchObject({ kind: "transient", sent: "unknown", reason: "transport" })
      }).pipe(Effect.provide(layer)))

    it.scopedLive("a reset inside a success leaves the outcome unknown", () =>
      Effect.gen(function*() {
        const { url } = yield* serve((request, response) => {
          response.writeHead(200, { "content-type": "application/json", "content-length": "100" })
          response.write("{\"access_token\":")
          setTimeout(() => request.socket.destroy(), 30)
        })
        expect(yield* Effect.flip(ask(url))).toMatchObject({ kind: "transient", sent: "unknown", status: 200 })
      }).pipe(Effect.provide(layer)))

    it.scopedLive("a reset inside a 503 is a 503", () =>
      Effect.gen(function*() {
        const { url } = yield* serve((request, response) => {
          response.writeHead(503, { "content-length": "100", "retry-after": "3" })
          response.write("<html>")
          setTimeout(() => request.socket.destroy(), 30)
        })
        expect(yield* Effect.flip(ask(url))).toMatchObject({ status: 503, sent: "answered", reason: "server" })
      }).pipe(Effect.provide(layer)))

    it.scopedLive("2 MiB are not read to their end, and the connection is closed", () =>
      Effect.gen(function*() {
        const { open, url } = yield* serve((_request, response) => {
          response.writeHead(200, { "content-type": "application/json" })
          // A server that never stops: only the client can end this.
          const more = () => {
            while (!response.destroyed && response.write(" ".repeat(64 * 1024)));
          }
          response.on("drain", more)
          more()
        })
        expect(yield* Effect.flip(ask(url))).toMatchObject({ sent: "unknown", reason: "malformed" })
        yield* Effect.sleep("100 millis")
        expect(open.size).toBe(0)
      }).pipe(Effect.provide(layer)))

    it.scopedLive("a body that never ends is left by an interruption, and the connection is closed", () =>
      Effect.gen(function*() {
        const { open, url } = yield* serve((_request, response) => {
          response.writeHead(200, { "content-type": "application/json" })
          response.write("{")
        })
        const outcome = yield* Effect.timeoutOption(ask(url), "200 millis")
        expect(outcome._tag).toBe("None")
        yield* Effect.sleep("100 millis")
        expect(open.size).toBe(0)
      }).pipe(Effect.provide(layer)))

    it.scopedLive("a server that may compress its answer is asked not to", () =>
      Effect.gen(function*() {
        const { url } = yield* serve((request, response) => {
          request.resume()
          const json = JSON.stringify({ access_token: "a" })
          if (request.headers["accept-encoding"] === "identity") return response.end(json)
          response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(json))
        })
        expect(yield* ask(url)).toEqual({ access_token: "a" })
      }).pipe(Effect.provide(layer)))

    it.scopedLive("a redirect is not followed", () =>
      Effect.gen(function*() {
        let hits = 0
        const { url } = yield* serve((request, response) => {
          hits++
          request.resume()
          response.writeHead(307, { location: "/elsewhere" }).end()
        })
        expect(yield* Effect.flip(ask(url))).toMatchObject({
          kind: "config",
          sent: "answered",
          reason: "url",
          status: 307
        })
        expect(hits).toBe(1)
      }).pipe(Effect.provide(layer)))

    it.scopedLive("twenty answers of each kind leave no connection busy", () =>
      Effect.gen(function*() {
        let count = 0
        const { url, open } = yield* serve((request, response) => {
          request.resume()
          const status = [200, 400, 500, 301][count++ % 4]!
          response.writeHead(status, { "content-type": "application/json" }).end(
            JSON.stringify({ a: "x".repeat(9000) })
          )
        })
        for (let i = 0; i < 80; i++) yield* Effect.either(ask(url))
        expect(count).toBe(80)
        expect(open.size).toBeLessThan(4)
      }).pipe(Effect.provide(layer)))
  })
}
