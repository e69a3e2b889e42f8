/**
 * What every provider needs to call its token endpoint: a client to put under the one derived from the contract, which
 * turns each way of failing into an {@link ExchangeFailure} that says what became of the request.
 *
 * ```ts
 * const http = TokenEndpoint.client(httpClient, {
 *   classify: (answer) => TokenEndpoint.common(answer) ?? TokenEndpoint.oauth(answer)
 * })
 * const api = yield* HttpApiClient.makeWith(ExampleApi, { httpClient: http, baseUrl })
 * const refresh = (token: Redacted.Redacted<string>) =>
 *   TokenEndpoint.exchange(api.token.create({ payload: { grant_type: "refresh_token", refresh_token: token } })).pipe(
 *     Effect.map(TokenEndpoint.tokenResponse)
 *   )
 * ```
 *
 * Requests go over https only (loopback excepted), never follow a redirect and are not traced, because a path may hold
 * an e-mail address. A `fetch` client gets `redirect: "manual"` for them; the other clients of the platform follow
 * nothing by themselves. Don't put `HttpClient.followRedirects` inside: it would repeat the secrets elsewhere.
 *
 * @since 0.1.0
 */
import type * as Headers from "@effect/platform/Headers"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { AuthMisconfigured, ProviderUnavailable, TokenRequestRejected } from "./AuthError.ts"
import type { TokenResponse } from "./AuthProvider.ts"
import { ExchangeFailure, type Kind, type Reason, type Sent } from "./ExchangeFailure.ts"
import * as errors from "./internal/errors.ts"
import * as tokenCall from "./internal/tokenCall.ts"
import * as WireSchema from "./WireSchema.ts"

/**
 * An answer that is not a success, as a provider classifies it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Answer {
  readonly status: number
  readonly headers: Headers.Headers
  /** The parsed JSON; `undefined` when the body was empty, too long or not JSON. Not scrubbed: compare, don't show. */
  readonly body: unknown
  /** The text under `error`, cut and scrubbed. */
  readonly error: string | undefined
  /** The text under `error_description`, cut and scrubbed. */
  readonly errorDescription: string | undefined
  /** What the `Retry-After` header told. */
  readonly retryAfter: Duration.Duration | undefined
  /** When it had been read (epoch milliseconds): for dates that stand elsewhere in it. */
  readonly at: number
  /** Cuts a text of the answer and removes every secret of the request from it. */
  readonly scrub: (text: string) => string
}

/**
 * How a provider's token calls differ.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** What an answer outside 2xx means; redirects are dealt with before. */
  readonly classify: (answer: Answer) => ExchangeFailure
  /** Headers that are set last, over what the contract and the body bring: an exact `content-type`, an `accept`. */
  readonly headers?: Headers.Input | undefined
  /** Lets secrets travel over plain http. Default: no, except to loopback addresses. */
  readonly allowInsecure?: boolean | undefined
}

/**
 * The client that goes under a derived one. Any 2xx with JSON comes back as 200 (an empty one as `{}`); everything else
 * fails. Bodies are read to their end or to 1 MiB and released in every case. There is no deadline in it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const client = (
  httpClient: HttpClient.HttpClient,
  options: Options
): HttpClient.HttpClient.With<ExchangeFailure> => tokenCall.make(httpClient, options)

/**
 * A client for requests with secrets in their headers: `fetch` follows no redirect for it (it would take every header
 * but `Authorization` along), and in logs and spans only headers that can't hold a secret show their values.
 *
 * @since 0.1.0
 * @category combinators
 */
export const hardened: <E, R>(self: HttpClient.HttpClient.With<E, R>) => HttpClient.HttpClient.With<E, R> =
  tokenCall.hardened

/**
 * Leaves one error of a call through a derived client: what could not be encoded was never sent and is a fault of the
 * configuration; what could not be decoded has an unknown outcome. A parse error is not kept, because it quotes.
 *
 * @since 0.1.0
 * @category combinators
 */
export const exchange: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, ExchangeFailure, R> =
  tokenCall.exchange

/**
 * A call that is no exchange of the session (token info, a one-time password): with a deadline, and with public errors.
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
    readonly deadline?: Duration.DurationInput | undefined
  }
): Effect.Effect<A, TokenRequestRejected | AuthMisconfigured | ProviderUnavailable, R> =>
  exchange(self).pipe(
    Effect.interruptible,
    Effect.timeoutFail({
      duration: about.deadline ?? "15 seconds",
      onTimeout: () => new ExchangeFailure({ kind: "transient", sent: "unknown", reason: "timeout" })
    }),
    Effect.mapError((failure) =>
      errors.ofRequest({ provider: about.provider, account: about.account, operation: about.operation }, failure)
    )
  )

/**
 * The failure that an answer stands for, with its status, texts and Retry-After.
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
    errorDescription: answer.errorDescription,
    retryAfter: answer.retryAfter
  })

/**
 * What the statuses mean that mean the same everywhere: redirects, 408, 429 and 5xx. `undefined` for any other.
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
  // The gateway may have given up on a request that was carried out behind it.
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
  temporarily_unavailable: { kind: "transient", reason: "server" },
  server_error: { kind: "transient", reason: "server" }
}

/**
 * What an OAuth error body means. A code that is not documented is `refused`; an answer without a code (a firewall's)
 * is transient, because it says nothing about the session.
 *
 * @see RFC 6749 section 5.2: https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 * @since 0.1.0
 * @category combinators
 */
export const oauth = (answer: Answer): ExchangeFailure => {
  const code = errorCode(answer)
  const known = code !== undefined && Object.hasOwn(oauthErrors, code) ? oauthErrors[code] : undefined
  if (known !== undefined) return failure(answer, known)
  const isRefusal = answer.status === 400 || answer.status === 401 || answer.status === 403
  return isRefusal && code !== undefined
    ? failure(answer, { kind: "refused", reason: "unknown" })
    : failure(answer, { kind: "transient", reason: "malformed" })
}

/**
 * The `error` of a body, as it was sent: for comparing. `undefined` where there is none or it is empty.
 *
 * @since 0.1.0
 * @category getters
 */
export const errorCode = (answer: Pick<Answer, "body">): string | undefined => {
  const code = tokenCall.textAt(answer.body, "error")
  return code === "" ? undefined : code
}

/**
 * What a Retry-After value asks for: seconds or an HTTP date, an hour at most. What is past, negative or can't be read
 * asks for nothing.
 *
 * @see RFC 9110 section 10.2.3: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 * @since 0.1.0
 * @category conversions
 */
export const retryAfter = (value: string | undefined): Effect.Effect<Duration.Duration | undefined> =>
  Effect.map(Clock.currentTimeMillis, (now) => tokenCall.retryAfter(value, now))

/**
 * The body of a token response. Only the access token is needed; `expires_in` and `scope` may be anything, because a
 * pair that was issued must not be lost for what a session can do without: what can be read of them is read.
 *
 * @see RFC 6749 section 5.1: https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 * @since 0.1.0
 * @category schemas
 */
export const TokenBody = Schema.Struct({
  access_token: WireSchema.Token,
  refresh_token: Schema.optional(Schema.NullOr(WireSchema.Secret)),
  token_type: Schema.optional(Schema.NullOr(Schema.String)),
  expires_in: Schema.optional(Schema.Unknown.annotations({ jsonSchema: { type: "integer" } })),
  scope: Schema.optional(
    Schema.Unknown.annotations({ jsonSchema: { anyOf: [{ type: "string" }, { type: "null" }] } })
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
 * The response as the session machine takes it.
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
