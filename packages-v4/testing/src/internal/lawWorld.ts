/** The test setup of a provider's laws: the provider, and a server that gives right answers or the answers of a law. */
import type { AuthProvider, TokenResponse } from "@effect-auth/core/AuthProvider"
import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import type { TokenSet } from "@effect-auth/core/TokenSet"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Subject } from "../ProviderLaws.ts"
import { fails, type LawBroken } from "./lawSupport.ts"

/** Answers a request instead of the server; `right` is the server's own answer. */
export type Answering = (
  request: HttpClientRequest,
  right: Effect.Effect<HttpClientResponse, HttpClientError>
) => Effect.Effect<HttpClientResponse, HttpClientError>

export type Operation = "signIn" | "refresh" | "revoke"

export const operations: ReadonlyArray<Operation> = ["signIn", "refresh", "revoke"]

/** A prepared call, and the secrets that it sends. */
export interface Ready {
  readonly operation: Operation
  readonly call: Effect.Effect<TokenResponse | void, ExchangeFailure>
  readonly secrets: ReadonlyArray<string>
  /** How many requests it may send. */
  readonly requests: number
}

/** The result of a call. */
export interface Outcome<A> {
  readonly result: Result.Result<A, ExchangeFailure>
  readonly requests: ReadonlyArray<HttpClientRequest>
}

export interface World {
  readonly provider: AuthProvider<never>
  /** Makes the provider a second time. */
  readonly makeTwin: Effect.Effect<AuthProvider<never>, LawBroken>
  readonly usesHttp: boolean
  /** Signs in with right credentials, and returns the answer with their secrets. */
  readonly signIn: (
    law: string
  ) => Effect.Effect<{ readonly tokens: TokenSet; readonly secrets: ReadonlyArray<string> }, LawBroken>
  /** Prepares a call; `undefined` if the provider does not have it. */
  readonly ready: (law: string, operation: Operation) => Effect.Effect<Ready | undefined, LawBroken>
  readonly signInWrongly: Effect.Effect<TokenResponse, ExchangeFailure> | undefined
  /** Makes a call while the server gives these answers. A defect breaks the law. */
  readonly outcome: <A>(
    law: string,
    call: Effect.Effect<A, ExchangeFailure>,
    answer?: Answering
  ) => Effect.Effect<Outcome<A>, LawBroken>
  /** The fingerprints of right credentials (computed twice) and of wrong ones. */
  readonly fingerprints: Effect.Effect<ReadonlyArray<string | undefined>>
}

/** A law without its provider. */
export interface Rule {
  readonly name: string
  /** Whether the law checks HTTP requests. */
  readonly needsHttp: boolean
  readonly keeps: (world: World) => Effect.Effect<void, LawBroken>
}

/** Runs a function with each prepared call of the provider. */
export const each = (
  world: World,
  operations: ReadonlyArray<Operation>,
  keeps: (ready: Ready) => Effect.Effect<unknown, LawBroken>
): Effect.Effect<void, LawBroken> =>
  Effect.forEach(
    operations,
    (operation) =>
      Effect.flatMap(
        world.ready(operation, operation),
        (ready) => ready === undefined ? Effect.void : keeps(ready)
      ),
    { discard: true }
  )

const isText = (value: unknown): value is Redacted.Redacted<string> =>
  Redacted.isRedacted(value) && typeof Redacted.value(value) === "string"

/** The texts that are `Redacted` anywhere in a value. */
const secretsIn = (value: unknown, depth = 0): ReadonlyArray<string> =>
  isText(value)
    ? [Redacted.value(value)]
    : typeof value === "object" && value !== null && depth < 6
    ? Object.values(value).flatMap((inner) => secretsIn(inner, depth + 1))
    : []

const plain = (secret: string | Redacted.Redacted<string>): string =>
  typeof secret === "string" ? secret : Redacted.value(secret)

