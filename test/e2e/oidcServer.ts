/** panva's oidc-provider on a loopback port: rotation, and the whole grant revoked when a refresh token comes twice. */
import * as Effect from "effect/Effect"
import * as Http from "node:http"
import Provider from "oidc-provider"
import { listen } from "../support/loopback.ts"

/** What the test uses of it; the package brings no types. */
interface Issuer {
  readonly Grant: new(
    of: object
  ) => { readonly addOIDCScope: (scope: string) => void; readonly save: () => Promise<string> }
  readonly RefreshToken: new(of: object) => { readonly save: () => Promise<string> }
  readonly AccessToken: new(of: object) => { readonly save: () => Promise<string> }
  readonly Client: { readonly find: (id: string) => Promise<object> }
  readonly callback: () => Http.RequestListener
  readonly on: (event: string, heard: (...of: ReadonlyArray<unknown>) => void) => void
}

const scope = "openid offline_access"

export const startOidcServer = (lifetime: number) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = Http.createServer()
      const issuer = await listen(server)
      const provider: Issuer = new Provider(issuer, {
        clients: [{
          client_id: "app",
          token_endpoint_auth_method: "none",
          grant_types: ["authorization_code", "refresh_token"],
          response_types: ["code"],
          redirect_uris: ["http://127.0.0.1/done"]
        }],
        findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
        rotateRefreshToken: true,
        cookies: { keys: ["only for the test"] },
        ttl: { AccessToken: lifetime, RefreshToken: 3_600, Grant: 3_600, IdToken: 60, Session: 3_600, Interaction: 60 }
      })
      const seen = { exchanges: 0, refused: 0, revokedGrants: 0 }
      provider.on("grant.success", () => void seen.exchanges++)
      provider.on("grant.error", () => void seen.refused++)
      provider.on("grant.revoked", () => void seen.revokedGrants++)
      server.on("request", provider.callback())
      /** What an authorization code would have brought. */
      const mint = Effect.promise(async () => {
        const accountId = "user-1"
        const client = await provider.Client.find("app")
        const grant = new provider.Grant({ accountId, clientId: "app" })
        grant.addOIDCScope(scope)
        const grantId = await grant.save()
        const of = { accountId, client, grantId, gty: "authorization_code", scope }
        return {
          accessToken: await new provider.AccessToken(of).save(),
          refreshToken: await new provider.RefreshToken(of).save()
        }
      })
      return { issuer, server, seen, mint }
    }),
    ({ server }) =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
  )
