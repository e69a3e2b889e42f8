/** The only module that reads fields of the HTTP errors of Effect, because these change often between versions. */
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import { type AuthError, isAuthError } from "../../AuthError.ts"
import { ExchangeFailure } from "../../ExchangeFailure.ts"
import { provesUnsent } from "./neverSent.ts"
import { finder } from "./redaction.ts"
import type { SecretTexts } from "./secretTexts.ts"

/** The error of reading a body. */
export type ResponseError = HttpClientError.HttpClientError

/** The response inside an error that a `filterStatus` below the middleware made. */
export const filteredResponse = (error: unknown): HttpClientResponse.HttpClientResponse | undefined =>
  HttpClientError.isHttpClientError(error) && error.reason._tag === "StatusCodeError"
    ? error.reason.response
    : undefined

/**
 * The same error with the caller's own request, without the token. An error of another type is unchanged. The cause of
 * the error is searched for secrets.
 */
export const handedBack = <E>(
  error: E,
  request: HttpClientRequest.HttpClientRequest,
  hand: (response: HttpClientResponse.HttpClientResponse) => HttpClientResponse.HttpClientResponse,
  secretsIn: (sent: HttpClientRequest.HttpClientRequest) => SecretTexts
): E => {
  if (!HttpClientError.isHttpClientError(error)) return error
  const { cause, description } = error.reason
  const holds = finder(secretsIn(error.request))
  const kept = (typeof cause === "string" || cause instanceof Error) && isSilent(cause, holds) ? cause : codeOnly(cause)
  const rest = {
    ...(kept === undefined ? {} : { cause: kept }),
    ...(description !== undefined && !holds(description) ? { description } : {})
  }
  const rebuilt = new HttpClientError.HttpClientError({ reason: remade(error.reason, request, hand, rest) })
  // The rebuilt error has the same class, and so the same type.
  return rebuilt as E & HttpClientError.HttpClientError
}

/** The same reason with the caller's own request. */
const remade = (
  reason: HttpClientError.HttpClientErrorReason,
  request: HttpClientRequest.HttpClientRequest,
  hand: (response: HttpClientResponse.HttpClientResponse) => HttpClientResponse.HttpClientResponse,
  rest: { readonly cause?: unknown; readonly description?: string }
): HttpClientError.HttpClientErrorReason => {
  switch (reason._tag) {
    case "TransportError":
      return new HttpClientError.TransportError({ request, ...rest })
    case "EncodeError":
      return new HttpClientError.EncodeError({ request, ...rest })
    case "InvalidUrlError":
      return new HttpClientError.InvalidUrlError({ request, ...rest })
    case "StatusCodeError":
      return new HttpClientError.StatusCodeError({ request, response: hand(reason.response), ...rest })
    case "DecodeError":
      return new HttpClientError.DecodeError({ request, response: hand(reason.response), ...rest })
    case "EmptyBodyError":
      return new HttpClientError.EmptyBodyError({ request, response: hand(reason.response), ...rest })
  }
}

/** The defect, or a replacement if it holds a secret or can't be searched. */
export const silentDefect = (defect: unknown, secrets: SecretTexts): unknown =>
  isSilent(defect, finder(secrets))
    ? defect
    : Object.assign(new Error(`may hold a secret: ${Object(defect).constructor?.name}`), codeOnly(defect))

/** The error codes of the system, of TLS and of undici: words without digits, so a secret does not match. */
const systemCode = /^(?:E[A-Z]{3,20}|(?:EAI|ERR|UND_ERR)(?:_[A-Z]{2,20}){1,6})$/

/** A replacement for a cause that can't be shown: an error with only its code. */
const codeOnly = (cause: unknown): (Error & { readonly code: string }) | undefined => {
  let one = cause
  for (let depth = 0; depth < 8 && one instanceof Error; depth++) {
    const code: unknown = "code" in one ? one.code : undefined
    if (typeof code === "string" && systemCode.test(code)) return Object.assign(new Error(code), { code })
    one = one.cause
  }
  return undefined
}

/** The most values of one cause that are searched; a cause with more counts as holding a secret. */
const most = 500

/**
 * Whether a value and everything it refers to has no secret. `false` for the platform's own errors (they hold
 * requests), for the engine's JSON error (it quotes the text), and for values that can't be searched.
 */
const isSilent = (value: unknown, holds: (text: string) => boolean, seen = new Set<unknown>()): boolean => {
  if (typeof value === "string") return !holds(value)
  if (typeof value !== "object" || value === null || seen.has(value) || isAuthError(value)) return true
  if (HttpClientError.isHttpClientError(value) || value instanceof SyntaxError) return false
  seen.add(value)
  if (seen.size > most) return false
  // An object of another class may have hidden fields that are printed.
  if (!(value instanceof Error) && value.constructor !== Object && !Array.isArray(value)) return false
  return [...Reflect.ownKeys(value), "name", "message", "stack", "cause"].every((name) => {
    try {
      return isSilent(Reflect.get(value, name), holds, seen)
    } catch {
      return false
    }
  })
}

/**
 * An authentication failure as an error of a plain `HttpClient`. A failure that may pass by itself becomes a transport
 * error, which `retryTransient` repeats; other failures become an error that is not repeated.
 */
export const carrying = (
  error: AuthError,
  request: HttpClientRequest.HttpClientRequest
): HttpClientError.HttpClientError =>
  new HttpClientError.HttpClientError({
    reason: error._tag === "ProviderUnavailable" || error._tag === "TokenStoreError"
      ? new HttpClientError.TransportError({ request, cause: error, description: error.message })
      : new HttpClientError.EncodeError({ request, cause: error, description: error.message })
  })

/** Whether the contract does not list the status of the answer: a derived client then fails without a cause. */
export const isUnlisted = (error: unknown): boolean =>
  HttpClientError.isHttpClientError(error) && error.reason.cause === undefined &&
  (error.reason._tag === "DecodeError" || error.reason._tag === "StatusCodeError")

/** The error of making a stream from a response without a body. */
export const isEmptyBody = (error: HttpClientError.HttpClientError): boolean => error.reason._tag === "EmptyBodyError"

/**
 * The failure of a call to a token endpoint without an answer. Unless the request was surely not sent, it may have been
 * carried out.
 */
export const toExchangeFailure = (error: HttpClientError.HttpClientError): ExchangeFailure => {
  const { reason } = error
  if (reason._tag === "InvalidUrlError") return new ExchangeFailure({ kind: "config", sent: "no", reason: "url" })
  const isUnsent = reason._tag === "EncodeError" || (reason._tag === "TransportError" && provesUnsent(reason.cause))
  return new ExchangeFailure({ kind: "transient", sent: isUnsent ? "no" : "unknown", reason: "transport" })
}
