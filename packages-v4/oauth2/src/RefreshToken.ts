/**
 * A session that begins with a refresh token from elsewhere: from a vendor's console, from an older program, from a login
 * that another service carried out.
 *
 * @see RFC 6749 section 6: https://www.rfc-editor.org/rfc/rfc6749#section-6
 * @since 0.1.0
 */
import type { Extended } from "@effect-auth/core/AuthProvider"
import type { WithResources } from "@effect-auth/core/AuthService"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as session from "./internal/session.ts"
import { withSubject } from "./internal/subject.ts"
import * as tokenCall from "./internal/tokenCall.ts"
import type { OAuth2Client } from "./OAuth2Client.ts"

/**
 * The refresh token that the session begins with. It is exchanged at once.
 *
 * @since 0.1.0
 * @category models
 */
export interface Credentials {
  readonly refreshToken: Redacted.Redacted<string>
}

/**
 * The grant as a provider. Where refresh tokens rotate, the one that was given is spent by the sign-in and is not sent
 * again. An answer without a new one keeps it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const provider = (client: OAuth2Client): Extended<Credentials, WithResources<Credentials>> => {
  const renewing = session.renewing(client, withSubject)
  return {
    ...session.common(client),
    ...renewing,
    signIn: ({ refreshToken }) =>
      Effect.map(
        tokenCall.token(client, { grant_type: "refresh_token", refresh_token: Redacted.value(refreshToken) }),
        ({ tokens }) => ({ ...tokens, refreshToken: tokens.refreshToken ?? refreshToken })
      ),
    singleUse: renewing.rotation !== "static",
    fingerprint: ({ refreshToken }) => Redacted.value(refreshToken)
  }
}
