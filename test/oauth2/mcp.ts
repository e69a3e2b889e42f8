/** An MCP server of the official SDK with its own authorization server: refresh tokens rotate, a spent one ends the grant. */
import { InvalidGrantError, InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js"
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js"
import type { OAuthServerProvider } from "@modelcontextprotocol/sdk/server/auth/provider.js"
import { getOAuthProtectedResourceMetadataUrl, mcpAuthRouter } from "@modelcontextprotocol/sdk/server/auth/router.js"
import { createMcpExpressApp } from "@modelcontextprotocol/sdk/server/express.js"
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js"
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js"
import type { OAuthClientInformationFull } from "@modelcontextprotocol/sdk/shared/auth.js"
import { randomUUID } from "node:crypto"
import * as Http from "node:http"
import { listen } from "../support/loopback.ts"

interface Grant {
  readonly clientId: string
  readonly scopes: ReadonlyArray<string>
  isEnded: boolean
}

/** Seconds that an access token lives; a tool wants `tools`, and `admin` for the one of that name. */
export const startServer = async (options: { readonly lifetime: number }) => {
  const clients = new Map<string, OAuthClientInformationFull>()
  const codes = new Map<string, { readonly grant: Grant; readonly challenge: string }>()
  const access = new Map<string, { readonly grant: Grant; readonly expiresAt: number }>()
  const refresh = new Map<string, { readonly grant: Grant; isSpent: boolean }>()
  const fault = { refusesAll: false }
  const counts = { codes: 0, refreshes: 0, reuses: 0, registrations: 0, calls: 0 }

  const issue = (grant: Grant) => {
    const [accessToken, refreshToken] = [`a-${randomUUID()}`, `r-${randomUUID()}`]
    access.set(accessToken, { grant, expiresAt: Date.now() + options.lifetime * 1000 })
    refresh.set(refreshToken, { grant, isSpent: false })
    return {
      access_token: accessToken,
      token_type: "bearer",
      expires_in: options.lifetime,
      refresh_token: refreshToken,
      scope: grant.scopes.join(" ")
    }
  }

  const provider: OAuthServerProvider = {
    clientsStore: {
      getClient: (id) => clients.get(id),
      registerClient: (client) => {
        counts.registrations++
        const full = { ...client, client_id: randomUUID(), client_id_issued_at: Math.floor(Date.now() / 1000) }
        clients.set(full.client_id, full)
        return full
      }
    },
    // The person says yes at once.
    authorize: async (client, parameters, response) => {
      const code = randomUUID()
      const grant = { clientId: client.client_id, scopes: parameters.scopes ?? [], isEnded: false }
      codes.set(code, { grant, challenge: parameters.codeChallenge })
      const back = new URL(parameters.redirectUri)
      back.searchParams.set("code", code)
      if (parameters.state !== undefined) back.searchParams.set("state", parameters.state)
      response.redirect(back.href)
    },
    challengeForAuthorizationCode: async (_, code) => codes.get(code)?.challenge ?? "",
    exchangeAuthorizationCode: async (_, code) => {
      const found = codes.get(code)
      if (found === undefined) throw new InvalidGrantError("no such code")
      codes.delete(code)
      counts.codes++
      return issue(found.grant)
    },
    exchangeRefreshToken: async (_, token) => {
      const found = refresh.get(token)
      if (found === undefined || found.grant.isEnded) throw new InvalidGrantError("no such token")
      if (found.isSpent) {
        counts.reuses++
        found.grant.isEnded = true
        throw new InvalidGrantError("spent")
      }
      found.isSpent = true
      counts.refreshes++
      return issue(found.grant)
    },
    verifyAccessToken: async (token) => {
      const found = access.get(token)
      if (fault.refusesAll || found === undefined || found.grant.isEnded || found.expiresAt < Date.now()) {
        throw new InvalidTokenError("unknown")
      }
      return {
        token,
        clientId: found.grant.clientId,
        scopes: [...found.grant.scopes],
        expiresAt: Math.floor(found.expiresAt / 1000) + 1
      }
    }
  }

  const server = Http.createServer()
  const issuer = new URL(`${await listen(server)}/`)
  const url = new URL("/mcp", issuer)
  const app = createMcpExpressApp()
  app.use(mcpAuthRouter({
    provider,
    issuerUrl: issuer,
    resourceServerUrl: url,
    scopesSupported: ["tools"],
    tokenOptions: { rateLimit: false },
    authorizationOptions: { rateLimit: false },
    clientRegistrationOptions: { rateLimit: false, clientIdGeneration: false }
  }))
  const bearer = requireBearerAuth({
    verifier: provider,
    requiredScopes: ["tools"],
    resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(url)
  })
  app.all(
    "/mcp",
    bearer,
    async (request: Http.IncomingMessage & { readonly body?: unknown }, response: Http.ServerResponse) => {
      counts.calls++
      const mcp = new McpServer({ name: "test", version: "1.0.0" })
      mcp.registerTool("whoami", {}, ({ authInfo }) => ({
        content: [{ type: "text", text: `${authInfo?.clientId === undefined ? "nobody" : "known"}` }]
      }))
      const transport = new StreamableHTTPServerTransport({})
      await mcp.connect(transport)
      await transport.handleRequest(request, response, request.body)
    }
  )
  server.on("request", app)
  return {
    url: url.href,
    issuer: issuer.href,
    counts,
    fault,
    /** Every access token is dead from now on, and nobody is told. */
    forgetAccess: () => access.clear(),
    close: () => {
      server.close()
      server.closeAllConnections()
    }
  }
}

/** Follows the authorization URL to where it leads, as a browser does. */
export const visit = async (url: string): Promise<URLSearchParams> => {
  const response = await fetch(url, { redirect: "manual" })
  return new URL(response.headers.get("location") ?? "http://nowhere.example/").searchParams
}
