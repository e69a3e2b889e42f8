/** One request to a token endpoint: it is checked and sent once, and the answer is read to its end or to the limit. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import { ExchangeFailure } from "../../ExchangeFailure.ts"
import { sameMethod } from "../seams/requests.ts"
import type { Answer, Options } from "../shapes/answer.ts"
import * as decodeFault from "./decodeFault.ts"
import * as httpErrors from "./httpErrors.ts"
import * as origins from "./origins.ts"
import { parseJson } from "./parseJson.ts"
import { readBody } from "./readBody.ts"
import { readText, type Unreadable } from "./readText.ts"
import { scrub } from "./redaction.ts"
import * as retryAfter from "./retryAfter.ts"
import { secretsOf } from "./secretTexts.ts"
import * as singleShot from "./singleShot.ts"

/** Without these headers a server may compress its answer (RFC 9110 section 12.5.3), or send a form instead of JSON. */
const asked = { "accept-encoding": "identity", accept: "application/json" }

/** The progress of the running exchange. */
interface Progress {
  /** Whether the request was sent. A failure before that has no unknown outcome. */
  sent: boolean
  /** The successful answers, in order. */
  readonly successes: Array<Success>
  /** How many of `successes` this run has used instead of sending a request. */
  used: number
}

interface Success {
  readonly text: string
  /** The status that the server sent. */
  readonly status: number
  /** The status that the contract gets. */
  shownAs: number
}

const CurrentProgress = Context.Reference<Progress | undefined>("@effect-auth/core/TokenEndpoint/Progress", {
  defaultValue: () => undefined
})

/** The success statuses that a contract may list. */
const successStatuses = [200, 201, 202, 203, 204, 205]

export const exchange = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, ExchangeFailure, R> =>
  Effect.suspend(() => {
    const progress: Progress = { sent: false, successes: [], used: 0 }
    const run = Effect.provideService(self, CurrentProgress, progress)
    const failed = (error: unknown): ExchangeFailure => {
      if (error instanceof ExchangeFailure) return error
      return progress.sent
        ? malformed(progress.successes.at(-1)?.status, decodeFault.detailOf(error))
        : new ExchangeFailure({ kind: "config", sent: "no", reason: "request", detail: decodeFault.detailOf(error) })
    }
    // A server may send 201 although its contract lists 200. The issued tokens must not be lost. The answer is in
    // memory, so it is decoded again with the other statuses, and nothing is sent.
    const underAnother = (error: E, others: ReadonlyArray<number>): Effect.Effect<A, ExchangeFailure, R> => {
      const last = progress.successes.at(-1)
      const [next, ...rest] = others
      if (last === undefined || next === undefined || !httpErrors.isUnlisted(error)) return Effect.fail(failed(error))
      last.shownAs = next
      progress.used = 0
      return Effect.catch(run, (error) => underAnother(error, rest))
    }
    return Effect.catch(
      run,
      (error) => underAnother(error, successStatuses.filter((one) => one !== progress.successes.at(-1)?.status))
    )
  })

export const make = (
  httpClient: HttpClient.HttpClient,
  options: Options
): HttpClient.HttpClient.With<ExchangeFailure> => {
  return HttpClient.makeWith(
    Effect.flatMap((request: HttpClientRequest.HttpClientRequest) =>
      send(
        httpClient,
        HttpClientRequest.setHeaders(request, {
          ...asked,
          ...(request.headers["accept"] === undefined ? {} : { accept: request.headers["accept"] }),
          ...Headers.fromInput(options.headers)
        }),
        options
      )
    ),
    Effect.succeed<HttpClientRequest.HttpClientRequest>
  )
}

