/** What the tests of this package share: options that fit the sandbox, and a server that answers as it is told. */
import * as TokenStore from "@effect-auth/core/TokenStore"
import type * as PlacewiseAuth from "@effect-auth/placewise/PlacewiseAuth"
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

export const settings: PlacewiseAuth.Settings = {
  club: "infinity-mall",
  clientToken: Redacted.make("sandbox-client-token"),
  userAgent: "test/1.0",
  productName: "sandbox"
}

export const byEmail: PlacewiseAuth.PlacewiseCredentials = {
  _tag: "Password",
  identifier: { email: "ola@example.com" },
  password: Redacted.make("correct horse")
}

/** The sandbox in place of the network, and a store in memory. */
export const world = (options?: PlacewiseSandbox.Options) =>
  Layer.mergeAll(PlacewiseSandbox.layerHttpClient, TokenStore.layerMemory).pipe(
    Layer.provideMerge(PlacewiseSandbox.layer(options))
  )

/** A server that answers every request in the same way, and the requests it got. */
export const stub = (answer: (request: HttpClientRequest.HttpClientRequest) => Response) => {
  const requests: Array<HttpClientRequest.HttpClientRequest> = []
  const client = HttpClient.make((request) => {
    requests.push(request)
    return Effect.succeed(HttpClientResponse.fromWeb(request, answer(request)))
  })
  return { requests, layer: Layer.succeed(HttpClient.HttpClient, client) }
}

/** The JSON that a request carries. */
export const jsonOf = (request: HttpClientRequest.HttpClientRequest | undefined): unknown =>
  request?.body._tag === "Uint8Array" ? JSON.parse(new TextDecoder().decode(request.body.body)) : undefined
