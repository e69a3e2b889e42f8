/**
 * The JWT bearer grant, for service accounts: an assertion, signed with the account's private key, is exchanged for an
 * access token. Each exchange has a new assertion; there is no refresh token.
 *
 * ```ts
 * import * as JwtBearer from "@effect-auth/oauth2/JwtBearer"
 * import * as SigningKey from "@effect-auth/oauth2/SigningKey"
 * import * as Effect from "effect/Effect"
 * import type * as Redacted from "effect/Redacted"
 *
 * // A Google service account: the members of its JSON key file.
 * const google = (email: string, keyId: string, privateKey: Redacted.Redacted) =>
 *   Effect.map(SigningKey.fromPem(privateKey), (key) =>
 *     JwtBearer.signed({
 *       key,
 *       keyId,
 *       issuer: email,
 *       audience: "https://oauth2.googleapis.com/token",
 *       claims: { scope: "https://www.googleapis.com/auth/calendar.readonly" }
 *     }))
 * ```
 *
 * @see RFC 7523 section 2.1: https://www.rfc-editor.org/rfc/rfc7523#section-2.1
 * @since 0.1.0
 */
import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { unsent } from "./internal/failures.ts"
import * as jwt from "./internal/jwt.ts"
import * as session from "./internal/session.ts"
import * as tokenCall from "./internal/tokenCall.ts"
import * as OAuth2Client from "./OAuth2Client.ts"

/**
 * Where the assertion comes from, and whose session it is: the name of the service account, or of the person whom it
 * stands for. The name is part of the realm, so it must not be a secret.
 *
 * @since 0.1.0
 * @category models
 */
export interface Assertion {
  readonly subject: string
  /** Runs for each exchange. */
  readonly make: Effect.Effect<Redacted.Redacted<string>, unknown>
}

/**
 * An assertion that is signed here.
 *
 * @see RFC 7523 section 3: https://www.rfc-editor.org/rfc/rfc7523#section-3
 * @since 0.1.0
 * @category constructors
 */
export const signed = (options: {
  readonly key: CryptoKey
  readonly keyId?: string | undefined
  readonly issuer: string
  /** Whom it stands for. Default: the issuer itself. */
  readonly subject?: string | undefined
  readonly audience: string
  /** Default: 5 minutes. */
  readonly lifetime?: Duration.Input | undefined
  /** Further claims: `scope` at Google. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
}): Assertion => ({
  subject: options.subject ?? options.issuer,
  make: Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const iat = Math.floor(now / 1000)
    return jwt.sign(options.key, options.keyId === undefined ? {} : { kid: options.keyId }, {
      ...options.claims,
      iss: options.issuer,
      sub: options.subject ?? options.issuer,
      aud: options.audience,
      iat,
      exp: iat + Math.floor(Duration.toSeconds(options.lifetime ?? "5 minutes")),
      jti: jwt.randomText()
    })
  })
})

/**
 * The grant as a provider. `signIn` takes nothing: the assertion is the credential.
 *
 * @since 0.1.0
 * @category constructors
 */
export const provider = (client: OAuth2Client.OAuth2Client, assertion: Assertion): AuthProvider<void> => ({
  ...session.common(client, { subject: [assertion.subject], scope: client.scopes }),
  rotation: "none",
  signIn: () =>
    assertion.make.pipe(
      Effect.mapError(() => unsent("client", "the Effect that makes the assertion failed")),
      Effect.flatMap((text) =>
        tokenCall.token(client, {
          grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
          assertion: Redacted.value(text),
          scope: tokenCall.scopeText(client, client.scopes)
        })
      ),
      Effect.map(({ tokens }) => ({ ...tokenCall.asAsked(tokens, client.scopes), refreshToken: undefined }))
    )
})

/**
 * The session of the service account. It signs in by itself. Closing the scope stops its schedule.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: OAuth2Client.Options,
  assertion: Assertion,
  behaviour?: Omit<AuthService.Options<void>, "credentials">
): Effect.Effect<
  AuthService.AuthService<void>,
  AuthMisconfigured,
  HttpClient.HttpClient | TokenStore | Scope.Scope
> =>
  Effect.flatMap(
    OAuth2Client.make(options),
    (client) => AuthService.make(provider(client, assertion), { ...behaviour, credentials: Effect.void })
  )
