import type { AccessToken } from "@effect-auth/core/AccessToken"
import type { AccessTokenError, AccessTokenRejected } from "@effect-auth/core/AuthError"
import type { Rejection } from "@effect-auth/core/AuthProvider"
import type { AuthService } from "@effect-auth/core/AuthService"
import * as FakeAuth from "@effect-auth/testing/FakeAuth"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

/** The secret of the nth generation. */
export const secretOf = (generation: number) => `token-of-generation-${generation}`

export const bearerOf = (generation: number) => `Bearer ${secretOf(generation)}`

export const tokenOf = (generation: number, expiresAt = Infinity): AccessToken => ({
  value: Redacted.make(secretOf(generation)),
  session: "session",
  generation,
  expiresAt,
  scopes: undefined
})

interface Options {
  readonly origins?: ReadonlyArray<string>
  readonly rejection?: Rejection
  /** What `renew` does when the rejected token is the current one; the default issues the next generation. */
  readonly renew?: Effect.Effect<void, AccessTokenError | AccessTokenRejected>
  readonly accessToken?: Effect.Effect<AccessToken, AccessTokenError>
  /** Nothing to peek at: the token is not fresh. */
  readonly stale?: boolean
  /** Of every generation. */
  readonly expiresAt?: number
}

/** A session without time, store or provider: `renew` compares the rejected token as the real one does. */
export const scriptedAuth = (options: Options = {}) => {
  const seen = { renewed: [] as Array<number>, refreshes: 0, exchanges: 0 }
  let generation = 1
  const current = Effect.sync(() => tokenOf(generation, options.expiresAt))
  const next = Effect.sync(() => {
    seen.exchanges++
    return tokenOf(++generation, options.expiresAt)
  })
  const auth: AuthService<unknown> = {
    ...FakeAuth.fixed("unused", {
      provider: "scripted",
      account: "member-42",
      origins: options.origins ?? ["https://api.test"],
      rejection: options.rejection ?? { statuses: [401, 460] }
    }),
    accessToken: options.accessToken ?? current,
    refresh: Effect.suspend(() => {
      seen.refreshes++
      return next
    }),
    renew: (rejected) =>
      Effect.suspend(() => {
        seen.renewed.push(rejected.generation)
        if (rejected.generation !== generation) return current
        return Effect.zipRight(options.renew ?? Effect.void, next)
      }),
    unsafePeek: () => options.stale === true ? undefined : tokenOf(generation, options.expiresAt)
  }
  return { auth, seen }
}

type Answer = Response | HttpClientError.HttpClientError

/** A client that answers from a function and keeps what it was sent. */
export const recordingClient = (
  answer: (request: HttpClientRequest.HttpClientRequest, call: number) => Answer | Effect.Effect<Answer>
) => {
  const requests: Array<HttpClientRequest.HttpClientRequest> = []
  const client = HttpClient.makeWith<never, never, HttpClientError.HttpClientError, never>(
    Effect.flatMap((request) =>
      Effect.suspend(() => {
        requests.push(request)
        const given = answer(request, requests.length)
        return Effect.flatMap(Effect.isEffect(given) ? given : Effect.succeed(given), (result) =>
          result instanceof Response
            ? Effect.succeed(HttpClientResponse.fromWeb(request, result))
            : Effect.fail(result))
      })
    ),
    Effect.succeed
  )
  return {
    client,
    requests,
    authorizations: () => requests.map((request) => request.headers["authorization"]),
    urls: () => requests.map((request) => request.url)
  }
}

/** A server that accepts the tokens of a generation and all later ones. */
export const acceptsFrom = (generation: number, status = 460) => (request: HttpClientRequest.HttpClientRequest) =>
  Number(request.headers["authorization"]?.split("-").at(-1)) >= generation
    ? new Response("fine")
    : new Response("the token is dead", { status, headers: { "content-length": "17" } })
