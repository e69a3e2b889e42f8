/** A session at any standard OAuth server with public clients: codes are exchanged with PKCE, refresh tokens rotate. */
import * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
import * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
import * as Effect from "effect/Effect"

export const make = Effect.fnUntraced(function*(options: { readonly issuer: string; readonly clientId: string }) {
  const { clientId, issuer } = options
  const server = yield* OAuth2Server.make({ issuer, tokenEndpoint: `${issuer}/token` })
  return AuthorizationCode.provider(yield* OAuth2Client.make({ name: "standard", server, clientId, origins: [issuer] }))
})
