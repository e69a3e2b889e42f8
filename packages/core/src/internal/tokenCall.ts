/** One request to a token endpoint: checked, sent once, its answer read to the end or to the cap. */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { ExchangeFailure } from "../ExchangeFailure.ts"
import type { Answer, Options } from "../TokenEndpoint.ts"
import * as httpErrors from "./httpErrors.ts"
import * as origins from "./origins.ts"
import { parseJson, scrub, secretsOf } from "./redaction.ts"

/** The most that is read of a body. */
const bodyCap = 1024 * 1024

/**
 * Asked for nothing, a server may compress its answer (RFC 9110 section 12.5.3), which only `fetch` undoes: tokens that
 * can't be read are lost.
 */
const uncompressed = { "accept-encoding": "identity" }

/** The longest that a server can ask to wait. */
const longestWait = 3600

/**
 * Headers that neither logs nor spans may show: all but those whose values are words of the protocol or numbers, because
 * a server may repeat what it was sent under any name.
 */
const hiddenHeaders =
  /^(?!(?:accept(?:-\w+)?|age|allow|b3|cache-control|connection|content-(?:encoding|language|length|type)|date|host|retry-after|server|traceparent|transfer-encoding|user-agent|vary|x-b3-\w+|x-request-id)$)/i

/** Whether the exchange that runs has sent its request: what fails before is not an unknown outcome. */
class Progress extends Context.Reference<Progress>()("@effect-auth/core/TokenEndpoint/Progress", {
  defaultValue: (): { sent: boolean } => ({ sent: false })
}) {}

export const exchange = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, ExchangeFailure, R> =>
  Effect.suspend(() => {
    const progress = { sent: false }
    return Effect.mapError(Effect.provideService(self, Progress, progress), (error) => {
      if (error instanceof ExchangeFailure) return error
      return progress.sent
        ? new ExchangeFailure({ kind: "transient", sent: "unknown", reason: "malformed" })
        : new ExchangeFailure({ kind: "config", sent: "no", reason: "request" })
    })
  })

export const make = (
  httpClient: HttpClient.HttpClient,
  options: Options
): HttpClient.HttpClient.With<ExchangeFailure> => {
  const inner = hardened(HttpClient.withTracerDisabledWhen(httpClient, () => true))
  return HttpClient.makeWith(
    Effect.flatMap((request: HttpClientRequest.HttpClientRequest) =>
      send(
        inner,
        HttpClientRequest.setHeaders(request, { ...uncompressed, ...Headers.fromInput(options.headers) }),
        options
      )
    ),
    Effect.succeed<HttpClientRequest.HttpClientRequest>
  )
}

export const hardened = <E, R>(self: HttpClient.HttpClient.With<E, R>): HttpClient.HttpClient.With<E, R> =>
  HttpClient.transformResponse(self, (effect) =>
    Effect.serviceOption(FetchHttpClient.RequestInit).pipe(
      Effect.flatMap((init) =>
        Effect.provideService(effect, FetchHttpClient.RequestInit, {
          ...(init._tag === "Some" ? init.value : {}),
          redirect: "manual"
        })
      ),
      Effect.locallyWith(Headers.currentRedactedNames, (names) => [...names, hiddenHeaders])
    ))

const send = Effect.fnUntraced(function*(
  httpClient: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest,
  options: Options
): Effect.fn.Return<HttpClientResponse.HttpClientResponse, ExchangeFailure> {
  // The request's own place is declared: what remains to be refused is plain http and a name or password in the URL.
  if (origins.make([request.url], options.allowInsecure ?? false).refusal(request.url) !== undefined) {
    return yield* new ExchangeFailure({ kind: "config", sent: "no", reason: "url" })
  }
  const progress = yield* Progress
  progress.sent = true
  const response = yield* Effect.catchAll(httpClient.execute(request), (error) => {
    const filtered = httpErrors.filteredResponse(error)
    return filtered === undefined ? Effect.fail(httpErrors.toExchangeFailure(error)) : Effect.succeed(filtered)
  })
  const isSuccess = response.status >= 200 && response.status < 300
  const text = yield* readText(response).pipe(
    // A status that is not a success stands by itself.
    Effect.catchAll((failure) => isSuccess ? Effect.fail(failure) : Effect.succeed(undefined))
  )
  const body = text === undefined ? undefined : parseJson(text)
  if (!isSuccess) {
    const answer = answerOf(request, response, body, yield* Clock.currentTimeMillis)
    return yield* redirected(answer) ?? options.classify(answer)
  }
  if (body === undefined && text !== "") return yield* malformed(response.status)
  return decodable(request, text === "" ? "{}" : text!)
})

