/**
 * A person who signs in on another device: the program shows a short code, and asks again and again until it was typed in.
 * All of that happens beside the session, which keeps serving what it has; the tokens are adopted in one step at the end.
 *
 * ```ts
 * import type * as AuthService from "@effect-auth/core/AuthService"
 * import * as DeviceCode from "@effect-auth/oauth2/DeviceCode"
 * import type * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
 * import * as Console from "effect/Console"
 *
 * const signIn = (client: OAuth2Client.OAuth2Client, auth: AuthService.AuthService<DeviceCode.Credentials>) =>
 *   DeviceCode.signIn(auth, client, {
 *     show: ({ userCode, verificationUri }) => Console.log(`Open ${verificationUri} and type ${userCode}`)
 *   })
 * ```
 *
 * @see RFC 8628: https://www.rfc-editor.org/rfc/rfc8628
 * @since 0.1.0
 */
import type { AccessToken } from "@effect-auth/core/AccessToken"
import { type SignInError, TokenRequestRejected } from "@effect-auth/core/AuthError"
import type { Extended } from "@effect-auth/core/AuthProvider"
import type { AuthService, WithResources } from "@effect-auth/core/AuthService"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as WireSchema from "@effect-auth/core/WireSchema"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { SignedIn } from "./AuthorizationCode.ts"
import * as idTokens from "./internal/idToken.ts"
import { toItsEnd } from "./internal/ownFiber.ts"
import { call, type CallError } from "./internal/publicCall.ts"
import * as session from "./internal/session.ts"
import { withSubject } from "./internal/subject.ts"
import * as tokenCall from "./internal/tokenCall.ts"
import * as urls from "./internal/urls.ts"
import type { OAuth2Client } from "./OAuth2Client.ts"

/**
 * What the person needs, and what the program polls with.
 *
 * @see RFC 8628 section 3.2: https://www.rfc-editor.org/rfc/rfc8628#section-3.2
 * @since 0.1.0
 * @category models
 */
export interface DeviceAuthorization {
  readonly deviceCode: Redacted.Redacted<string>
  /** To be typed in. It may be shown, but only to the person who signs in. */
  readonly userCode: string
  /** The page where it is typed in: https, or http on this machine. */
  readonly verificationUri: string
  /** The same page with the code in it, for a QR code. */
  readonly verificationUriComplete: string | undefined
  /** When the codes end (epoch milliseconds). */
  readonly expiresAt: number
  /** How long to wait between two polls. */
  readonly interval: Duration.Duration
}

/**
 * The device code of an authorization that was granted.
 *
 * @since 0.1.0
 * @category models
 */
export interface Credentials {
  readonly deviceCode: Redacted.Redacted<string>
}

const Answer = Schema.Struct({
  device_code: WireSchema.Token,
  user_code: Schema.NonEmptyString,
  verification_uri: Schema.optional(Schema.String),
  // The name of an earlier draft, which Google still sends.
  verification_url: Schema.optional(Schema.String),
  verification_uri_complete: Schema.optional(Schema.NullOr(Schema.String)),
  expires_in: Schema.optional(Schema.Unknown),
  interval: Schema.optional(Schema.Unknown)
})

const malformed = new ExchangeFailure({ kind: "transient", sent: "answered", reason: "malformed", status: 200 })

/** Whether a page may be opened. Pages that route by themselves have a fragment. */
const isPage = (text: string): boolean => {
  const url = urls.parse(text)
  if (url !== undefined) url.hash = ""
  return url !== undefined && urls.isSecure(url)
}

const start = Effect.fnUntraced(function*(
  client: OAuth2Client,
  scopes: ReadonlyArray<string> | undefined
): Effect.fn.Return<DeviceAuthorization, ExchangeFailure> {
  const body = yield* tokenCall.send(client, "deviceAuthorizationEndpoint", {
    scope: tokenCall.scopeText(client, scopes),
    resource: tokenCall.askedResources(client)
  }, { extra: client.parameters, dialect: client.dialect })
  const answer = yield* Effect.mapError(Schema.decodeUnknownEffect(Answer)(body), () => malformed)
  const page = answer.verification_uri ?? answer.verification_url ?? ""
  const complete = answer.verification_uri_complete ?? undefined
  // A page that is opened unseen must be one of the web.
  if (/\p{Cc}/u.test(answer.user_code + page + (complete ?? ""))) return yield* malformed
  if (!isPage(page) || (complete !== undefined && !isPage(complete))) return yield* malformed
  const now = yield* Clock.currentTimeMillis
  return {
    deviceCode: answer.device_code,
    userCode: answer.user_code,
    verificationUri: page,
    verificationUriComplete: complete,
    expiresAt: now + (tokenCall.seconds(answer.expires_in) ?? 600) * 1000,
    interval: Duration.seconds(tokenCall.seconds(answer.interval) ?? 5)
  }
})

/**
 * Asks for a pair of codes.
 *
 * @see RFC 8628 section 3.1
 * @since 0.1.0
 * @category constructors
 */
export const authorize = (
  client: OAuth2Client,
  options?: { readonly scopes?: ReadonlyArray<string> | undefined }
): Effect.Effect<DeviceAuthorization, CallError> =>
  call(client, "authorizeDevice", start(client, options?.scopes ?? client.scopes))

/** What the answers to a poll mean (RFC 8628 section 3.5). */
const errors = {
  authorization_pending: { kind: "transient", reason: "server" },
  slow_down: { kind: "transient", reason: "rate-limited" },
  access_denied: { kind: "terminal", reason: "credentials" },
  expired_token: { kind: "terminal", reason: "credentials" }
} as const

