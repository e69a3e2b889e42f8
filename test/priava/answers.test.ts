/** Every status with every kind of body, to each operation: what the caller gets, and what becomes of session and code. */
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Priava from "@effect-auth/priava/Priava"
import * as PriavaAuth from "@effect-auth/priava/PriavaAuth"
import * as Redaction from "@effect-auth/testing/Redaction"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import { inspect } from "node:util"
import { code, settings, stub } from "./fixtures.ts"

const secrets = ["access-s3cret-1", "refresh-s3cret-1", "code-s3cret-1", "sandbox-client-secret"]
const echo = secrets.join(" ")

const bodies = {
  documented: JSON.stringify({ error: "error_code", error_description: `A human readable message: ${echo}` }),
  empty: "",
  HTML: `<html>${echo}</html>`,
  "truncated JSON": `{"error":"error_code ${echo}`,
  "JSON of another shape": JSON.stringify([{ error: echo }]),
  "10 MB": `${echo} `.repeat(10_000_000 / (echo.length + 1))
} as const
type Body = keyof typeof bodies

const codes = [200, 400, 401, 403, 404, 405, 408, 409, 429, 460, 500, 502, 503, 504] as const
type Code = typeof codes[number]

interface Outcome {
  readonly tag: string
  readonly reason: string
  /** Whether an authorization code that was answered like this is used up. */
  readonly burned: boolean
}

const unavailable = (reason: string, burned: boolean): Outcome => ({ tag: "ProviderUnavailable", reason, burned })

/** What the documentation of this package promises, written once more and by hand. */
const toTokenCall = (status: Code, body: Body): { readonly signIn: Outcome; readonly refresh: Outcome } => {
  const both = (outcome: Outcome) => ({ signIn: outcome, refresh: outcome })
  switch (status) {
    case 200:
      return both(unavailable("malformed", true))
    case 404:
    case 405:
      return both({ tag: "AuthMisconfigured", reason: "url", burned: false })
    case 429:
      return both(unavailable("rate-limited", false))
    case 503:
      return both(unavailable("server", false))
    case 408:
    case 500:
    case 502:
    case 504:
      return both(unavailable("server", true))
    case 409:
    case 460:
      return both(unavailable("malformed", false))
    case 400:
    case 401:
    case 403:
      return body === "documented"
        ? {
          signIn: { tag: "TokenRequestRejected", reason: "unknown", burned: true },
          refresh: unavailable("refused", false)
        }
        : both(unavailable("malformed", status === 400))
  }
}

/** Issues tokens until it is told to answer otherwise. */
const server = (status: Code, body: Body) => {
  const state = { isBad: false }
  const answer = () => new Response(bodies[body], { status, headers: { "content-type": "application/json" } })
  const { layer, requests } = stub(() =>
    state.isBad
      ? answer()
      : Response.json({ access_token: "access-s3cret-1", refresh_token: "refresh-s3cret-1", expires_in: 21600 })
  )
  const services = Priava.layer(settings, { refresh: { mode: "onDemand", retryPatience: 0 } }).pipe(
    Layer.provide([layer, TokenStore.layerMemory])
  )
  return { state, requests, services }
}

const check = (error: unknown, { reason, tag }: Outcome, status: Code) => {
  const { _tag, reason: why, status: told } = error as Record<string, unknown>
  // Compared as plain values: a vitest that prints the difference of two errors prints their classes.
  // A success that can't be decoded is told without its status.
  expect({ tag: _tag, reason: why, status: told ?? 200 }).toEqual({ tag, reason, status })
  expect(Redaction.findSecret(error, secrets, { printers: { inspect } })).toBeUndefined()
}

/** Where so much text takes different ways: a success, a refusal, a rejection, a failure. */
const long: ReadonlyArray<Code> = [200, 400, 401, 500]

const each = (test: (status: Code, body: Body) => Effect.Effect<void>) => {
  for (const status of codes) {
    for (const body of Object.keys(bodies) as Array<Body>) {
      if (body === "10 MB" && !long.includes(status)) continue
      it.effect(`${status}, ${body}`, () => test(status, body))
    }
  }
}

describe("to a code exchange", () => {
  each((status, body) => {
    const { requests, services, state } = server(status, body)
    const { signIn } = toTokenCall(status, body)
    return Effect.gen(function*() {
      const auth = yield* PriavaAuth.PriavaAuth
      state.isBad = true
      check(yield* Effect.flip(auth.signIn(code("code-s3cret-1"))), signIn, status)
      expect((yield* auth.state)._tag).toBe("SignedOut")
      state.isBad = false
      const again = yield* Effect.either(auth.signIn(code("code-s3cret-1")))
      expect(again._tag).toBe(signIn.burned ? "Left" : "Right")
      expect(requests).toHaveLength(signIn.burned ? 1 : 2)
    }).pipe(Effect.provide(services), Effect.orDie)
  })
})

describe("to a refresh", () => {
  each((status, body) => {
    const { requests, services, state } = server(status, body)
    return Effect.gen(function*() {
      const auth = yield* PriavaAuth.PriavaAuth
      const first = yield* auth.signIn(code("code-s3cret-1"))
      state.isBad = true
      check(yield* Effect.flip(auth.refresh), toTokenCall(status, body).refresh, status)
      expect(requests).toHaveLength(2)
      // Whatever it was: the session is kept, the living token served, and the session recovers.
      expect((yield* auth.state)._tag).toBe("Active")
      expect(yield* auth.accessToken).toEqual(first)
      state.isBad = false
      yield* TestClock.adjust("7 hours")
      expect((yield* auth.accessToken).generation).toBe(2)
    }).pipe(Effect.provide(services), Effect.orDie)
  })
})

describe("to a call", () => {
  each((status, body) => {
    const { requests, services, state } = server(status, body)
    return Effect.gen(function*() {
      const auth = yield* PriavaAuth.PriavaAuth
      const client = yield* Priava.PriavaClient
      yield* auth.signIn(code("code-s3cret-1"))
      state.isBad = true
      const calling = yield* Effect.fork(Effect.either(client.post("/v2/contact/get")))
      yield* TestClock.adjust("1 second")
      const result = yield* Fiber.join(calling)
      if (status === 401) {
        // The refresh that it leads to is answered in the same way.
        const error = result._tag === "Left" ? result.left : undefined
        check(error, toTokenCall(status, body).refresh, status)
        expect(requests).toHaveLength(3)
      } else {
        const response = result._tag === "Right" ? result.right : undefined
        expect(response?.status).toBe(status)
        expect(yield* response!.text).toBe(bodies[body])
        expect(requests).toHaveLength(2)
      }
      expect((yield* auth.state)._tag).toBe("Active")
    }).pipe(Effect.provide(services), Effect.orDie)
  })
})
