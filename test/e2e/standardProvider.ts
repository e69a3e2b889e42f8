/** A provider for any standard OAuth server with public clients: codes are exchanged with PKCE, refresh tokens rotate. */
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

export interface AuthorizationCode {
  readonly code: Redacted.Redacted
  readonly verifier: Redacted.Redacted
  readonly redirectUri: string
}

/** @see RFC 6749 sections 4.1.3 and 6, RFC 7636 section 4.5 */
export const make = Effect.fnUntraced(function*(options: { readonly issuer: string; readonly clientId: string }) {
  const client = TokenEndpoint.client(yield* HttpClient.HttpClient, {
    classify: (answer) => TokenEndpoint.common(answer) ?? TokenEndpoint.oauth(answer)
  })
  const post = (form: Readonly<Record<string, string>>) =>
    HttpClientRequest.post(`${options.issuer}/token`).pipe(
      HttpClientRequest.bodyUrlParams({ client_id: options.clientId, ...form }),
      client.execute,
      Effect.flatMap(HttpClientResponse.schemaBodyJson(TokenEndpoint.TokenBody)),
      TokenEndpoint.exchange,
      Effect.map(TokenEndpoint.tokenResponse)
    )
  return {
    name: "standard",
    realm: `${options.issuer}/${options.clientId}`,
    origins: [new URL(options.issuer).origin],
    rotation: "rotating",
    rejection: { statuses: [401] },
    signIn: ({ code, redirectUri, verifier }) =>
      post({
        grant_type: "authorization_code",
        code: Redacted.value(code),
        code_verifier: Redacted.value(verifier),
        redirect_uri: redirectUri
      }),
    refresh: (token) => post({ grant_type: "refresh_token", refresh_token: Redacted.value(token) }),
    singleUse: true,
    fingerprint: ({ code }) => Redacted.value(code)
  } satisfies AuthProvider<AuthorizationCode>
})
