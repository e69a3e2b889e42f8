/**
 * Every public error of `@effect-auth`; no other module defines one. The tag says what to do next; the `reason` says
 * why.
 *
 * An error never holds a request, a response, a body, a header or a parse error. It holds only the fields below, and
 * all of them are safe to print. Texts that a server sent are shortened, and secrets are removed from them.
 *
 * | tag | the caller should |
 * | --- | --- |
 * | `AccessTokenRejected` | report it: this token will not work here |
 * | `RefreshTokenRejected` | sign the user in again |
 * | `TokenRequestRejected` | fix the input |
 * | `SignInRequired` | sign in |
 * | `RefreshOutcomeUnknown` | sign in |
 * | `AuthMisconfigured` | fix the configuration |
 * | `ProviderUnavailable` | wait |
 * | `TokenStoreError` | look at the store |
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

/**
 * Marks every error of this module.
 *
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: unique symbol = Symbol.for("@effect-auth/core/AuthError")

/**
 * The type of {@link TypeId}.
 *
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = typeof TypeId

/** The fields of every error: the session, the operation, and the HTTP status if there was an answer. */
const common = {
  /** The provider's name, such as `placewise`; empty if it is not known. */
  provider: Schema.String,
  /** The application's own id of the account. */
  account: Schema.String,
  /** The operation that failed: `signIn`, `refresh`, `signOut`, `call`, … */
  operation: Schema.String,
  /** The HTTP status of the answer (100 to 599); absent if there was no answer. */
  status: Schema.optional(Schema.Number)
}

/** The fields of an OAuth error body (RFC 6749 section 5.2), shortened and without secrets. */
const oauth = {
  /** The code under `error`, such as `invalid_grant`. */
  error: Schema.optional(Schema.String),
  /** The text under `error_description`. */
  errorDescription: Schema.optional(Schema.String)
}

const about = (self: { readonly provider: string; readonly operation: string; readonly status?: number | undefined }) =>
  `${self.provider} ${self.operation}`.trim() + (self.status === undefined ? "" : ` (HTTP ${self.status})`)

const said = (self: { readonly error?: string | undefined; readonly errorDescription?: string | undefined }) =>
  (self.error === undefined ? "" : `: ${self.error}`) +
  (self.errorDescription === undefined ? "" : ` (${self.errorDescription})`)

/** The second half of the message, for each reason. */
const refusals = {
  "session-changed": "another session began meanwhile, and the request belongs to the one before",
  "rejected-again": "a new token was refused a moment ago too, so signing in again does not help",
  body: "the request has a body that can't be sent twice",
  policy: "the replay policy does not allow sending the request twice"
} as const

/**
 * The API refused the access token, and a replay was not possible or did not help:
 *
 * - `rejected-again`: a new token was refused too. It is not renewed again in its first 30 seconds (or half of its lifetime).
 * - `body`: the request's body can't be sent twice
 * - `policy`: the replay policy does not allow a second send
 * - `session-changed`: another session began while the request was sent or waited for a token. Nothing shows that both
 *   sessions have the same principal.
 *
 * The session is kept, and it was refreshed if that was possible.
 *
 * @since 0.1.0
 * @category errors
 */
export class AccessTokenRejected extends Schema.TaggedError<AccessTokenRejected>(
  "@effect-auth/core/AccessTokenRejected"
)("AccessTokenRejected", {
  ...common,
  reason: Schema.Literals(["rejected-again", "body", "policy", "session-changed"])
}) {
  readonly [TypeId]: TypeId = TypeId
  /** Trying the same again later does not help. */
  readonly isRetryable = false
  override get message(): string {
    if (this.reason === "session-changed") {
      return `${about(this)}: not sent again (session-changed); ${refusals[this.reason]}`
    }
    return `${about(this)}: the access token was refused (${this.reason}); ${refusals[this.reason]}`
  }
}

/**
 * The server refused the refresh token: sign the user in again. The refresh token was sent once, and is erased from the
 * store.
 *
 * @since 0.1.0
 * @category errors
 */
export class RefreshTokenRejected extends Schema.TaggedError<RefreshTokenRejected>(
  "@effect-auth/core/RefreshTokenRejected"
)("RefreshTokenRejected", { ...common, ...oauth }) {
  readonly [TypeId]: TypeId = TypeId
  /** Trying the same again later does not help. */
  readonly isRetryable = false
  override get message(): string {
    return `${about(this)}: the refresh token was refused; sign in again${said(this)}`
  }
}

/**
 * A sign-in, or tokens that were passed to `adopt`, were refused: fix the input. `credentials`: wrong, or already used
 * · `banned`: the account is blocked · `request`: a field is invalid · `unknown`: the provider gives no reason.
 *
 * @since 0.1.0
 * @category errors
 */
