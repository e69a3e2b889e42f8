/** A provider that answers at once, and a client that answers at once: what remains is what this project costs. */
import type { AuthProvider, TokenResponse } from "@effect-auth/core/AuthProvider"
import * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

export const origin = "https://api.example.com"

export const lifetime = 24 * 3600

let issued = 0

const issue = Effect.sync((): TokenResponse => ({
  accessToken: Redacted.make(`access-${++issued}-${"x".repeat(48)}`),
  refreshToken: Redacted.make(`refresh-${issued}-${"x".repeat(48)}`),
  expiresIn: lifetime
}))

export const provider: AuthProvider<unknown> = {
  name: "bench",
  realm: "api.example.com",
  origins: [origin],
  rotation: "rotating",
  rejection: { statuses: [401, 460] },
  signIn: () => issue,
  refresh: () => issue
}

/** No `HttpClient.make` below: it costs twenty times what is measured here. */
export const client: HttpClient.HttpClient = HttpClient.makeWith<never, never, HttpClientError, never>(
  Effect.flatMap((request) => Effect.succeed(HttpClientResponse.fromWeb(request, answer))),
  Effect.succeed
)

const answer = new Response(null)
