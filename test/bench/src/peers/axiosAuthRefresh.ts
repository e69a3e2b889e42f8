/** axios with axios-auth-refresh: its default options, and the request interceptor that its documentation advises. */
import axios from "axios"
import { createAuthRefresh } from "axios-auth-refresh"
import { agents, type Make, resource, signIn, tokenEndpoint, type Tokens } from "./Peer.ts"

interface Failed {
  readonly response: { readonly config: { readonly headers: Record<string, unknown> } }
}

export const make: Make = async (url) => {
  const pools = agents()
  const calls = axios.create({ httpAgent: pools.calls, proxy: false })
  const tokenCalls = axios.create({ httpAgent: pools.tokens, proxy: false })
  let tokens = await signIn(url)
  const refresh = async (): Promise<void> => {
    const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: tokens.refresh_token })
    tokens = (await tokenCalls.post<Tokens>(tokenEndpoint(url), body)).data
  }
  calls.interceptors.request.use((request) => {
    request.headers["Authorization"] = `Bearer ${tokens.access_token}`
    return request
  })
  // The types of axios for `import` and for `require` are two, and the plug-in has those for `require`.
  const plugged = calls as unknown as Parameters<typeof createAuthRefresh>[0]
  createAuthRefresh(plugged, async (failed: Failed) => {
    await refresh()
    failed.response.config.headers["Authorization"] = `Bearer ${tokens.access_token}`
  })
  return {
    call: async () => (await calls.get(resource(url))).status === 200,
    refresh,
    close: pools.close
  }
}