export class TokenRequestRejected extends Schema.TaggedError<TokenRequestRejected>(
  "@effect-auth/core/TokenRequestRejected"
)("TokenRequestRejected", {
  ...common,
  ...oauth,
  reason: Schema.Literals(["credentials", "banned", "request", "unknown"])
}) {
  readonly [TypeId]: TypeId = TypeId
  /** Trying the same again later does not help. */
  readonly isRetryable = false
  override get message(): string {
    return `${about(this)}: the request was refused, ${this.reason}${said(this)}`
  }
}

/**
 * There is no session: sign in. `never`: there was no sign-in yet · `signed-out` · `expired`: the access token has
 * expired, and there is no refresh token or it has expired too.
 *
 * @since 0.1.0
 * @category errors
 */
export class SignInRequired extends Schema.TaggedError<SignInRequired>("@effect-auth/core/SignInRequired")(
  "SignInRequired",
  { ...common, reason: Schema.Literals(["never", "signed-out", "expired"]) }
) {
  readonly [TypeId]: TypeId = TypeId
  /** Trying the same again later does not help. */
  readonly isRetryable = false
  override get message(): string {
    return `${about(this)}: sign in first (${this.reason})`
  }
}

/**
 * A refresh token was sent, the answer was lost, and sending it again failed: sign in. This is not {@link
 * RefreshTokenRejected}, because the cause is an interrupted rotation and not a grant that ended.
 *
 * @since 0.1.0
 * @category errors
 */
export class RefreshOutcomeUnknown extends Schema.TaggedError<RefreshOutcomeUnknown>(
  "@effect-auth/core/RefreshOutcomeUnknown"
)("RefreshOutcomeUnknown", { ...common, ...oauth }) {
  readonly [TypeId]: TypeId = TypeId
  /** Trying the same again later does not help. */
  readonly isRetryable = false
  override get message(): string {
    return `${about(this)}: a refresh was interrupted and its outcome was lost; sign in again`
  }
}

/** Explains the reasons that come without a text of the server. */
const hints: { readonly [reason: string]: string | undefined } = {
  client: "look at the client token, client id or client secret",
  origin: "the request's server is not one of the provider's origins; the token was not sent",
  insecure: "plain http is allowed only to this machine; nothing was sent",
  "authorization-header":
    "the request has an Authorization header of its own; remove it, or set the option `authorization`",
  credentials: "the Effect in the option `credentials` failed"
}

/**
 * The application's configuration is wrong: fix it. The session is kept; a refresh can't help.
 *
 * The server answers with: `client` (client token, id or secret) · `permission` · `feature` · `header` · `scope` ·
 * `request` (the server could not read it). Refused before anything is sent: `origin` · `insecure` ·
 * `authorization-header` · `url` · `credentials` (the credentials Effect failed) · `options`.
 *
 * @since 0.1.0
 * @category errors
 */
export class AuthMisconfigured extends Schema.TaggedError<AuthMisconfigured>("@effect-auth/core/AuthMisconfigured")(
  "AuthMisconfigured",
  {
    ...common,
    ...oauth,
    reason: Schema.Literals([
      "client",
      "permission",
      "feature",
      "header",
      "scope",
      "request",
      "origin",
      "insecure",
      "authorization-header",
      "url",
      "credentials",
      "options"
    ])
  }
) {
  readonly [TypeId]: TypeId = TypeId
  /** Trying the same again later does not help. */
  readonly isRetryable = false
  override get message(): string {
    const hint = this.error === undefined && this.errorDescription === undefined ? hints[this.reason] : undefined
    return `${about(this)}: misconfigured, ${this.reason}${said(this)}` + (hint === undefined ? "" : `: ${hint}`)
  }
}

/**
 * The provider can't answer now: wait. The session is kept.
 *
 * - `transport`: the server was not reached, or the connection broke
 * - `timeout`: it did not answer in time
 * - `rate-limited`: it answered 429
 * - `server`: it answered 5xx or 408
 * - `malformed`: the answer can't be read
 * - `refused`: the server refused, but perhaps the refusal is not final
 * - `backoff`: a call failed a moment ago, and the next one is not due yet
 * - `closing`: the layer is closing
 * - `busy`: another process is refreshing and takes too long
 * - `defect`: the provider's code threw
 *
 * @since 0.1.0
 * @category errors
 */
