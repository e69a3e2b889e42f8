/** Checks an ID token. The library never sees the answer that it came in, and its errors are not kept. */
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as oauth from "oauth4webapi"
import type { Claims } from "../IdToken.ts"
import type { OAuth2Client } from "../OAuth2Client.ts"
import type { Metadata } from "../OAuth2Server.ts"
import * as discovery from "./discovery.ts"
import { refused } from "./failures.ts"
import { claimsOf } from "./jwt.ts"
import { clientOf } from "./library.ts"

/** Whether the signature is looked at, too. */
export type Signature = "unchecked" | "checked"

const invalid = refused(
  "terminal",
  "unknown",
  "invalid_id_token",
  "the ID token is missing, forged, or not for this sign-in"
)

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
 * Checks issuer, audience, authorized party, life, algorithm and nonce. Without `nonce` (a refresh) none is compared. The
 * signature may be left out, because the token came straight from the server (OpenID Connect Core section 3.1.3.7, 6).
 */
export const check = Effect.fnUntraced(function*(
  client: OAuth2Client,
  idToken: Redacted.Redacted<string> | undefined,
  options: { readonly nonce?: string | undefined; readonly signature: Signature }
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
      const answer = nonce === undefined
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
  if (options.signature === "checked") yield* checkSignature(client, server, response)
  return claims
})

/** The keys come through the program's own HttpClient, as every other document does. */
const checkSignature = Effect.fnUntraced(function*(
  client: OAuth2Client,
  server: oauth.AuthorizationServer,
  response: Response
): Effect.fn.Return<void, ExchangeFailure> {
  const { jwks_uri: url } = server
  if (url === undefined) return yield* refused("config", "url", "no_keys", "the server names no jwksUri")
  const keys = yield* discovery.fetchJson(client.httpClient, url).pipe(
    // The code was spent already: whether it may be sent again is not the question any more.
    Effect.mapError(({ kind, reason }) => new ExchangeFailure({ kind, reason, sent: "unknown" }))
  )
  yield* Effect.tryPromise({
    try: () =>
      oauth.validateApplicationLevelSignature(server, response, {
        [oauth.allowInsecureRequests]: true,
        [oauth.customFetch]: () => Promise.resolve(Response.json(keys))
      }),
    catch: () => invalid
  })
})
