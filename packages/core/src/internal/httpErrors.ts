/** The only module that looks inside the platform's HTTP errors: their shape is what changes first between versions. */
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { type AuthError, isAuthError } from "../AuthError.ts"
import { ExchangeFailure } from "../ExchangeFailure.ts"
import { teller } from "./redaction.ts"

export type ResponseError = HttpClientError.ResponseError

/** The response inside an error that a `filterStatus` below the middleware made of it. */
export const filteredResponse = (error: unknown): HttpClientResponse.HttpClientResponse | undefined =>
  HttpClientError.isHttpClientError(error) && error._tag === "ResponseError" && error.reason === "StatusCode"
    ? error.response
    : undefined

/**
 * The same error about the caller's own request, without the token. Any other error is left as it is. The secrets are
 * looked for in what the error was caused by.
 */
export const handedBack = <E>(
  error: E,
  request: HttpClientRequest.HttpClientRequest,
  hand: (response: HttpClientResponse.HttpClientResponse) => HttpClientResponse.HttpClientResponse,
  secretsIn: (sent: HttpClientRequest.HttpClientRequest) => Iterable<string>
): E => {
  if (!HttpClientError.isHttpClientError(error)) return error
  const { cause, description } = error
  const tells = teller(secretsIn(error.request))
  const rest = {
    ...((typeof cause === "string" || cause instanceof Error) && isSilent(cause, tells) ? { cause } : {}),
    ...(description !== undefined && !tells(description) ? { description } : {})
  }
  const rebuilt: HttpClientError.HttpClientError = error._tag === "RequestError"
    ? new HttpClientError.RequestError({ request, reason: error.reason, ...rest })
    : new HttpClientError.ResponseError({ request, response: hand(error.response), reason: error.reason, ...rest })
  // The rebuilt error has the class, and so the type, of the one it replaces.
  return rebuilt as E & HttpClientError.HttpClientError
}

/** What was thrown below, or what stands for it when it holds a secret or can't be looked through. */
export const silentDefect = (defect: unknown, secrets: Iterable<string>): unknown =>
  isSilent(defect, teller(secrets))
    ? defect
    : new Error(`may hold a secret: ${Object(defect).constructor?.name}`)

/** No cause has more in it than this. */
const most = 500

/**
 * Whether nothing that hangs on a value tells a secret. Not silent are the platform's own errors, which hold requests, the
 * engine's JSON error, which quotes the text, and whatever can't be looked through.
 */
const isSilent = (value: unknown, tells: (text: string) => boolean, seen = new Set<unknown>()): boolean => {
  if (typeof value === "string") return !tells(value)
  if (typeof value !== "object" || value === null || seen.has(value) || isAuthError(value)) return true
  if (HttpClientError.isHttpClientError(value) || value instanceof SyntaxError) return false
  seen.add(value)
  if (seen.size > most) return false
  // An object of another class may hide what it holds, and show it when it is printed.
  if (!(value instanceof Error) && value.constructor !== Object && !Array.isArray(value)) return false
  return [...Reflect.ownKeys(value), "name", "message", "stack", "cause"].every((name) => {
    try {
      return isSilent(Reflect.get(value, name), tells, seen)
    } catch {
      return false
    }
  })
}

/**
 * An authentication failure as an error of a plain `HttpClient`. What may pass by itself is a transport error, which
 * `retryTransient` repeats; anything else is not.
 */
export const carrying = (
  error: AuthError,
  request: HttpClientRequest.HttpClientRequest
): HttpClientError.HttpClientError =>
  new HttpClientError.RequestError({
    request,
    reason: error._tag === "ProviderUnavailable" || error._tag === "TokenStoreError" ? "Transport" : "Encode",
    cause: error,
    description: error.message
  })

/** A stream can't be made of a response without a body. */
export const isEmptyBody = (error: HttpClientError.HttpClientError): boolean => error.reason === "EmptyBody"

/** Codes that name a failure to connect by themselves: node and undici, then Bun. */
const neverSent = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EAI_FAIL",
  "UND_ERR_CONNECT_TIMEOUT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_UNTRUSTED",
  "CERT_REVOKED",
  "ConnectionRefused"
])

/** Codes that a connection in use can have too: only while connecting do they prove that nothing was sent. */
const neverSentWhileConnecting = new Set(["EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL", "ETIMEDOUT", "EHOSTDOWN"])

/** Whether an error, or what caused it, proves that the request never left. Browsers tell nothing: `false`. */
const provesUnsent = (cause: unknown, depth = 0): boolean => {
  if (typeof cause !== "object" || cause === null || depth > 8) return false
  const { code, syscall, errors, cause: inner } = cause as {
    readonly code?: unknown
    readonly syscall?: unknown
    readonly errors?: unknown
    readonly cause?: unknown
  }
  // One attempt for each address of a name: all of them must have failed to connect.
  if (Array.isArray(errors) && errors.length > 0) return errors.every((error) => provesUnsent(error, depth + 1))
  if (typeof code === "string") {
    if (neverSent.has(code)) return true
    if (neverSentWhileConnecting.has(code)) return syscall === "connect"
  }
  return provesUnsent(inner, depth + 1)
}

/** A call to a token endpoint that brought no answer. What is not surely unsent may have been carried out. */
export const toExchangeFailure = (error: HttpClientError.HttpClientError): ExchangeFailure => {
  if (error._tag === "RequestError" && error.reason === "InvalidUrl") {
    return new ExchangeFailure({ kind: "config", sent: "no", reason: "url" })
  }
  const isUnsent = error._tag === "RequestError" && (error.reason === "Encode" || provesUnsent(error.cause))
  return new ExchangeFailure({ kind: "transient", sent: isUnsent ? "no" : "unknown", reason: "transport" })
}
