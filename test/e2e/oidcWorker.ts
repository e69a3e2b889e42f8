/** A process with one session at a standard server, over a store that it shares with others. */
import * as AuthError from "@effect-auth/core/AuthError"
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as AuthService from "@effect-auth/core/AuthService"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { watchLateness } from "../support/processes/lateness.ts"
import { headers, type Message, type WorkerConfig } from "../support/processes/protocol.ts"
import { storeLayer } from "../support/stores/spec.ts"
import * as StandardProvider from "./standardProvider.ts"

const config = JSON.parse(process.argv[2] ?? "") as WorkerConfig

const send = (message: Message): void => {
  // Whoever does not hear it any more is about to end this process.
  if (process.connected) process.send?.(message, undefined, undefined, () => {})
}

const tell = (message: Message) => Effect.sync(() => send(message))

watchLateness((from, to) => send({ said: "stalled", from, to }))

let exchanges = 0

/** Says to the server which worker sends which exchange, and to the test which answers did not come. */
const stamped = (client: HttpClient.HttpClient): HttpClient.HttpClient =>
  client.pipe(
    HttpClient.mapRequest((request) =>
      request.url.endsWith("/token")
        ? HttpClientRequest.setHeaders(request, {
          [headers.worker]: config.name,
          [headers.exchange]: `${config.name}#${++exchanges}`,
          [headers.sentAt]: String(Date.now())
        })
        : request
    ),
    HttpClient.transform((effect, request) => {
      const exchange = request.headers[headers.exchange]
      return exchange === undefined ?
        effect :
        Effect.onExit(
          effect,
          (exit) => exit._tag === "Failure" ? tell({ said: "lost", exchange, at: Date.now() }) : Effect.void
        )
    })
  )

const program = Effect.gen(function*() {
  const provider = yield* StandardProvider.make({ issuer: config.host, clientId: "app" })
  const auth = yield* AuthService.make(provider, { refresh: config.refresh })
  const client = AuthHttpClient.withAuth(yield* HttpClient.HttpClient, auth)
  yield* tell({ said: "ready" })
  let session = ""
  const call = Effect.gen(function*() {
    session = (yield* auth.accessToken).session
    const response = yield* client.get(`${config.host}/me`)
    return yield* Effect.as(response.text, response.status)
  })
  const once = Effect.gen(function*() {
    const since = Date.now()
    const answer = yield* Effect.either(call)
    const took = Date.now() - since
    if (answer._tag === "Right" && answer.right === 200) {
      return yield* tell({ said: "worked", calls: 1, longest: took })
    }
    const result = answer._tag === "Right"
      ? { ok: true, session: "", generation: 0, status: answer.right } as const
      : { ok: false, tag: AuthError.isAuthError(answer.left) ? answer.left._tag : "HttpClientError" } as const
    yield* tell({ said: "failed", account: "default", session, result, took, at: Date.now() })
  })
  yield* Effect.forever(Effect.zipRight(Effect.sleep(config.every), once))
})

const Client = Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, stamped)).pipe(
  Layer.provide(FetchHttpClient.layer)
)

process.on("disconnect", () => process.exit(0))

Effect.runFork(
  program.pipe(Effect.scoped, Effect.provide(Layer.merge(storeLayer(config.store), Client)))
)
