/** A client of the loopback server that is held against the others: signed in, and used as its documentation says. */
import * as http from "node:http"

export interface Peer {
  /** One call: whether it was served. */
  readonly call: () => Promise<boolean>
  /** Asks for new tokens, and rejects when the session is lost. */
  readonly refresh: () => Promise<void>
  readonly close: () => Promise<void>
}

/** A peer that has just signed in. */
export type Make = (url: string) => Promise<Peer>

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_in: number
}

/** How many sockets the calls share; token calls have a pool of their own. */
export const connections = 64

export const resource = (url: string): string => `${url}/v3/infinity-mall/members/me`
export const tokenEndpoint = (url: string): string => `${url}/oauth/token`

const form = async (url: string, body: Record<string, string>): Promise<Tokens> => {
  const response = await fetch(tokenEndpoint(url), { method: "POST", body: new URLSearchParams(body) })
  if (response.status !== 200) throw new Error(`token call: ${response.status} ${await response.text()}`)
  return await response.json() as Tokens
}

export const signIn = (url: string): Promise<Tokens> => form(url, { grant_type: "password" })

/** For a peer that leaves the token call to its user. */
export const exchange = (url: string, refreshToken: string): Promise<Tokens> =>
  form(url, { grant_type: "refresh_token", refresh_token: refreshToken })

/** Of `node:http`, for the peers that build on it. */
export interface Agents {
  readonly calls: http.Agent
  readonly tokens: http.Agent
  readonly close: () => Promise<void>
}

export const agents = (): Agents => {
  const calls = new http.Agent({ keepAlive: true, maxSockets: connections })
  const tokens = new http.Agent({ keepAlive: true })
  return {
    calls,
    tokens,
    close: async () => {
      calls.destroy()
      tokens.destroy()
    }
  }
}
