/**
 * A token for another token: a service that calls on behalf of its caller, a workload that turns its platform's token into
 * one of the API's.
 *
 * @see RFC 8693: https://www.rfc-editor.org/rfc/rfc8693
 * @since 0.1.0
 */
import type { Extended } from "@effect-auth/core/AuthProvider"
import type { WithResources } from "@effect-auth/core/AuthService"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as session from "./internal/session.ts"
import * as tokenCall from "./internal/tokenCall.ts"
import type { OAuth2Client } from "./OAuth2Client.ts"

/**
 * The names of RFC 8693 section 3; any other URI may stand for a type of the server's own.
 *
 * @since 0.1.0
 * @category models
 */
export const tokenTypes = {
  accessToken: "urn:ietf:params:oauth:token-type:access_token",
  refreshToken: "urn:ietf:params:oauth:token-type:refresh_token",
  idToken: "urn:ietf:params:oauth:token-type:id_token",
  jwt: "urn:ietf:params:oauth:token-type:jwt",
  saml2: "urn:ietf:params:oauth:token-type:saml2"
} as const

/**
 * A token and its type. Default of the type: an access token.
 *
 * @since 0.1.0
 * @category models
 */
export interface Presented {
  readonly token: Redacted.Redacted<string>
  readonly type?: string | undefined
}

/**
 * What is exchanged.
 *
 * @see RFC 8693 section 2.1: https://www.rfc-editor.org/rfc/rfc8693#section-2.1
 * @since 0.1.0
 * @category models
 */
export interface Credentials {
  /** Whom the new token stands for. */
  readonly subject: Presented
  /** The one who acts for that one. */
  readonly actor?: Presented | undefined
}

/**
 * What is asked for.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The logical names of the services that it is for. */
  readonly audience?: ReadonlyArray<string> | undefined
  /** Default: left to the server. */
  readonly requestedType?: string | undefined
}

/**
 * The grant as a provider. A refresh token in the answer is used where the client's `rotation` is set and not `none`;
 * otherwise the session is renewed by exchanging again, so give `AuthService` the option `credentials`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const provider = (
  client: OAuth2Client,
  options: Options = {}
): Extended<Credentials, WithResources<Credentials>> => {
  const renews = client.rotation !== undefined && client.rotation !== "none"
  const { audience, requestedType } = options
  return {
    ...session.common(client, {
      audience,
      type: requestedType === undefined ? undefined : [requestedType],
      scope: client.scopes
    }),
    ...(renews ? session.renewing(client) : { rotation: "none" as const, extend: session.extend }),
    signIn: ({ actor, subject }) =>
      Effect.map(
        tokenCall.token(client, {
          grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
          subject_token: Redacted.value(subject.token),
          subject_token_type: subject.type ?? tokenTypes.accessToken,
          actor_token: actor === undefined ? undefined : Redacted.value(actor.token),
          actor_token_type: actor === undefined ? undefined : actor.type ?? tokenTypes.accessToken,
          requested_token_type: requestedType,
          audience,
          scope: tokenCall.scopeText(client, client.scopes)
        }),
        ({ tokens }) => {
          const issued = tokenCall.asAsked(tokens, client.scopes)
          // `N_A` says that the token is no access token (RFC 8693 section 2.2.1); it is sent as one all the same.
          const tokenType = issued.tokenType?.toLowerCase() === "n_a" ? undefined : issued.tokenType
          return { ...issued, tokenType, refreshToken: renews ? issued.refreshToken : undefined }
        }
      ),
    fingerprint: ({ actor, subject }) =>
      JSON.stringify([Redacted.value(subject.token), actor === undefined ? undefined : Redacted.value(actor.token)])
  }
}
