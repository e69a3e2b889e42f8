/** One of several processes that call the tool of an MCP server in one login, over one store. Says `connected`, and at the end one line of JSON. */
import * as AuthService from "@effect-auth/core/AuthService"
import * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
import * as ClientRegistration from "@effect-auth/oauth2/ClientRegistration"
import * as McpClient from "@effect-auth/oauth2/McpClient"
import * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
import * as SqliteTokenStore from "@effect-auth/store-sql/SqliteTokenStore"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { visit } from "./mcp.ts"

interface Task {
  readonly filename: string
  readonly url: string
  readonly issuer: string
  /** Milliseconds, counted from when it is connected: on a busy machine processes take long to start. */
  readonly lasts: number
  readonly signsIn: boolean
}

const redirectUri = "http://127.0.0.1:9/callback"

const program = Effect.fnUntraced(function*({ issuer, lasts, signsIn, url }: Task) {
  const server = yield* OAuth2Server.discovered(issuer)
  const registration = yield* ClientRegistration.make(server, { clientName: "eight", redirectUris: [redirectUri] })
  const client = yield* OAuth2Client.make({
    name: "mcp",
    server,
    ...(yield* registration.client),
    scopes: ["tools"],
    origins: [new URL(url).origin]
  })
  const auth = yield* AuthService.make(AuthorizationCode.provider(client))
  const opened: Array<string> = []
  const mcp = yield* McpClient.make(auth, client, {
    clientName: "eight",
    redirectUri,
    redirect: (url) => Effect.sync(() => void opened.push(url))
  })
  return yield* Effect.promise(async () => {
    const connect = async () => {
      const transport = new StreamableHTTPClientTransport(new URL(url), {
        authProvider: mcp.authProvider,
        fetch: mcp.fetch
      })
      const host = new Client({ name: "eight", version: "1.0.0" })
      try {
        await host.connect(transport)
      } catch (error) {
        if (!signsIn || opened.length !== 1) throw error
        await transport.finishAuth(await Effect.runPromise(mcp.codeOf(await visit(opened[0] ?? ""))))
      }
      return host
    }
    if (signsIn) await connect()
    const host = await connect()
    process.stdout.write("connected\n")
    const until = Date.now() + lasts
    let calls = 0
    while (Date.now() < until) {
      const { content } = await host.callTool({ name: "whoami" })
      if (!JSON.stringify(content).includes("known")) throw new Error("the tool does not know who calls")
      calls++
    }
    return { calls, opened: opened.length }
  })
})

const task = JSON.parse(process.argv[2] ?? "") as Task

Effect.runPromise(
  Effect.scoped(program(task)).pipe(
    Effect.provide(Layer.merge(FetchHttpClient.layer, SqliteTokenStore.layer({ filename: task.filename })))
  )
).then(
  (outcome) => {
    process.stdout.write(`${JSON.stringify(outcome)}\n`)
    process.exit(0)
  },
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    process.exit(1)
  }
)
