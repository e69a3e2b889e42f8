/** Over the three clients of the platform and real sockets: what a server gets, byte for byte, and what it never gets. */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as Redaction from "@effect-auth/testing/Redaction"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { inspect } from "node:util"
import { bearerOf, scriptedAuth, secretOf } from "./scriptedAuth.ts"

interface Got {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly authorization: string | undefined
  readonly type: string | undefined
  readonly body: Buffer
}

/** A server on loopback, and what it got; it refuses the first token. */
const serve = (answer?: (request: IncomingMessage, response: ServerResponse) => void) =>
  Effect.acquireRelease(
    Effect.async<{ readonly url: string; readonly got: Array<Got>; readonly close: () => void }>((resume) => {
      const got: Array<Got> = []
      const server = createServer((request, response) => {
        const chunks: Array<Buffer> = []
        request.on("error", () => {})
        request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
          const { authorization, "content-type": type } = request.headers
          got.push({ method: request.method, path: request.url, authorization, type, body: Buffer.concat(chunks) })
          if (answer !== undefined) return answer(request, response)
          response.writeHead(authorization === bearerOf(1) ? 460 : 200, { "content-type": "text/plain" }).end("said")
        })
      })
      server.listen(0, "127.0.0.1", () =>
        resume(Effect.succeed({
          url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
          got,
          close: () => {
            server.closeAllConnections()
            server.close()
          }
        })))
    }),
    ({ close }) => Effect.sync(close)
  )

const clients: Readonly<Record<string, Layer.Layer<HttpClient.HttpClient>>> = {
  "fetch": FetchHttpClient.layer,
  "undici": NodeHttpClient.layerUndici,
  "node:http": NodeHttpClient.layer
}

const text = "ключ \u0000 \r\n & = + 👍"
const bytes = new Uint8Array(100_000).map((_, index) => index * 7)

const form = new FormData()
form.set("field", text)
form.set("file", new Blob([bytes]), "file.bin")

const raw = (body: unknown) => HttpClientRequest.setBody(HttpBody.raw(body, { contentType: "x/raw" }))

