/** Real sockets: ten thousand rejections leave nothing open, whatever the body. */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { scriptedAuth } from "./scriptedAuth.ts"

/** A server on loopback, and how many sockets it has open. */
const serve = (listener: RequestListener) =>
  Effect.acquireRelease(
    Effect.async<{ readonly url: string; readonly sockets: Effect.Effect<number>; readonly close: () => void }>(
      (resume) => {
        const server = createServer({ keepAliveTimeout: 60_000 }, listener)
        server.listen(0, "127.0.0.1", () => {
          const { port } = server.address() as AddressInfo
          resume(Effect.succeed({
            url: `http://127.0.0.1:${port}`,
            sockets: Effect.async<number>((resume) => {
              server.getConnections((_, count) => resume(Effect.succeed(count)))
            }),
            close: () => {
              server.closeAllConnections()
              server.close()
            }
          }))
        })
      }
    ),
    ({ close }) => Effect.sync(close)
  )

const clients: Record<string, Layer.Layer<HttpClient.HttpClient>> = {
  "fetch": FetchHttpClient.layer,
  "undici": NodeHttpClient.layerUndici,
  "node:http": NodeHttpClient.layer
}

const bodies: Record<string, RequestListener> = {
  "no body": (_, response) => response.end(),
  "a short body": (_, response) => response.end("the token is dead"),
  "a body of 64 kB in chunks": (_, response) => {
    response.write(Buffer.alloc(32_000, "x"))
    response.end(Buffer.alloc(32_000, "x"))
  },
  "a body of 1 MB": (_, response) => response.end(Buffer.alloc(1_000_000, "x"))
}

/** As many in flight as an application has, with a renewal that needs a connection of the same pool. */
const inFlight = 64

const rejections = (body: string) => body === "a short body" ? 10_000 : body === "a body of 1 MB" ? 100 : 600

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

const heap = Effect.gen(function*() {
  for (let i = 0; i < 3; i++) {
    collect()
    yield* Effect.sleep("50 millis")
  }
  return process.memoryUsage().heapUsed
})

describe("rejections over real sockets", () => {
  for (const [clientName, layer] of Object.entries(clients)) {
    for (const [bodyName, body] of Object.entries(bodies)) {
      it.scopedLive(`${clientName}, ${bodyName}: no socket stays busy`, () =>
        Effect.gen(function*() {
          let rejected = 0
          const server = yield* serve((request, response) => {
            request.resume()
            if (request.url === "/renew") return response.end("renewed")
            rejected++
            response.statusCode = 460
            body(request, response)
          })
          const http = yield* HttpClient.HttpClient
          const { auth } = scriptedAuth({
            origins: [server.url],
            renew: Effect.asVoid(Effect.orDie(Effect.flatMap(http.get(`${server.url}/renew`), (answer) => answer.text)))
          })
          const client = AuthHttpClient.withAuth(http, auth)
          const refused = Effect.flip(client.get(`${server.url}/x`))
          const many = (count: number) =>
            Effect.forEach(Array.from({ length: count }), () => refused, { concurrency: inFlight })
          yield* many(100)
          const before = yield* heap
          const errors = yield* many(rejections(bodyName) / 2)
          assert.isTrue(errors.every((error) => error._tag === "AccessTokenRejected"))
          assert.strictEqual(rejected, rejections(bodyName) + 200)
          yield* Effect.sleep("300 millis")
          // undici may open a second one while it takes the first back, with any client above it.
          assert.isAtMost(yield* server.sockets, 2 * inFlight)
          errors.length = 0
          assert.isBelow((yield* heap) - before, 5_000_000)
          yield* Effect.timeout(http.get(`${server.url}/renew`), "2 seconds")
        }).pipe(Effect.provide(layer), Effect.timeout("100 seconds")))
    }
  }

  it.scopedLive("a body that never ends, on a pool as small as one connection, does not hang", () =>
    Effect.gen(function*() {
      const server = yield* serve((request, response) => {
        if (request.url === "/renew") return response.end("renewed")
        if (request.headers.authorization?.endsWith("1") !== true) return response.end("fine")
        response.statusCode = 460
        response.write("it goes on")
      })
      const http = yield* HttpClient.HttpClient
      const { auth } = scriptedAuth({
        origins: [server.url],
        renew: Effect.asVoid(Effect.orDie(Effect.flatMap(http.get(`${server.url}/renew`), (answer) => answer.text)))
      })
      const started = process.hrtime.bigint()
      const response = yield* AuthHttpClient.withAuth(http, auth).get(`${server.url}/x`)
      assert.strictEqual(yield* response.text, "fine")
      assert.isBelow(Number(process.hrtime.bigint() - started) / 1e6, 3_000)
    }).pipe(
      Effect.provide(NodeHttpClient.layerWithoutAgent),
      Effect.provide(NodeHttpClient.makeAgentLayer({ keepAlive: true, maxSockets: 1 })),
      Effect.timeout("10 seconds")
    ))
})
