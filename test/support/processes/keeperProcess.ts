/** A process that keeps the sessions of a club over a store that it shares with others, until its parent ends it. */
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import * as PlacewiseAuth from "@effect-auth/placewise/PlacewiseAuth"
import * as SessionServer from "@effect-auth/remote/SessionServer"
import * as UnixSocket from "@effect-auth/remote/UnixSocket"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { storeLayer } from "../stores/spec.ts"
import { deadlineOf, type KeeperConfig } from "./keeperProtocol.ts"
import { headers } from "./protocol.ts"

const config = JSON.parse(process.argv[2] ?? "") as KeeperConfig

let exchanges = 0

const stamped = (request: HttpClientRequest.HttpClientRequest) =>
  HttpClientRequest.setHeaders(request, {
    [headers.worker]: config.name,
    [headers.exchange]: `${config.name}#${++exchanges}`,
    [headers.sentAt]: String(Date.now())
  })

const program = Effect.gen(function*() {
  const provider = yield* PlacewiseAuth.provider({
    host: config.host,
    club: "infinity-mall",
    clientToken: Redacted.make("sandbox-client-token"),
    userAgent: config.name,
    productName: "sandbox"
  })
  const { claimTtl } = config
  const sessions = yield* AuthSessions.make(provider, {
    refresh: { claimTtl, deadline: deadlineOf(claimTtl), commitPatience: claimTtl * 0.15 }
  })
  const kept = yield* SessionServer.fromSessions(sessions)
  yield* Layer.build(
    SessionServer.layer([kept], {
      callers: [{ name: "client", bearers: [config.digest], accounts: "all", operations: ["read", "refresh"] }]
    }).pipe(Layer.provide(UnixSocket.layerServer(config.socket)))
  )
  process.send?.("ready")
  yield* Effect.never
})

const Client = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(HttpClient.HttpClient, HttpClient.mapRequest(stamped))
).pipe(Layer.provide(FetchHttpClient.layer))

process.on("disconnect", () => process.exit(0))

Effect.runFork(
  program.pipe(
    Effect.scoped,
    Effect.provide(Layer.merge(storeLayer(config.store), Client)),
    Effect.tapErrorCause((cause) => Effect.sync(() => console.error(String(cause))))
  )
)
