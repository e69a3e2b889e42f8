/**
 * Helpers for calling a token endpoint: a client to use below the one that is derived from the contract. It turns every
 * failure into an {@link ExchangeFailure} that says whether the request was carried out.
 *
 * ```ts
 * const http = TokenEndpoint.client(httpClient, {
 *   classify: (answer) => TokenEndpoint.common(answer) ?? TokenEndpoint.oauth(answer)
 * })
 * const api = yield* HttpApiClient.makeWith(ExampleApi, { httpClient: http, baseUrl })
 * const refresh = (token: Redacted.Redacted<string>) =>
 *   TokenEndpoint.issued(api.token.create({ payload: { grant_type: "refresh_token", refresh_token: token } }))
 * ```
 *
 * Requests go over https only (except loopback) and never follow a redirect. They are not traced, because a path may
 * hold an e-mail address. A `fetch` client gets `redirect: "manual"`; the other clients of the platform follow no
 * redirects by themselves. Don't put `HttpClient.followRedirects` inside: it would send the secrets to another server.
 *
 * Each request is sent once. If a client inside retries, it is stopped before the second send, because a refresh token
 * that is sent twice may end its session; the outcome is then unknown. This check finds `HttpClient.retry`,
 * `retryTransient` and other retries that are made with `transformResponse` on every client, and all other retries on
 * `fetch`. It does not find other retries on other clients. Put no retry inside: the session machine repeats an
 * exchange when that is safe.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Schema from "effect/Schema"
import type { AuthMisconfigured, ProviderUnavailable, TokenRequestRejected } from "./AuthError.ts"
import type { TokenResponse } from "./AuthProvider.ts"
import { ExchangeFailure, type Kind, type Reason, type Sent } from "./ExchangeFailure.ts"
import * as gateway from "./internal/http/gatewayError.ts"
import * as hardenedClient from "./internal/http/hardened.ts"
import { readBody } from "./internal/http/readBody.ts"
import * as retryAfterHeader from "./internal/http/retryAfter.ts"
import * as tokenCall from "./internal/http/tokenCall.ts"
import * as errors from "./internal/session/errors.ts"
import type { Answer, Options } from "./internal/shapes/answer.ts"
import * as WireSchema from "./WireSchema.ts"

export type { Answer, Options } from "./internal/shapes/answer.ts"

/**
 * The client to use below a derived client. A 2xx answer with JSON, a form or no body comes back as JSON (the values of
 * a form are texts, and no body is `{}`); every other answer fails. Inside {@link exchange} a success gets the status
 * that the contract lists, whichever 2xx the server sent; outside of it the status is 200.
 *
 * Bodies are read to their end or to 1 MiB, and always released. Requests ask for an uncompressed answer; compressed
 * ones can be read too: gzip and deflate on platforms with `DecompressionStream`; Brotli in Node (20.16 and later),
 * Bun, Deno and browsers. The limit also applies to the decompressed body. If a client inside has read the body (to log
 * it), the copy in the response is used; without a copy, the outcome is unknown. The client has no deadline.
 *
 * @since 0.1.0
 * @category constructors
 */
export const client = (
  httpClient: HttpClient.HttpClient,
  options: Options
): HttpClient.HttpClient.With<ExchangeFailure> => tokenCall.make(httpClient, options)

/**
 * A client for requests with secrets in their headers. `fetch` follows no redirect, because it would forward every
 * header except `Authorization`. Logs and spans show only the values of headers that can't hold a secret.
 *
 * @since 0.1.0
 * @category combinators
 */
export const hardened: <E, R>(self: HttpClient.HttpClient.With<E, R>) => HttpClient.HttpClient.With<E, R> =
  hardenedClient.hardened

/**
 * Reduces the errors of a call through a derived client to one. A request that can't be encoded was never sent, and is
 * a configuration fault. An answer that can't be decoded has an unknown outcome. The parse error is dropped, because it
 * quotes values; `detail` names the field. If the contract lists another 2xx than the server sent, the effect is run
 * again on the same answer, and nothing is sent.
 *
 * @since 0.1.0
 * @category combinators
 */
