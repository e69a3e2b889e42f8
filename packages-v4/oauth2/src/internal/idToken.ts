/** Checks an ID token. The library never sees the answer that it came in, and its errors are not kept. */
import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as oauth from "oauth4webapi"
import type { Claims, SignatureCheck } from "../IdToken.ts"
import type { OAuth2Client } from "../OAuth2Client.ts"
import type { Metadata } from "../OAuth2Server.ts"
import { invalidIdToken as invalid } from "./failures.ts"
import { claimsOf } from "./jwt.ts"
import { clientOf } from "./library.ts"

/** The issuer that the token has to name: `{tenantid}` is filled with its own tenant, which is one word. */
const issuerOf = ({ issuer }: Metadata, idToken: string): string => {
  if (!issuer.includes("{tenantid}")) return issuer
  const tenant = claimsOf(idToken)?.["tid"]
  return typeof tenant === "string" && /^[\w-]+$/.test(tenant) ? issuer.replace("{tenantid}", tenant) : issuer
}

/** The answer that the library wants around an ID token: nothing of the real one. */
const around = (idToken: string): Response =>
  Response.json({ access_token: "none", token_type: "bearer", id_token: idToken })

const isClaims = (claims: object): claims is Claims => "sub" in claims && typeof claims.sub === "string"

/**
 * Checks issuer, audience, authorized party, life, algorithm and nonce. Without `nonce` (a refresh), or where the dialect lets it
 * be missing, none is compared. The signature may be left out, because the token came straight from the server (OpenID Connect
 * Core section 3.1.3.7, 6).
 */
export const check = Effect.fnUntraced(function*(
  client: OAuth2Client,
  idToken: Redacted.Redacted<string> | undefined,
  options: { readonly nonce?: string | undefined; readonly signature?: SignatureCheck | undefined } = {}
): Effect.fn.Return<Claims, ExchangeFailure> {
  if (idToken === undefined) return yield* invalid
  const metadata = yield* client.server.metadata
  const text = Redacted.value(idToken)
  const server: oauth.AuthorizationServer = {
    issuer: issuerOf(metadata, text),
    ...(metadata.jwksUri === undefined ? {} : { jwks_uri: metadata.jwksUri }),
    ...(metadata.idTokenAlgorithms === undefined
      ? {}
      : { id_token_signing_alg_values_supported: [...metadata.idTokenAlgorithms] })
  }
  const as = clientOf(client.clientId, yield* Clock.currentTimeMillis)
  const response = around(text)
  const claims = yield* Effect.tryPromise({
    try: async () => {
      const { nonce } = options
      const hasNone = client.dialect?.nonce === "optional" && claimsOf(text)?.["nonce"] === undefined
      const answer = nonce === undefined || hasNone
        ? await oauth.processRefreshTokenResponse(server, as, response)
        : await oauth.processAuthorizationCodeResponse(server, as, response, {
          expectedNonce: nonce,
          requireIdToken: true
        })
      return oauth.getValidatedIdTokenClaims(answer)
    },
    catch: () => invalid
  })
  if (claims === undefined || !isClaims(claims)) return yield* invalid
  if (options.signature !== undefined) yield* options.signature(client, server, response)
  return claims
})
