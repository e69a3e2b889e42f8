/** The only module that looks inside the platform's HTTP errors: their shape is what changes first between versions. */
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import type { AuthError } from "../AuthError.ts"
import { ExchangeFailure } from "../ExchangeFailure.ts"

export type ResponseError = HttpClientError.ResponseError

/** The response inside an error that a `filterStatus` below the middleware made of it. */
export const filteredResponse = (error: unknown): HttpClientResponse.HttpClientResponse | undefined =>
  HttpClientError.isHttpClientError(error) && error._tag === "ResponseError" && error.reason === "StatusCode"
    ? error.response
    : undefined

/** The request that an error is about. */
export const requestOf = (error: unknown): HttpClientRequest.HttpClientRequest | undefined =>
  HttpClientError.isHttpClientError(error) ? error.request : undefined

/**
 * The same error about the caller's own request, without the token. Any other error is left as it is. `secret` is
 * looked for in what the error was caused by.
 */
export const handedBack = <E>(
  error: E,
  request: HttpClientRequest.HttpClientRequest,
  hand: (response: HttpClientResponse.HttpClientResponse) => HttpClientResponse.HttpClientResponse,
  secret?: string
): E => {
  if (!HttpClientError.isHttpClientError(error)) return error
  const { cause, description } = error
  const rest = {
    ...(isSilent(cause, secret) ? { cause } : {}),
    ...(description !== undefined && isSilent(description, secret) ? { description } : {})
  }
  const rebuilt: HttpClientError.HttpClientError = error._tag === "RequestError"
    ? new HttpClientError.RequestError({ request, reason: error.reason, ...rest })
    : new HttpClientError.ResponseError({ request, response: hand(error.response), reason: error.reason, ...rest })
  // The rebuilt error has the class, and so the type, of the one it replaces.
  return rebuilt as E & HttpClientError.HttpClientError
}

/**
 * Whether a cause may be shown: not one of the platform's own errors, which hold requests, not the engine's JSON error,
 * which quotes the text, and nothing that tells the secret.
 */
const isSilent = (cause: unknown, secret: string | undefined, depth = 0): boolean => {
  if (cause === undefined || cause === null || depth > 4) return cause === undefined || cause === null
  if (typeof cause === "string") return secret === undefined || !cause.includes(secret)
  if (!(cause instanceof Error)) return false
  if (HttpClientError.isHttpClientError(cause) || cause instanceof SyntaxError) return false
  return isSilent(cause.message, secret) && isSilent(cause.cause, secret, depth + 1)
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
