/** A session at any standard OAuth server with public clients: codes are exchanged with PKCE, refresh tokens rotate. */
import * as AuthService from "@effect-auth/core/AuthService"
import * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
import * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { storeLayer, type StoreSpec } from "../support/stores/spec.ts"

export const make = Effect.fnUntraced(function*(options: { readonly issuer: string; readonly clientId: string }) {
  const { clientId, issuer } = options
  const server = yield* OAuth2Server.make({ issuer, tokenEndpoint: `${issuer}/token` })
  return AuthorizationCode.provider(yield* OAuth2Client.make({ name: "standard", server, clientId, origins: [issuer] }))
})

/** Puts tokens that were obtained elsewhere into the store, and gives the name of the session that they became. */
export const adopted = (
  store: StoreSpec,
  issuer: string,
  tokens: { readonly accessToken: string; readonly refreshToken: string },
  expiresIn: number
) =>
  Effect.scoped(Effect.gen(function*() {
    const provider = yield* make({ issuer, clientId: "app" })
    const auth = yield* AuthService.make(provider, { refresh: { mode: "onDemand" } })
    const { session } = yield* auth.adopt({
      accessToken: Redacted.make(tokens.accessToken),
      refreshToken: Redacted.make(tokens.refreshToken),
      expiresIn
    })
    return session
  })).pipe(Effect.provide(Layer.merge(storeLayer(store), FetchHttpClient.layer)))