export const exchange: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, ExchangeFailure, R> =
  tokenCall.exchange

/**
 * A call that does not exchange the session's tokens (token info, a one-time password). It has a deadline, and fails
 * with public errors.
 *
 * @since 0.1.0
 * @category combinators
 */
export const call = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  about: {
    readonly provider: string
    readonly account: string
    readonly operation: string
    /** Default: 15 seconds. */
    readonly deadline?: Duration.Input | undefined
  }
): Effect.Effect<A, TokenRequestRejected | AuthMisconfigured | ProviderUnavailable, R> =>
  exchange(self).pipe(
    Effect.interruptible,
    Effect.timeoutOrElse({
      duration: about.deadline ?? "15 seconds",
      orElse: () => Effect.fail(new ExchangeFailure({ kind: "transient", sent: "unknown", reason: "timeout" }))
    }),
    Effect.mapError((failure) =>
      errors.ofRequest({ provider: about.provider, account: about.account, operation: about.operation }, failure)
    )
  )

/**
 * Makes a failure from an answer, with its status, texts and Retry-After.
 *
 * @since 0.1.0
 * @category constructors
 */
export const failure = (
  answer: Answer,
  as: { readonly kind: Kind; readonly reason: Reason; readonly sent?: Sent | undefined }
): ExchangeFailure =>
  new ExchangeFailure({
    kind: as.kind,
    reason: as.reason,
    sent: as.sent ?? "answered",
    status: answer.status,
    error: answer.error,
    errorDescription: answer.errorDescription || undefined,
    retryAfter: answer.retryAfter
  })

/**
 * Classifies the statuses that mean the same at every server: redirects, 408, 429 and 5xx. `undefined` for any other.
 *
 * @see RFC 9110 section 15: https://www.rfc-editor.org/rfc/rfc9110#section-15
 * @since 0.1.0
 * @category combinators
 */
export const common = (answer: Answer): ExchangeFailure | undefined => {
  const { status } = answer
  if (status < 400) return tokenCall.redirected(answer)
  if (status === 429) return failure(answer, { kind: "transient", reason: "rate-limited" })
  if (status === 503) return failure(answer, { kind: "transient", reason: "server" })
  // A gateway may answer this although the server behind it carried out the request.
  if (status === 408 || status >= 500) return failure(answer, { kind: "transient", reason: "server", sent: "unknown" })
  return undefined
}

const oauthErrors: { readonly [code: string]: { readonly kind: Kind; readonly reason: Reason } } = {
  invalid_grant: { kind: "terminal", reason: "credentials" },
  invalid_client: { kind: "config", reason: "client" },
  unauthorized_client: { kind: "config", reason: "client" },
  unsupported_grant_type: { kind: "config", reason: "client" },
  invalid_scope: { kind: "config", reason: "scope" },
  invalid_request: { kind: "config", reason: "request" },
  // RFC 8707 section 2: the server does not know the resource, or issues no token for it.
  invalid_target: { kind: "config", reason: "request" },
  temporarily_unavailable: { kind: "transient", reason: "server" },
  server_error: { kind: "transient", reason: "server" }
}

/**
 * Whether an error comes from a gateway or a framework and not from the token endpoint: an HTML page, an HTTP reason
 * phrase under `error` or `title` (`403 {"error":"Forbidden"}`), or a body that repeats the status
 * (`{"status":403,…}`). Such an error says nothing about the session: treat it as transient, whatever its status is.
 *
 * @since 0.1.0
 * @category getters
 */
export const isGatewayError = (answer: Pick<Answer, "body" | "headers" | "status">): boolean => gateway.isError(answer)

