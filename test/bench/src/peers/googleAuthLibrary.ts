/** google-auth-library: an OAuth2Client of other endpoints, which keeps the refresh token that a rotation brings. */
import { OAuth2Client } from "google-auth-library"
import { agents, type Make, resource, signIn, tokenEndpoint } from "./Peer.ts"

export const make: Make = async (url) => {
  const pools = agents()
  const endpoint = tokenEndpoint(url)
  const client = new OAuth2Client({
    clientId: "bench",
    endpoints: { oauth2TokenUrl: endpoint },
    // The server ends a token before its time, so that a 401 has to be enough for a refresh.
    forceRefreshOnFailure: true,
    transporterOptions: { agent: ({ href }: URL) => href === endpoint ? pools.tokens : pools.calls }
  })
  client.on("tokens", (tokens) => {
    if (tokens.refresh_token) {
      client.setCredentials({ ...client.credentials, refresh_token: tokens.refresh_token })
    }
  })
  const { access_token, expires_in, refresh_token } = await signIn(url)
  client.setCredentials({ access_token, refresh_token, expiry_date: Date.now() + expires_in * 1000 })
  return {
    call: async () => (await client.request({ url: resource(url) })).status === 200,
    refresh: async () => {
      await client.refreshAccessToken()
    },
    close: pools.close
  }
}