export class ProviderUnavailable extends Schema.TaggedError<ProviderUnavailable>(
  "@effect-auth/core/ProviderUnavailable"
)("ProviderUnavailable", {
  ...common,
  ...oauth,
  reason: Schema.Literals([
    "transport",
    "timeout",
    "rate-limited",
    "server",
    "malformed",
    "refused",
    "backoff",
    "closing",
    "busy",
    "defect"
  ]),
  /** How long to wait before the next try (a `Duration`; milliseconds when encoded); absent if it is not known. */
  retryAfter: Schema.optional(Schema.DurationFromMillis),
  /** With `malformed`: the name of the field that can't be read; never its value. */
  detail: Schema.optional(Schema.String)
}) {
  readonly [TypeId]: TypeId = TypeId
  /** Trying the same again later can help. */
  readonly isRetryable = true
  override get message(): string {
    return `${about(this)}: unavailable, ${this.reason}${said(this)}` +
      (this.detail === undefined ? "" : `: ${this.detail}`)
  }
}

/**
 * The token store failed: check the store.
 *
 * - `unavailable`: it did not answer
 * - `corrupt`: the record can't be read
 * - `tampered`: the record was altered
 * - `missing-key`: the key that sealed the record is not configured
 * - `mismatch`: the record belongs to another provider, realm or account
 * - `permissions`: other users can read the store's files, or a right at the database is missing
 * - `misconfigured`: the settings of the store or of its server can't work. Trying again does not help.
 *
 * @since 0.1.0
 * @category errors
 */
export class TokenStoreError extends Schema.TaggedError<TokenStoreError>("@effect-auth/core/TokenStoreError")(
  "TokenStoreError",
  {
    ...common,
    reason: Schema.Literals([
      "unavailable",
      "corrupt",
      "tampered",
      "missing-key",
      "mismatch",
      "permissions",
      "misconfigured"
    ]),
    /** The cause, in the words of the store's module; never a part of a record. */
    detail: Schema.optional(Schema.String),
    /**
     * The version (a count of writes, from 1) of a record that can't be read, if the store knows it. A sign-in or a
     * sign-out replaces the record.
     */
    version: Schema.optional(Schema.Number)
  }
) {
  readonly [TypeId]: TypeId = TypeId
  /** Trying the same again later can help only when the store did not answer. */
  get isRetryable(): boolean {
    return this.reason === "unavailable"
  }
  override get message(): string {
    return `${about(this)}: token store ${this.reason}` + (this.detail === undefined ? "" : `: ${this.detail}`) +
      (this.version === undefined ? "" : "; signing in or signing out replaces this record")
  }
}

/**
 * Every error of authentication.
 *
 * @since 0.1.0
 * @category errors
 */
export type AuthError =
  | AccessTokenRejected
  | RefreshTokenRejected
  | TokenRequestRejected
  | SignInRequired
  | RefreshOutcomeUnknown
  | AuthMisconfigured
  | ProviderUnavailable
  | TokenStoreError

/**
 * The schema of {@link AuthError}, for errors that cross a boundary.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AuthError = Schema.Union([
  AccessTokenRejected,
  RefreshTokenRejected,
  TokenRequestRejected,
  SignInRequired,
  RefreshOutcomeUnknown,
  AuthMisconfigured,
  ProviderUnavailable,
  TokenStoreError
])

/**
 * Whether a value is one of the errors above.
 *
 * @since 0.1.0
 * @category guards
 */
export const isAuthError = (u: unknown): u is AuthError => Predicate.hasProperty(u, TypeId)

/**
 * Whether only a new sign-in helps: `SignInRequired`, `RefreshTokenRejected` or `RefreshOutcomeUnknown`.
 *
 * ```ts
 * Effect.catchIf(program, AuthError.requiresSignIn, (error) => redirectToSignIn(error.account))
 * ```
 *
 * @since 0.1.0
 * @category guards
 */
export const requiresSignIn = (
  error: unknown
): error is SignInRequired | RefreshTokenRejected | RefreshOutcomeUnknown =>
  isAuthError(error) &&
  (error._tag === "SignInRequired" || error._tag === "RefreshTokenRejected" || error._tag === "RefreshOutcomeUnknown")

/**
 * The errors of asking for an access token.
 *
 * @since 0.1.0
 * @category errors
 */
export type AccessTokenError =
  | AccessTokenRejected
  | SignInRequired
  | RefreshTokenRejected
  | RefreshOutcomeUnknown
  | TokenRequestRejected
  | AuthMisconfigured
  | ProviderUnavailable
  | TokenStoreError

/**
 * The errors of a sign-in.
 *
 * @since 0.1.0
 * @category errors
 */
export type SignInError = TokenRequestRejected | AuthMisconfigured | ProviderUnavailable | TokenStoreError