const malformed = (status: number) =>
  new ExchangeFailure({ kind: "transient", sent: "unknown", reason: "malformed", status })

/** A success in memory, which a derived client decodes; of the request only the place is left. */
const decodable = (request: HttpClientRequest.HttpClientRequest, text: string) =>
  HttpClientResponse.fromWeb(
    HttpClientRequest.make(request.method)(new URL(request.url).origin),
    new Response(text, { status: 200, headers: { "content-type": "application/json" } })
  )

/** The body as text; fails over the cap. Ending the stream early closes the connection. */
const readText = (
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<string, ExchangeFailure> =>
  Effect.suspend(() => {
    const decoder = new TextDecoder()
    let text = ""
    let size = 0
    return Stream.runForEachWhile(response.stream, (chunk) =>
      Effect.sync(() => {
        size += chunk.byteLength
        if (size <= bodyCap) text += decoder.decode(chunk, { stream: true })
        return size <= bodyCap
      })).pipe(
        Effect.catchAll((error) =>
          httpErrors.isEmptyBody(error)
            ? Effect.void
            : Effect.fail(
              new ExchangeFailure({
                kind: "transient",
                sent: "unknown",
                reason: "transport",
                status: response.status
              })
            )
        ),
        Effect.flatMap(() =>
          size <= bodyCap ? Effect.succeed(text + decoder.decode()) : Effect.fail(malformed(response.status))
        )
      )
  })

const answerOf = (
  request: HttpClientRequest.HttpClientRequest,
  response: HttpClientResponse.HttpClientResponse,
  body: unknown,
  now: number
): Answer => {
  const secrets = secretsOf(request)
  const clean = (text: string) => scrub(text, secrets)
  const shown = (name: string) => {
    const text = textAt(body, name)
    return text === undefined ? undefined : clean(text)
  }
  return {
    status: response.status,
    headers: response.headers,
    body,
    error: shown("error"),
    errorDescription: shown("error_description"),
    retryAfter: retryAfter(response.headers["retry-after"], now),
    at: now,
    scrub: clean
  }
}

/** A browser tells status 0 of a redirect that it did not follow. */
export const redirected = (answer: Answer): ExchangeFailure | undefined =>
  answer.status < 400
    ? new ExchangeFailure({ kind: "config", sent: "answered", reason: "url", status: answer.status })
    : undefined

export const textAt = (body: unknown, name: string): string | undefined => {
  if (typeof body !== "object" || body === null || !Object.hasOwn(body, name)) return undefined
  const value = (body as { readonly [name: string]: unknown })[name]
  return typeof value === "string" ? value : undefined
}

/** `null` and an empty text tell no token. */
export const present = (
  token: Redacted.Redacted<string> | null | undefined
): Redacted.Redacted<string> | undefined =>
  token === null || token === undefined || Redacted.value(token) === "" ? undefined : token

/** A list with blanks between its members, as RFC 6749 section 3.3 has it; some servers (Twitch) send an array instead. */
export const scopes = (scope: unknown): ReadonlyArray<string> | undefined => {
  const all = typeof scope === "string" ? scope.trim().split(/ +/).filter((name) => name !== "") : scope
  return Array.isArray(all) && all.length > 0 && all.every((name) => typeof name === "string") ? all : undefined
}

/** The three forms of RFC 9110 section 5.6.7 begin with the day of the week; two end with GMT, the third means it. */
const httpDate = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /

export const retryAfter = (value: string | undefined, now: number): Duration.Duration | undefined => {
  const text = value?.trim() ?? ""
  const seconds = /^\d+$/.test(text)
    ? Number(text)
    : httpDate.test(text)
    ? (Date.parse(text.endsWith("GMT") ? text : `${text} GMT`) - now) / 1000
    : Number.NaN
  return seconds > 0 ? Duration.millis(Math.ceil(Math.min(seconds, longestWait) * 1000)) : undefined
}
