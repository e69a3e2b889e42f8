/**
 * The client credentials grant: a program gets an access token for itself, with its own credentials. There is no refresh
 * token; the session signs in by itself on first use, and again ahead of the end of its token.
 *
 * ```ts
 * import type * as AuthService from "@effect-auth/core/AuthService"
 * import * as ClientCredentials from "@effect-auth/oauth2/ClientCredentials"
 * import type * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
 * import * as Context from "effect/Context"
 * import * as Layer from "effect/Layer"
 *
 * class Billing extends Context.Service<Billing, AuthService.AuthService<void>>()("Billing") {}
 *
 * const layer = (options: OAuth2Client.Options) => Layer.effect(Billing, ClientCredentials.make(options))
 * ```
 *
 * @see RFC 6749 section 4.4: https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 * @since 0.1.0
 */
import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Scope from "effect/Scope"
import * as session from "./internal/session.ts"
import * as tokenCall from "./internal/tokenCall.ts"
import * as OAuth2Client from "./OAuth2Client.ts"

/**
 * The grant as a provider. Its credentials are those of the client, so `signIn` takes nothing. Scopes are part of the
 * realm, as resources and parameters are: two services that ask for different ones have two sessions.
 *
 * @since 0.1.0
 * @category constructors
 */
export const provider = (client: OAuth2Client.OAuth2Client): AuthProvider<void> => ({
  ...session.common(client, { scope: client.scopes }),
  rotation: "none",
  signIn: () =>
    Effect.map(
      tokenCall.token(client, {
        grant_type: "client_credentials",
        scope: tokenCall.scopeText(client, client.scopes)
      }),
      // A refresh token should not be there (RFC 6749 section 4.4.3); one that is has no use.
      ({ tokens }) => ({ ...tokenCall.asAsked(tokens, client.scopes), refreshToken: undefined })
    )
})

/**
 * The session of the machine. Closing the scope stops its schedule.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: OAuth2Client.Options,
  behaviour?: Omit<AuthService.Options<void>, "credentials">
): Effect.Effect<
  AuthService.AuthService<void>,
  AuthMisconfigured,
  HttpClient.HttpClient | TokenStore | Scope.Scope
> =>
  Effect.flatMap(
    OAuth2Client.make(options),
    (client) => AuthService.make(provider(client), { ...behaviour, credentials: Effect.void })
  )