/**
 * Classifies an OAuth error body. The codes of RFC 6749 have the meaning of that RFC. Any other code (one word under
 * `error`) is `refused`. All other answers say nothing about the session, so they are transient: an answer without a
 * code, a sentence instead of a code, and an answer that {@link isGatewayError} recognises.
 *
 * @see RFC 6749 section 5.2: https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 * @since 0.1.0
 * @category combinators
 */
export const oauth = (answer: Answer): ExchangeFailure => {
  const code = errorCode(answer)
  const known = code !== undefined && Object.hasOwn(oauthErrors, code) ? oauthErrors[code] : undefined
  if (known !== undefined) return failure(answer, known)
  const isRefusal = answer.status < 300 || answer.status === 400 || answer.status === 401 || answer.status === 403
  return isRefusal && code !== undefined && /^\S{1,100}$/.test(code) && !isGatewayError(answer)
    ? failure(answer, { kind: "refused", reason: "unknown" })
    : failure(answer, { kind: "transient", reason: "malformed" })
}

/**
 * The `error` of a body, unchanged, for comparisons. `undefined` if it is absent or empty.
 *
 * @since 0.1.0
 * @category getters
 */
export const errorCode = (answer: Pick<Answer, "body">): string | undefined => {
  const code = tokenCall.textAt(answer.body, "error")
  return code === "" ? undefined : code
}

/**
 * Parses a Retry-After value: seconds (a fraction is rounded up), minutes or hours if the value names that unit, an
 * HTTP or ISO 8601 date, or a duration such as `PT30S`. The same value may stand twice. The result is at most an hour.
 * A past, negative or unreadable value gives `undefined`.
 *
 * @see RFC 9110 section 10.2.3: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 * @since 0.1.0
 * @category conversions
 */
export const retryAfter = (value: string | undefined): Effect.Effect<Duration.Duration | undefined> =>
  Effect.map(Clock.currentTimeMillis, (now) => retryAfterHeader.parse(value, now))

/**
 * Parses the body of a token answer: JSON with any content type, or a form (`access_token=…&token_type=bearer`) with a
 * form's content type, or with `access_token` or `error` in it. `undefined` for everything else.
 *
 * @since 0.1.0
 * @category conversions
 */
export const read: (text: string, contentType: string | undefined) => unknown = readBody

/**
 * The body of a token response. Only the access token is required. `expires_in` and `scope` may have any type: a wrong
 * optional field must not make the session lose tokens that were issued. They are used if they can be read.
 *
 * @see RFC 6749 section 5.1: https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 * @since 0.1.0
 * @category schemas
 */
export const TokenBody = Schema.Struct({
  access_token: WireSchema.Token,
  refresh_token: Schema.optional(Schema.NullOr(WireSchema.Secret)),
  token_type: Schema.optional(Schema.NullOr(Schema.String)),
  expires_in: Schema.optional(Schema.Unknown.annotate({ jsonSchema: { type: "integer" } })),
  scope: Schema.optional(
    Schema.Unknown.annotate({ jsonSchema: { anyOf: [{ type: "string" }, { type: "null" }] } })
  )
})

/**
 * A decoded {@link TokenBody}.
 *
 * @since 0.1.0
 * @category models
 */
export type TokenBody = typeof TokenBody.Type

/**
 * Converts a body to the response that the session machine takes.
 *
 * @since 0.1.0
 * @category conversions
 */
export const tokenResponse = (body: TokenBody): TokenResponse => ({
  accessToken: body.access_token,
  refreshToken: tokenCall.present(body.refresh_token),
  tokenType: body.token_type ?? undefined,
  expiresIn: body.expires_in,
  scopes: tokenCall.scopes(body.scope)
})

/**
 * The usual way to make a token call: {@link exchange}, then {@link tokenResponse}.
 *
 * @since 0.1.0
 * @category combinators
 */
export const issued = <E, R>(self: Effect.Effect<TokenBody, E, R>): Effect.Effect<TokenResponse, ExchangeFailure, R> =>
  Effect.map(exchange(self), tokenResponse)
