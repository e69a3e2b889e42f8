/**
 * Every public error of `@effect-auth`, and nothing else defines one. A tag says what to do next; a `reason` says why.
 *
 * No error holds a request, a response, a body, a header or a parse error: only the fields below, all of them safe to
 * print. Texts that a server sent are cut and scrubbed before they get here.
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

/** What every error carries: whose session, which operation, and the HTTP status where there was one. */
const common = {
  /** The provider's name, such as `placewise`. */
  provider: Schema.String,
  /** The application's own id of the account. */
  account: Schema.String,
  /** What was being done: `signIn`, `refresh`, `signOut`, `call`, … */
  operation: Schema.String,
  /** The status of the answer, where there was one. */
  status: Schema.optional(Schema.Number)
}

/** What an OAuth error body said (RFC 6749 section 5.2), cut and scrubbed. */
const oauth = {
  error: Schema.optional(Schema.String),
  errorDescription: Schema.optional(Schema.String)
}

const about = (self: { readonly provider: string; readonly operation: string; readonly status?: number | undefined }) =>
  `${self.provider} ${self.operation}`.trim() + (self.status === undefined ? "" : ` (HTTP ${self.status})`)

const said = (self: { readonly error?: string | undefined; readonly errorDescription?: string | undefined }) =>
  (self.error === undefined ? "" : `: ${self.error}`) +
  (self.errorDescription === undefined ? "" : ` (${self.errorDescription})`)

/** What each reason says. */
const refusals = {
  "rejected-again": "so was a new one, a moment ago: signing in again does not help",
  body: "the request has a body that can't be sent twice",
  policy: "the replay policy forbids to send the request twice"
} as const

/**
 * The resource refused the access token and no replay helped. `rejected-again`: a new token was refused too, and is not
 * renewed once more in its first 30 seconds (or half of its life) · `body`: the request's body can't be sent twice ·
 * `policy`: the replay policy forbids a second send. The session is kept; where it could be refreshed, it was.
 *
 * @since 0.1.0
 * @category errors
 */
export class AccessTokenRejected extends Schema.TaggedError<AccessTokenRejected>(
  "@effect-auth/core/AccessTokenRejected"
)("AccessTokenRejected", { ...common, reason: Schema.Literal("rejected-again", "body", "policy") }) {
  readonly [TypeId]: TypeId = TypeId
  override get message(): string {
    return `${about(this)}: the access token was refused (${this.reason}); ${refusals[this.reason]}`
  }
}

/**
 * The refresh token is dead: sign the user in again. The stored refresh token has been erased, and it was presented once.
 *
 * @since 0.1.0
 * @category errors
 */
export class RefreshTokenRejected extends Schema.TaggedError<RefreshTokenRejected>(
  "@effect-auth/core/RefreshTokenRejected"
)("RefreshTokenRejected", { ...common, ...oauth }) {
  readonly [TypeId]: TypeId = TypeId
  override get message(): string {
    return `${about(this)}: the refresh token was refused; sign in again${said(this)}`
  }
}

/**
 * A sign-in (or tokens given to `adopt`) was refused: fix the input. `credentials`: wrong or used up · `banned`: the
 * account is barred · `request`: a field is invalid · `unknown`: the provider does not say.
 *
 * @since 0.1.0
 * @category errors
 */
export class TokenRequestRejected extends Schema.TaggedError<TokenRequestRejected>(
  "@effect-auth/core/TokenRequestRejected"
)("TokenRequestRejected", {
  ...common,
  ...oauth,
  reason: Schema.Literal("credentials", "banned", "request", "unknown")
}) {
  readonly [TypeId]: TypeId = TypeId
  override get message(): string {
    return `${about(this)}: refused, ${this.reason}${said(this)}`
  }
}

/**
 * There is no session: sign in. `never`: nobody signed in · `signed-out` · `expired`: the access token is dead and the
 * provider gave no refresh token, or that is past its known life.
 *
 * @since 0.1.0
 * @category errors
 */
export class SignInRequired extends Schema.TaggedError<SignInRequired>("@effect-auth/core/SignInRequired")(
  "SignInRequired",
  { ...common, reason: Schema.Literal("never", "signed-out", "expired") }
) {
  readonly [TypeId]: TypeId = TypeId
  override get message(): string {
    return `${about(this)}: sign in first (${this.reason})`
  }
}

/**
 * A refresh token was spent, the answer was lost, and asking again with it did not bring the session back: sign in.
 * Distinct from {@link RefreshTokenRejected}, because the cause is an interrupted rotation and not a token that ended.
 *
 * @since 0.1.0
 * @category errors
 */