const send = Effect.fnUntraced(function*(
  httpClient: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest,
  options: Options
): Effect.fn.Return<HttpClientResponse.HttpClientResponse, ExchangeFailure> {
  // The request's own origin counts as declared, so only plain http and a user name or password in the URL are refused.
  if (origins.make([request.url], options.allowInsecure ?? false).refusal(request.url) !== undefined) {
    return yield* new ExchangeFailure({ kind: "config", sent: "no", reason: "url" })
  }
  const progress = yield* CurrentProgress
  const before = progress?.successes[progress.used]
  if (progress !== undefined && before !== undefined) {
    progress.used++
    return decodable(request, before.text, before.shownAs)
  }
  if (progress !== undefined) progress.sent = true
  const response = yield* Effect.catch(singleShot.execute(httpClient, request), (error) => {
    const filtered = httpErrors.filteredResponse(error)
    return filtered === undefined ? Effect.fail(notAnswered(error)) : Effect.succeed(filtered)
  })
  const { status } = response
  const isSuccess = status >= 200 && status < 300
  const text = yield* readText(response).pipe(
    // If the status is not a success, it is enough: an unreadable body counts as empty.
    Effect.catch((unreadable) => isSuccess ? Effect.fail(lost(unreadable, status)) : Effect.succeed(""))
  )
  const body = readBody(text, response.headers["content-type"])
  if (!isSuccess || options.refusal !== undefined) {
    const answer = answerOf(request, response, body, yield* Clock.currentTimeMillis)
    if (!isSuccess) return yield* redirected(answer) ?? options.classify(answer)
    const refusal = options.refusal?.(answer)
    if (refusal !== undefined) return yield* refusal
  }
  if (body === undefined && text !== "") return yield* malformed(status, "neither JSON nor a form")
  const success = { text: text === "" ? "{}" : jsonOf(text, body), status, shownAs: status }
  if (progress === undefined) return decodable(request, success.text, 200)
  progress.successes.push(success)
  progress.used++
  return decodable(request, success.text, status)
})

/** JSON is handed on as it came, because `JSON.stringify` throws on deep nesting. A form is flat. */
const jsonOf = (text: string, body: unknown): string => parseJson(text) === undefined ? JSON.stringify(body) : text

const malformed = (status: number | undefined, detail: string | undefined) =>
  new ExchangeFailure({ kind: "transient", sent: "unknown", reason: "malformed", status, detail })

const lost = ({ why }: Unreadable, status: number): ExchangeFailure =>
  why === "broken"
    ? new ExchangeFailure({ kind: "transient", sent: "unknown", reason: "transport", status })
    : malformed(status, unreadable[why])

const unreadable = {
  "too-long": "longer than 1 MiB",
  encoding: "the compressed answer can't be decompressed",
  taken: "an inner client read the body and kept no copy"
} as const

const notAnswered = (error: HttpClientError.HttpClientError | singleShot.AlreadySent): ExchangeFailure =>
  error instanceof singleShot.AlreadySent
    ? new ExchangeFailure({
      kind: "transient",
      sent: "unknown",
      reason: "transport",
      detail: "an inner client retried the request and was stopped; the outcome of the first send is lost"
    })
    : httpErrors.toExchangeFailure(error)

/** A response with one of these statuses can't have a body. */
const bodiless = [204, 205]

/** A success in memory for a derived client to decode. Its request has only the method and the place. */
const decodable = (request: HttpClientRequest.HttpClientRequest, text: string, status: number) =>
  HttpClientResponse.fromWeb(
    sameMethod(request, new URL(request.url).origin),
    new Response(bodiless.includes(status) ? null : text, { status, headers: { "content-type": "application/json" } })
  )

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
    // A text that can't be cleaned, or is empty, is not shown.
    return text === undefined ? undefined : clean(text) || undefined
  }
  return {
    status: response.status,
    headers: response.headers,
    body,
    error: shown("error"),
    errorDescription: shown("error_description"),
    retryAfter: retryAfter.parse(response.headers["retry-after"], now),
    at: now,
    scrub: clean
  }
}

/** Browsers report status 0 for a redirect that they did not follow. */
export const redirected = (answer: Answer): ExchangeFailure | undefined =>
  answer.status < 400
    ? new ExchangeFailure({ kind: "config", sent: "answered", reason: "url", status: answer.status })
    : undefined

export const textAt = (body: unknown, name: string): string | undefined => {
  if (typeof body !== "object" || body === null || !Object.hasOwn(body, name)) return undefined
  const value = (body as { readonly [name: string]: unknown })[name]
  return typeof value === "string" ? value : undefined
}

/** `null` and an empty text count as absent. */
export const present = (
  token: Redacted.Redacted<string> | null | undefined
): Redacted.Redacted<string> | undefined =>
  token === null || token === undefined || Redacted.value(token) === "" ? undefined : token

/** Parses scopes: a list with spaces (RFC 6749 section 3.3), or an array, which some servers (Twitch) send. */
export const scopes = (scope: unknown): ReadonlyArray<string> | undefined => {
  const all = typeof scope === "string" ? scope.trim().split(/ +/).filter((name) => name !== "") : scope
  return Array.isArray(all) && all.length > 0 && all.every((name) => typeof name === "string") ? all : undefined
}
