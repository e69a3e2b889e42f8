/** panva's oidc-provider on a loopback port: an authorization server that we did not write. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import Provider from "oidc-provider"
import { listen } from "./loopback.ts"

export interface OidcProvider {
  readonly issuer: string
  /** Requests by path, in their order. */
  readonly requests: Array<string>
}

/** Rotating refresh tokens, PKCE, every grant of a person; a refresh token that comes twice ends the grant. */
export const serve = (
  clients: ReadonlyArray<object>,
  options: {
    readonly settings?: object
    /** Looks at the server's events: `grant.success`, `grant.error`, `grant.revoked`. */
    readonly watch?: (provider: InstanceType<typeof Provider>) => void
  } = {}
): Effect.Effect<OidcProvider, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const server = Http.createServer()
        const issuer = await listen(server)
        const provider = new Provider(issuer, {
          clients: [...clients],
          findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
          rotateRefreshToken: true,
          // Pages of any origin may ask: a single-page application is on another one.
          clientBasedCORS: () => true,
          cookies: { keys: ["only for the test"] },
          pkce: { required: () => true },
          features: {
            devInteractions: { enabled: true },
            deviceFlow: { enabled: true },
            introspection: { enabled: true },
            revocation: { enabled: true }
          },
          ...options.settings
        })
        options.watch?.(provider)
        const requests: Array<string> = []
        const answer = provider.callback()
        server.on("request", (request: Http.IncomingMessage, response: Http.ServerResponse) => {
          requests.push(`${request.method} ${request.url?.split("?")[0]}`)
          answer(request, response)
        })
        return { issuer, requests, server }
      }),
      ({ server }) =>
        Effect.sync(() => {
          server.close()
          server.closeAllConnections()
        })
    ),
    ({ issuer, requests }) => ({ issuer, requests })
  )

/** A port of this machine that was free a moment ago, for a server whose address must be known before it listens. */
export const freePort = Effect.promise(async () => {
  const server = Http.createServer()
  const origin = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return Number(new URL(origin).port)
})