export class RefreshOutcomeUnknown extends Schema.TaggedError<RefreshOutcomeUnknown>(
  "@effect-auth/core/RefreshOutcomeUnknown"
)("RefreshOutcomeUnknown", { ...common, ...oauth }) {
  readonly [TypeId]: TypeId = TypeId
  override get message(): string {
    return `${about(this)}: a refresh was interrupted and its outcome was lost; sign in again`
  }
}

/** What those say that nobody else explains. */
const hints: { readonly [reason: string]: string | undefined } = {
  client: "look at the client token, client id or client secret",
  origin: "the request goes to a server that the provider does not declare; the token was not sent",
  insecure: "plain http to another machine; nothing was sent",
  "authorization-header":
    "the request has an Authorization header of its own; remove it, or set the option `authorization`",
  credentials: "the Effect in the option `credentials` failed"
}

/**
 * The application's own configuration is at fault: fix it. The session is kept, and a refresh can't help.
 *
 * Told by the server: `client` (client token, id or secret) · `permission` · `feature` · `header` · `scope` · `request`
 * (the server could not read it). Refused before sending: `origin` · `insecure` · `authorization-header` · `url` ·
 * `credentials` (the credentials Effect failed) · `options`.
 *
 * @since 0.1.0
 * @category errors
 */
export class AuthMisconfigured extends Schema.TaggedError<AuthMisconfigured>("@effect-auth/core/AuthMisconfigured")(
  "AuthMisconfigured",
  {
    ...common,
    ...oauth,
    reason: Schema.Literal(
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
    )
  }
) {
  readonly [TypeId]: TypeId = TypeId
  override get message(): string {
    const hint = this.error === undefined && this.errorDescription === undefined ? hints[this.reason] : undefined
    return `${about(this)}: misconfigured, ${this.reason}${said(this)}` + (hint === undefined ? "" : `: ${hint}`)
  }
}

/**
 * The provider can't be asked now: wait. The session is kept. `transport`: not reached, or the connection broke ·
 * `timeout` · `rate-limited` (429) · `server` (5xx, 408) · `malformed`: the answer can't be read · `refused`: a refusal
 * that is not certain to be final · `backoff`: it failed a moment ago and is not asked again yet · `closing`: the layer
 * is being closed · `busy`: another process is refreshing and takes too long · `defect`: the provider's code threw.
 *
 * @since 0.1.0
 * @category errors
 */
export class ProviderUnavailable extends Schema.TaggedError<ProviderUnavailable>(
  "@effect-auth/core/ProviderUnavailable"
)("ProviderUnavailable", {
  ...common,
  ...oauth,
  reason: Schema.Literal(
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
  ),
  /** How long to wait before trying again, where that is known. */
  retryAfter: Schema.optional(Schema.DurationFromMillis)
}) {
  readonly [TypeId]: TypeId = TypeId
  /** Trying later can help. */
  readonly isRetryable = true
  override get message(): string {
    return `${about(this)}: unavailable, ${this.reason}${said(this)}`
  }
}

/**
 * The token store failed: look at the store. `unavailable`: it did not answer · `corrupt`: what it holds can't be
 * read · `tampered`: what it holds was altered · `missing-key`: the key that sealed it is not configured · `mismatch`:
 * the record belongs to another provider, realm or account · `permissions`: its files are readable by others.
 *
 * @since 0.1.0
 * @category errors
 */
export class TokenStoreError extends Schema.TaggedError<TokenStoreError>("@effect-auth/core/TokenStoreError")(
  "TokenStoreError",
  {
    ...common,
    reason: Schema.Literal("unavailable", "corrupt", "tampered", "missing-key", "mismatch", "permissions"),
    /** What the store's driver said, in words of the store's own module; never a record. */
    detail: Schema.optional(Schema.String)
  }
) {
  readonly [TypeId]: TypeId = TypeId
  override get message(): string {
    return `${about(this)}: token store ${this.reason}` + (this.detail === undefined ? "" : `: ${this.detail}`)
  }
}

/**
 * Every way in which authentication can fail.
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
export const AuthError = Schema.Union(
  AccessTokenRejected,
  RefreshTokenRejected,
  TokenRequestRejected,
  SignInRequired,
  RefreshOutcomeUnknown,
  AuthMisconfigured,
  ProviderUnavailable,
  TokenStoreError
)

/**
 * Whether a value is one of the errors above.
 *
 * @since 0.1.0
 * @category guards
 */
export const isAuthError = (u: unknown): u is AuthError => Predicate.hasProperty(u, TypeId)