const repeatable: Readonly<
  Record<string, (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest>
> = {
  "nothing": (request) => request,
  "text": HttpClientRequest.bodyText(text),
  "JSON": HttpClientRequest.bodyUnsafeJson({ text }),
  "bytes": HttpClientRequest.bodyUint8Array(bytes),
  "a form": HttpClientRequest.bodyUrlParams({ text, empty: "" }),
  "form data": HttpClientRequest.bodyFormData(form),
  "a raw string": raw(text),
  "raw bytes": raw(bytes),
  "a part of a buffer": raw(new Uint8Array(bytes.buffer, 10, 20))
}

/** What only `fetch` can send. */
const ofFetch: typeof repeatable = {
  "a buffer": raw(bytes.buffer),
  "a Blob": raw(new Blob([bytes, text])),
  "URLSearchParams": raw(new URLSearchParams({ text }))
}

/** The parts of form data stand between boundaries that are new for each send. */
const withoutBoundary = ({ body, type }: Got): string => {
  const boundary = type?.split("boundary=")[1]
  return boundary === undefined ? body.toString("latin1") : body.toString("latin1").replaceAll(boundary, "boundary")
}

for (const [name, layer] of Object.entries(clients)) {
  describe(name, () => {
    const scoped = (what: string, test: Effect.Effect<void, unknown, HttpClient.HttpClient>) =>
      it.live(what, () => test.pipe(Effect.provide(layer), Effect.timeout("20 seconds")))

    const bodies = { ...repeatable, ...(name === "fetch" ? ofFetch : {}) }
    // The undici client refuses the FormData of Node 20 at the first send already.
    for (const [what, put] of Object.entries(bodies).filter(([what]) => name !== "undici" || what !== "form data")) {
      scoped(
        `sends ${what} twice, byte for byte (G50)`,
        Effect.scoped(Effect.gen(function*() {
          const { got, url } = yield* serve()
          const { auth } = scriptedAuth({ origins: [url] })
          const client = AuthHttpClient.withAuth(yield* HttpClient.HttpClient, auth)
          const plain = yield* HttpClient.HttpClient
          const request = put(HttpClientRequest.post(`${url}/x`))
          yield* plain.execute(request)
          const response = yield* client.execute(request)
          assert.strictEqual(response.status, 200)
          assert.strictEqual(yield* response.text, "said")
          assert.deepStrictEqual(got.map((one) => one.authorization), [undefined, bearerOf(1), bearerOf(2)])
          const [without, first, second] = got
          assert.strictEqual(withoutBoundary(first!), withoutBoundary(without!))
          assert.strictEqual(withoutBoundary(second!), withoutBoundary(without!))
          assert.strictEqual(second!.type?.split(";")[0], without!.type?.split(";")[0])
          assert.strictEqual(without!.body.length === 0, what === "nothing")
        }))
      )
    }

    scoped(
      "sends a stream once, refreshes, and the next one arrives",
      Effect.scoped(Effect.gen(function*() {
        const { got, url } = yield* serve()
        const { auth, seen } = scriptedAuth({ origins: [url] })
        const client = AuthHttpClient.withAuth(yield* HttpClient.HttpClient, auth, { replay: "always" })
        const request = Effect.sync(() => {
          let isOver = false
          const once = Stream.suspend(() => {
            if (isOver) return Stream.die("read twice")
            isOver = true
            return Stream.succeed(bytes)
          })
          return HttpClientRequest.bodyStream(HttpClientRequest.post(`${url}/x`), once)
        })
        const error = yield* Effect.flip(Effect.flatMap(request, client.execute))
        assert.deepInclude(error, { _tag: "AccessTokenRejected", reason: "body" })
        assert.strictEqual((yield* Effect.flatMap(request, client.execute)).status, 200)
        assert.strictEqual(seen.exchanges, 1)
        assert.deepStrictEqual(got.map(({ body }) => body.equals(bytes)), [true, true])
      }))
    )

    for (const method of ["HEAD", "OPTIONS", "DELETE"] as const) {
      scoped(
        `replays ${method}`,
        Effect.scoped(Effect.gen(function*() {
          const { got, url } = yield* serve()
          const client = AuthHttpClient.withAuth(yield* HttpClient.HttpClient, scriptedAuth({ origins: [url] }).auth)
          assert.strictEqual((yield* client.execute(HttpClientRequest.make(method)(`${url}/x`))).status, 200)
          assert.deepStrictEqual(got.map((one) => one.method), [method, method])
        }))
      )
    }

    scoped(
      "interrupted while the renewal runs, sends nothing more",
      Effect.scoped(Effect.gen(function*() {
        const { got, url } = yield* serve()
        const { auth } = scriptedAuth({ origins: [url], renew: Effect.never })
        const client = AuthHttpClient.withAuth(yield* HttpClient.HttpClient, auth)
        const fiber = yield* Effect.fork(client.get(`${url}/x`))
        yield* Effect.repeat(Effect.sleep("5 millis"), { until: () => got.length === 1 })
        yield* Effect.sleep("20 millis")
        yield* Fiber.interrupt(fiber)
        yield* Effect.sleep("50 millis")
        assert.strictEqual(got.length, 1)
      }))
    )

    for (const status of [301, 302, 303, 307, 308]) {
      scoped(
        `takes no token to another port: ${status} (G39)`,
        Effect.scoped(Effect.gen(function*() {
          const other = yield* serve((_, response) => response.end("other"))
          const there = yield* serve((_, response) => response.writeHead(status, { location: `${other.url}/x` }).end())
          const http = yield* HttpClient.HttpClient
          const auth = AuthHttpClient.withAuth(scriptedAuth({ origins: [there.url] }).auth, { redirects: 3 })
          for (
            const client of [auth(http), TokenEndpoint.hardened(auth(http)), HttpClient.followRedirects(auth(http))]
          ) {
            yield* Effect.either(client.post(`${there.url}/x`))
          }
          assert.deepStrictEqual(
            there.got.map((one) => one.authorization),
            Array.from({ length: 3 }, () => bearerOf(1))
          )
          assert.isTrue(other.got.every(({ authorization }) => authorization === undefined))
          // `fetch` goes there by itself, without the token; where it is told not to, and elsewhere, nobody does.
          assert.strictEqual(other.got.length, name === "fetch" ? 2 : 0)
        }))
      )
    }

    scoped(
      "an error keeps the cause that says why, and no token",
      Effect.gen(function*() {
        const { url } = yield* Effect.scoped(serve())
        const { auth } = scriptedAuth({ origins: [url] })
        const client = AuthHttpClient.withAuth(yield* HttpClient.HttpClient, auth)
        const refused = yield* Effect.flip(client.get(`${url}/x?q=query-of-the-caller-42`))
        assert.isTrue(HttpClientError.isHttpClientError(refused))
        assert.include(inspect(refused, { depth: 9 }), "ECONNREFUSED")
        yield* Effect.scoped(Effect.gen(function*() {
          const { url } = yield* serve((request) => request.socket.destroy())
          const { auth } = scriptedAuth({ origins: [url] })
          const reset = yield* Effect.flip(
            AuthHttpClient.withAuth(yield* HttpClient.HttpClient, auth).get(`${url}/x?q=query-of-the-caller-42`)
          )
          assert.match(inspect(reset, { depth: 9 }), /ECONNRESET|UND_ERR_SOCKET/)
          for (const error of [refused, reset]) {
            yield* Redaction.assertNoSecret(error, [secretOf(1), "query-of-the-caller-42"], {
              printers: { inspect: (value) => inspect(value, { depth: Infinity, showHidden: true }) }
            })
          }
        }))
      })
    )
  })
}