const exchange = (client: OAuth2Client, deviceCode: Redacted.Redacted<string>) =>
  tokenCall.token({ ...client, dialect: { ...client.dialect, errors: { ...client.dialect?.errors, ...errors } } }, {
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    device_code: Redacted.value(deviceCode)
  })

/**
 * The grant as a provider: `signIn` polls once, so use {@link signIn} unless the code is known to be granted.
 *
 * @since 0.1.0
 * @category constructors
 */
export const provider = (client: OAuth2Client): Extended<Credentials, WithResources<Credentials>> => ({
  ...session.common(client),
  ...session.renewing(client, withSubject),
  signIn: ({ deviceCode }) =>
    Effect.map(exchange(client, deviceCode), ({ tokens }) => tokenCall.asAsked(tokens, client.scopes)),
  fingerprint: ({ deviceCode }) => Redacted.value(deviceCode)
})

const redeem = Effect.fnUntraced(function*(
  client: OAuth2Client,
  deviceCode: Redacted.Redacted<string>,
  scopes: ReadonlyArray<string>
): Effect.fn.Return<SignedIn, ExchangeFailure> {
  const obtainedAt = yield* Clock.currentTimeMillis
  const issued = yield* exchange(client, deviceCode)
  const tokens = { ...tokenCall.asAsked(issued.tokens, scopes), obtainedAt }
  if (!scopes.includes("openid")) return { tokens, claims: undefined }
  const claims = yield* idTokens.check(client, issued.idToken)
  return { tokens: { ...tokens, subject: claims.sub }, claims }
})

/** By how much `slow_down` lengthens the interval (RFC 8628 section 3.5). */
const slower = Duration.seconds(5)

/** Failures lengthen the wait to a minute at most. It is never below the interval. */
const slowest = Duration.minutes(1)

/**
 * Polls until the person has decided, and hands each success to `then` in one step that can't be interrupted. Failures that
 * may pass (no connection, 503, a limit) double the wait until the server answers again.
 */
const poll = Effect.fnUntraced(function*<A, E>(
  client: OAuth2Client,
  authorization: DeviceAuthorization,
  scopes: ReadonlyArray<string>,
  account: string,
  then: (signedIn: SignedIn) => Effect.Effect<A, E>
): Effect.fn.Return<A, CallError | E> {
  let { interval } = authorization
  let backoff = interval
  let wait = interval
  while (true) {
    const left = authorization.expiresAt - (yield* Clock.currentTimeMillis)
    yield* Effect.sleep(Duration.min(wait, Duration.millis(left)))
    if ((yield* Clock.currentTimeMillis) >= authorization.expiresAt) {
      const reason = { operation: "signIn", reason: "credentials", error: "expired_token" } as const
      return yield* new TokenRequestRejected({ provider: client.name, account, ...reason })
    }
    const step = call(client, "signIn", redeem(client, authorization.deviceCode, scopes), account).pipe(
      Effect.matchEffect({
        onFailure: (error) => Effect.succeed({ _tag: "Refused" as const, error }),
        onSuccess: (signedIn) => Effect.map(then(signedIn), (value) => ({ _tag: "Done" as const, value }))
      })
    )
    const outcome = yield* toItsEnd(step)
    if (outcome._tag === "Done") return outcome.value
    const { error } = outcome
    if (error._tag !== "ProviderUnavailable") return yield* error
    if (error.error === "slow_down") interval = Duration.sum(interval, slower)
    const isAnswer = error.error === "slow_down" || error.error === "authorization_pending"
    backoff = isAnswer ? interval : Duration.max(interval, Duration.min(Duration.times(backoff, 2), slowest))
    wait = Duration.max(backoff, error.retryAfter ?? Duration.zero)
  }
})

/**
 * Waits until the person has decided, and gives the tokens: for programs that keep them in their own way. Fails with
 * `TokenRequestRejected` when the person says no (`access_denied`) or the codes have ended (`expired_token`).
 *
 * @since 0.1.0
 * @category combinators
 */
export const redeemed = (
  client: OAuth2Client,
  authorization: DeviceAuthorization,
  options?: { readonly scopes?: ReadonlyArray<string> | undefined }
): Effect.Effect<SignedIn, CallError> =>
  poll(client, authorization, options?.scopes ?? client.scopes ?? [], "default", Effect.succeed)

/**
 * Signs a person in: asks for the codes, shows them, waits, and puts the tokens into the session. Interrupt it to give up;
 * tokens that were already issued are adopted all the same.
 *
 * @since 0.1.0
 * @category combinators
 */
export const signIn = Effect.fnUntraced(function*<E, R>(
  auth: Pick<AuthService<never>, "account" | "adopt">,
  client: OAuth2Client,
  options: {
    /** Shows the codes. It may end at once or go on: it is interrupted when the person has decided. */
    readonly show: (authorization: DeviceAuthorization) => Effect.Effect<unknown, E, R>
    readonly scopes?: ReadonlyArray<string> | undefined
  }
): Effect.fn.Return<AccessToken, SignInError | E, R> {
  const scopes = options.scopes ?? client.scopes ?? []
  const authorization = yield* authorize(client, { scopes })
  const shown = Effect.andThen(options.show(authorization), Effect.never)
  return yield* Effect.raceFirst(
    poll(client, authorization, scopes, auth.account, ({ tokens }) => auth.adopt(tokens)),
    shown
  )
})
