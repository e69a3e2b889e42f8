/** openid-client: a refresh token grant by hand on a 401; calls that are rejected together each ask for one. */
import * as client from "openid-client"
import { Agent, fetch } from "undici"
import { connections, type Make, resource, signIn, tokenEndpoint } from "./Peer.ts"

export const make: Make = async (url) => {
  const pools = { calls: new Agent({ connections }), tokens: new Agent() } as const
  const server = { issuer: url, token_endpoint: tokenEndpoint(url) }
  const config = new client.Configuration(server, "bench", undefined, client.None())
  client.allowInsecureRequests(config)
  const overPools = (to: string, options: client.CustomFetchOptions) =>
    fetch(to, {
      ...options as NonNullable<Parameters<typeof fetch>[1]>,
      dispatcher: to === server.token_endpoint ? pools.tokens : pools.calls
    })
  config[client.customFetch] = overPools as unknown as client.CustomFetch
  let { access_token, refresh_token } = await signIn(url)
  const refresh = async (): Promise<void> => {
    const tokens = await client.refreshTokenGrant(config, refresh_token)
    access_token = tokens.access_token
    refresh_token = tokens.refresh_token ?? refresh_token
  }
  const target = new URL(resource(url))
  const get = async (): Promise<boolean> => {
    const response = await client.fetchProtectedResource(config, access_token, target, "GET")
    await response.text()
    return response.status === 200
  }
  const isRejection = (error: unknown): boolean =>
    error instanceof client.WWWAuthenticateChallengeError && error.status === 401
  return {
    call: async () => {
      try {
        return await get()
      } catch (error) {
        if (!isRejection(error)) throw error
        await refresh()
        return await get()
      }
    },
    refresh,
    close: async () => {
      await Promise.all([pools.calls.destroy(), pools.tokens.destroy()])
    }
  }
}