/** The message of a defect, without its stack and fields. */
const told = (defect: unknown): string => String(defect).slice(0, 200)

/** The client of the provider: it records requests, and a law can answer them. */
const makeServer = Effect.map(HttpClient.HttpClient, (real) => {
  const state: { requests: Array<HttpClientRequest>; answer: Answering | undefined } = {
    requests: [],
    answer: undefined
  }
  const client = HttpClient.make((request) =>
    Effect.suspend(() => {
      state.requests.push(request)
      const right = real.execute(request)
      return state.answer === undefined ? right : state.answer(request, right)
    })
  )
  const outcome: World["outcome"] = (law, call, answer) =>
    Effect.suspend(() => {
      state.requests = []
      state.answer = answer
      return Effect.result(call)
    }).pipe(
      Effect.catchDefect((defect) =>
        Effect.fail(fails(law, `it died, where it has to fail with an ExchangeFailure: ${told(defect)}`))
      ),
      Effect.map((result) => ({ result, requests: state.requests })),
      Effect.ensuring(Effect.sync(() => {
        state.answer = undefined
      }))
    )
  return { client, outcome }
})

const tokensOf = (response: TokenResponse): Effect.Effect<TokenSet> =>
  Effect.map(Clock.currentTimeMillis, (obtainedAt) => ({
    accessToken: response.accessToken,
    refreshToken: response.refreshToken,
    scopes: response.scopes,
    subject: response.subject,
    obtainedAt
  }))

export const make = Effect.fnUntraced(function*<Credentials, E, R>(
  subject: Subject<Credentials, E, R>
): Effect.fn.Return<World, E, HttpClient.HttpClient | R> {
  const { client, outcome } = yield* makeServer
  const services = yield* Effect.context<R>()
  const making = Effect.provideService(subject.provider, HttpClient.HttpClient, client)
  const provider = yield* making
  const credentials = Effect.provide(subject.credentials, services)
  const given = (subject.secrets ?? []).map(plain)
  const { wrong } = subject
  const signIn: World["signIn"] = Effect.fnUntraced(function*(law) {
    const right = yield* credentials
    const { result } = yield* outcome(law, provider.signIn(right))
    if (Result.isFailure(result)) {
      return yield* fails(
        law,
        `right credentials were refused: ${result.failure.message}, status ${result.failure.status}`
      )
    }
    return { tokens: yield* tokensOf(result.success), secrets: [...given, ...secretsIn(right)] }
  })
  const { refresh, revoke } = provider
  return {
    provider,
    makeTwin: Effect.mapError(
      Effect.provide(making, services),
      () => fails("twin", "it could not be made a second time")
    ),
    usesHttp: subject.http !== false,
    signIn,
    signInWrongly: wrong === undefined ? undefined : provider.signIn(wrong),
    outcome,
    fingerprints: Effect.map(
      credentials,
      (right) =>
        (wrong === undefined ? [right, right] : [right, right, wrong]).map((one) => provider.fingerprint?.(one))
    ),
    ready: Effect.fnUntraced(function*(law, operation) {
      if (operation === "signIn") {
        const right = yield* credentials
        const call = Effect.suspend(() => provider.signIn(right))
        return { operation, call, secrets: [...given, ...secretsIn(right)], requests: 1 }
      }
      if ((operation === "refresh" ? refresh : revoke) === undefined) return undefined
      const { tokens } = yield* signIn(law)
      const { refreshToken } = tokens
      const secrets = [...given, ...secretsIn(tokens)]
      if (operation === "revoke") {
        const call = Effect.suspend(() => revoke?.(tokens) ?? Effect.void)
        return { operation, call, secrets, requests: refreshToken === undefined ? 1 : 2 }
      }
      if (refreshToken === undefined) return yield* fails(law, "a sign-in answered no refresh token")
      const call = Effect.suspend(() => refresh?.(refreshToken, tokens) ?? Effect.void)
      return { operation, call, secrets, requests: 1 }
    })
  }
})
