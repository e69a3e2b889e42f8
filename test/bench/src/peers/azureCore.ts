/** @azure/core-rest-pipeline: bearerTokenAuthenticationPolicy, with a callback that answers a challenge. */
import type { TokenCredential } from "@azure/core-auth"
import * as azure from "@azure/core-rest-pipeline"
import { agents, exchange, type Make, resource, signIn } from "./Peer.ts"

const scopes = ["bench"]

export const make: Make = async (url) => {
  const pools = agents()
  let tokens = await signIn(url)
  const refresh = async (): Promise<void> => {
    tokens = await exchange(url, tokens.refresh_token)
  }
  /** A token is asked for with claims when the last one was rejected. */
  const credential: TokenCredential = {
    getToken: async (_, options) => {
      if (options?.claims !== undefined) await refresh()
      return { token: tokens.access_token, expiresOnTimestamp: Date.now() + tokens.expires_in * 1000 }
    }
  }
  const build = (): azure.Pipeline => {
    const pipeline = azure.createPipelineFromOptions({ agent: pools.calls })
    pipeline.addPolicy(azure.bearerTokenAuthenticationPolicy({
      credential,
      scopes,
      challengeCallbacks: {
        authorizeRequestOnChallenge: async ({ getAccessToken, request }) => {
          const token = await getAccessToken(scopes, { claims: "{}" })
          if (token === null) return false
          request.headers.set("Authorization", `Bearer ${token.token}`)
          return true
        }
      }
    }))
    return pipeline
  }
  const client = azure.createDefaultHttpClient()
  /** The policy insists on https, so that http comes in below it. */
  const overHttp: azure.HttpClient = {
    sendRequest: (request) => {
      request.url = request.url.replace(/^https:/, "http:")
      return client.sendRequest(request)
    }
  }
  const target = resource(url).replace(/^http:/, "https:")
  let pipeline = build()
  return {
    call: async () => {
      const request = azure.createPipelineRequest({ url: target, allowInsecureConnection: true })
      return (await pipeline.sendRequest(overHttp, request)).status === 200
    },
    // The policy keeps its token, and takes another one only from a challenge: a new policy asks anew.
    refresh: async () => {
      await refresh()
      pipeline = build()
    },
    close: pools.close
  }
}
