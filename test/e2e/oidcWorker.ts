/** A process with one session at a standard server, over a store that it shares with others. */
import * as AuthError from "@effect-auth/core/AuthError"
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as AuthService from "@effect-auth/core/AuthService"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Message, WorkerConfig } from "../support/processes/protocol.ts"
import { storeLayer } from "../support/stores/spec.ts"
import * as StandardProvider from "./standardProvider.ts"

const config = JSON.parse(process.argv[2] ?? "") as WorkerConfig

const tell = (message: Message) => Effect.sync(() => void process.send?.(message))

const program = Effect.gen(function*() {
  const provider = yield* StandardProvider.make({ issuer: config.host, clientId: "app" })
  const auth = yield* AuthService.make(provider, { refresh: config.refresh })
  const client = AuthHttpClient.withAuth(yield* HttpClient.HttpClient, auth)
  yield* tell({ said: "ready" })
  const once = Effect.gen(function*() {
    const since = Date.now()
    const answer = yield* Effect.either(
      Effect.flatMap(client.get(`${config.host}/me`), (response) => Effect.as(response.text, response.status))
    )
    const took = Date.now() - since
    if (answer._tag === "Right" && answer.right === 200) {
      return yield* tell({ said: "worked", calls: 1, longest: took })
    }
    const result = answer._tag === "Right"
      ? { ok: true, session: "", generation: 0, status: answer.right } as const
      : { ok: false, tag: AuthError.isAuthError(answer.left) ? answer.left._tag : "HttpClientError" } as const
    yield* tell({ said: "failed", account: "default", session: "", result, took, at: Date.now() })
  })
  yield* Effect.forever(Effect.zipRight(Effect.sleep(config.every), once))
})

process.on("disconnect", () => process.exit(0))

Effect.runFork(
  program.pipe(Effect.scoped, Effect.provide(Layer.merge(storeLayer(config.store), FetchHttpClient.layer)))
)
