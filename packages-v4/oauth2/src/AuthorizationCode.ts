/**
 * The authorization code grant: a person signs in at the authorization server, and the code that comes back is exchanged
 * for tokens. `Authorization` begins and ends such a sign-in. `AuthorizationRoutes` and `Loopback` do both for a web server
 * and for a command line.
 *
 * @see RFC 6749 section 4.1: https://www.rfc-editor.org/rfc/rfc6749#section-4.1
 * @since 0.1.0
 */
import type { Extended } from "@effect-auth/core/AuthProvider"
import type { AdoptedTokens, WithResources } from "@effect-auth/core/AuthService"
import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Claims, SignatureCheck } from "./IdToken.ts"
import * as idTokens from "./internal/idToken.ts"
import * as session from "./internal/session.ts"
import { withSubject } from "./internal/subject.ts"
import * as tokenCall from "./internal/tokenCall.ts"
import type { OAuth2Client } from "./OAuth2Client.ts"

/**
 * What came back, and what was kept for it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Credentials {
  readonly code: Redacted.Redacted<string>
  /** The verifier whose challenge went with the request (RFC 7636). There is no sign-in without one. */
  readonly verifier: Redacted.Redacted<string>
  /** As in the request, letter by letter. */
  readonly redirectUri: string
  /** The nonce of the request: an ID token must be there and carry it. Absent: an ID token is not asked for. */
  readonly nonce?: string | undefined
  /** What was asked for, where it was not the client's own scopes. */
  readonly scopes?: ReadonlyArray<string> | undefined
}

/**
 * How ID tokens are checked.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * `IdToken.signature` checks the signature of the ID token against the server's keys. The token comes from the server over
   * TLS, so it need not be checked (OpenID Connect Core section 3.1.3.7, item 6). Default: it is not.
   */
  readonly signature?: SignatureCheck | undefined
}

/**
 * The tokens, and the claims where an ID token was asked for.
 *
 * @since 0.1.0
 * @category models
 */
export interface SignedIn {
  /** With the time of the request, from which their life counts. */
  readonly tokens: AdoptedTokens
  readonly claims: Claims | undefined
}

/**
 * Exchanges a code, once. For a session use {@link provider}, or adopt what this gives.
 *
 * @see RFC 6749 section 4.1.3, RFC 7636 section 4.5
 * @since 0.1.0
 * @category combinators
 */
export const exchange = Effect.fnUntraced(function*(
  client: OAuth2Client,
  credentials: Credentials,
  options: Options = {}
): Effect.fn.Return<SignedIn, ExchangeFailure> {
  const { nonce } = credentials
  const obtainedAt = yield* Clock.currentTimeMillis
  const issued = yield* tokenCall.token(client, {
    grant_type: "authorization_code",
    code: Redacted.value(credentials.code),
    redirect_uri: credentials.redirectUri,
    code_verifier: Redacted.value(credentials.verifier)
  })
  const tokens = { ...tokenCall.asAsked(issued.tokens, credentials.scopes ?? client.scopes), obtainedAt }
  if (nonce === undefined) return { tokens, claims: undefined }
  const claims = yield* idTokens.check(client, issued.idToken, { nonce, signature: options.signature })
  return { tokens: { ...tokens, subject: claims.sub }, claims }
})

/**
 * The grant as a provider: codes work once, and a code that was used is refused before it is sent.
 *
 * @since 0.1.0
 * @category constructors
 */
export const provider = (
  client: OAuth2Client,
  options?: Options
): Extended<Credentials, WithResources<Credentials>> => ({
  ...session.common(client),
  ...session.renewing(client, withSubject),
  signIn: (credentials) => Effect.map(exchange(client, credentials, options), ({ tokens }) => tokens),
  singleUse: true,
  fingerprint: ({ code }) => Redacted.value(code)
})
