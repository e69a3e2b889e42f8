/** The provider of the guide, against a server that rotates: a spent refresh token is refused. */
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Acme from "@effect-auth/examples/fifth-provider"
import * as Redaction from "@effect-auth/testing/Redaction"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"

const kim: Acme.Credentials = { username: "kim", password: Redacted.make("correct-horse") }

const formOf = (request: HttpClientRequest.HttpClientRequest) =>
  request.body._tag === "Uint8Array"
    ? Object.fromEntries(new URLSearchParams(new TextDecoder().decode(request.body.body)))
    : {}

const refusal = (error: string, status = 400) => Response.json({ error }, { status })

/** Acme, as the guide describes it. */
const acme = () => {
  const state = { issued: 0, access: "", refresh: "", log: [] as Array<string>, isDown: false }
  const issue = () => {
    state.issued++
    state.access = `access-s3cret-${state.issued}`
    state.refresh = `refresh-s3cret-${state.issued}`
    return Response.json({
      access_token: state.access,
      refresh_token: state.refresh,
      token_type: "Bearer",
      expires_in: 3600
    })
  }
  const token = (form: Record<string, string>): Response => {
    state.log.push(form["grant_type"] ?? "no grant")
    if (state.isDown) return new Response("<html>", { status: 503 })
    if (form["grant_type"] === "password") {
      return form["password"] === "correct-horse" ? issue() : refusal("invalid_grant")
    }
    return form["refresh_token"] === state.refresh ? issue() : refusal("invalid_grant")
  }
  const answer = (request: HttpClientRequest.HttpClientRequest): Response => {
    const { pathname } = new URL(request.url)
    if (pathname === "/oauth/token") return token(formOf(request))
    if (pathname === "/oauth/revoke") {
      state.log.push(`revoke ${formOf(request)["token"] === state.refresh}`)
      state.access = state.refresh = ""
      return new Response(null, { status: 204 })
    }
    const isLive = state.access !== "" && request.headers["authorization"] === `Bearer ${state.access}`
    state.log.push(`${request.method} ${pathname} ${isLive ? 200 : 401}`)
    return isLive ? Response.json({ ok: true }) : new Response(null, { status: 401 })
  }
  const client = HttpClient.make((request) => Effect.sync(() => HttpClientResponse.fromWeb(request, answer(request))))
  const layer = (options?: Parameters<typeof Acme.layer>[1]) =>
    Acme.layer({}, options).pipe(Layer.provide([Layer.succeed(HttpClient.HttpClient, client), TokenStore.layerMemory]))
  return { state, layer }
}

const onDemand = { refresh: { mode: "onDemand", retryPatience: 0 } } as const

describe("the fifth provider", () => {
  it.effect("signs in and calls with the token", () => {
    const server = acme()
    return Effect.gen(function*() {
      const auth = yield* Acme.AcmeAuth
      const client = yield* Acme.AcmeClient
      yield* auth.signIn(kim)
      expect((yield* client.get("/orders")).status).toBe(200)
      expect(server.state.log).toEqual(["password", "GET /orders 200"])
    }).pipe(Effect.provide(server.layer(onDemand)))
  })

  it.effect("a token that expired is refreshed before the call", () => {
    const server = acme()
    return Effect.gen(function*() {
      const auth = yield* Acme.AcmeAuth
      const client = yield* Acme.AcmeClient
      yield* auth.signIn(kim)
      yield* TestClock.adjust("61 minutes")
      expect((yield* client.get("/orders")).status).toBe(200)
      expect(server.state.log).toEqual(["password", "refresh_token", "GET /orders 200"])
    }).pipe(Effect.provide(server.layer(onDemand)))
  })

  it.effect("a token that the server rejects is refreshed, and the call sent once more", () => {
    const server = acme()
    return Effect.gen(function*() {
      const auth = yield* Acme.AcmeAuth
      const client = yield* Acme.AcmeClient
      yield* auth.signIn(kim)
      server.state.access = "another"
      const responses = yield* Effect.all(Array.from({ length: 50 }, () => client.post("/orders")), {
        concurrency: "unbounded"
      })
      expect(responses.map((response) => response.status)).toEqual(Array.from({ length: 50 }, () => 200))
      expect(server.state.log.filter((line) => line === "refresh_token")).toHaveLength(1)
      expect((yield* auth.accessToken).generation).toBe(2)
    }).pipe(Effect.provide(server.layer(onDemand)))
  })

  it.effect("nobody calls: refreshed ahead of expiry, each refresh token spent once", () => {
    const server = acme()
    return Effect.gen(function*() {
      const auth = yield* Acme.AcmeAuth
      yield* auth.signIn(kim)
      yield* TestClock.adjust("5 hours")
      const refreshes = server.state.log.filter((line) => line === "refresh_token").length
      expect(refreshes).toBeGreaterThanOrEqual(5)
      expect(server.state.issued).toBe(1 + refreshes)
      expect((yield* auth.state)._tag).toBe("Active")
    }).pipe(Effect.provide(server.layer()))
  })

  it.effect("a dead refresh token is told once to the server, and to every caller", () => {
    const server = acme()
    return Effect.gen(function*() {
      const auth = yield* Acme.AcmeAuth
      const client = yield* Acme.AcmeClient
      yield* auth.signIn(kim)
      server.state.access = server.state.refresh = "another"
      for (const _ of [1, 2]) {
        const error = yield* Effect.flip(client.get("/orders"))
        expect(error._tag).toBe("RefreshTokenRejected")
        yield* Redaction.assertNoSecret(error, ["access-s3cret-1", "refresh-s3cret-1", "correct-horse"])
      }
      expect(server.state.log.filter((line) => line === "refresh_token")).toHaveLength(1)
    }).pipe(Effect.provide(server.layer(onDemand)))
  })

  it.effect("an endpoint that is down costs nobody a live token", () => {
    const server = acme()
    return Effect.gen(function*() {
      const auth = yield* Acme.AcmeAuth
      const client = yield* Acme.AcmeClient
      yield* auth.signIn(kim)
      server.state.isDown = true
      const calling = yield* Effect.fork(
        Effect.forEach(Array.from({ length: 55 }), () =>
          Effect.delay(
            Effect.map(client.get("/orders"), (response) => response.status),
            "1 minute"
          ))
      )
      yield* TestClock.adjust("55 minutes")
      expect(new Set(yield* Fiber.join(calling))).toEqual(new Set([200]))
      yield* TestClock.adjust("10 minutes")
      const error = yield* Effect.flip(auth.accessToken)
      expect(error._tag).toBe("ProviderUnavailable")
      server.state.isDown = false
      yield* TestClock.adjust("1 minute")
      expect((yield* client.get("/orders")).status).toBe(200)
    }).pipe(Effect.provide(server.layer({ refresh: { retryPatience: 0 } })))
  })

  it.effect("a wrong password, and a sign-out", () => {
    const server = acme()
    return Effect.gen(function*() {
      const auth = yield* Acme.AcmeAuth
      const wrong = yield* Effect.flip(auth.signIn({ ...kim, password: Redacted.make("wrong-horse") }))
      expect(wrong).toMatchObject({ _tag: "TokenRequestRejected", reason: "credentials", provider: "acme" })
      yield* auth.signIn(kim)
      expect(yield* auth.signOut).toBe("revoked")
      expect(server.state.log.at(-1)).toBe("revoke true")
      expect((yield* Effect.flip(auth.accessToken))._tag).toBe("SignInRequired")
    }).pipe(Effect.provide(server.layer(onDemand)))
  })
})
