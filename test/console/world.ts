/** A console on a socket: over four sandboxes with a real program that uses one of them, or over sessions alone. */
import * as Console from "@effect-auth/console/Console"
import * as ConsoleSource from "@effect-auth/console/ConsoleSource"
import * as SandboxSource from "@effect-auth/console/SandboxSource"
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Placewise from "@effect-auth/placewise/Placewise"
import { PlacewiseSessions } from "@effect-auth/placewise/Placewise"
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import * as PriavaSandbox from "@effect-auth/testing/priava"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import * as WalletAppSandbox from "@effect-auth/testing/wallet-app"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpRouter from "@effect/platform/HttpRouter"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as http from "node:http"

/** The texts of tokens, so that a test can look for them. */
export const namedTokens = (prefix: string) => {
  const all: Array<string> = []
  const tokenText = (kind: "access" | "refresh") => {
    const text = `${prefix}-${kind}-token-${all.length + 1}-d00d`
    all.push(text)
    return text
  }
  return { all, tokenText }
}

export const serve = (app: HttpApp.Default) =>
  Effect.gen(function*() {
    const server = yield* Layer.build(NodeHttpServer.layerServer(http.createServer, { port: 0, host: "127.0.0.1" }))
    return yield* Effect.provide(Sandbox.serve({ app }), server)
  })

const mounted = (app: HttpApp.Default): HttpApp.Default =>
  HttpRouter.empty.pipe(
    HttpRouter.mountApp("/console", app),
    Effect.catchTag("RouteNotFound", () => Effect.die("no route"))
  )

export const memberIds = [41, 42, 43, 44, 45]

const passwordOf = (id: number): string => `secret password of ${id}`

/** Three sandboxes and their console. */
export const sandboxes = Effect.fnUntraced(function*(accessLifetime: Duration.DurationInput) {
  const tokens = namedTokens("sandbox")
  const options = { tokenText: tokens.tokenText, accessLifetime }
  const members = memberIds.map((id) => ({
    id,
    email: `member${id}@example.com`,
    password: passwordOf(id),
    balance: 10 * id
  }))
  const placewise = yield* PlacewiseSandbox.make({ tokens: options, members })
  const priava = yield* PriavaSandbox.make({ tokens: options })
  const wallet = yield* WalletAppSandbox.make({ tokens: options })
  const url = yield* serve(placewise.app)
  const sources = [
    SandboxSource.make(placewise, {
      url,
      recipes: [{ title: ".env", text: "EFFECT_AUTH_PLACEWISE_CLUB=infinity-mall" }]
    }),
    SandboxSource.make(priava, {
      url: yield* serve(priava.app),
      makeCode: priava.makeCode(PriavaSandbox.defaults.clients[0].id)
    }),
    SandboxSource.make(wallet, { url: yield* serve(wallet.app) })
  ]
  const console = `${yield* serve(mounted(yield* Console.make(sources)))}/console/`
  return { placewise, priava, wallet, url, console, tokens }
})

/** A program with some members, who are signed in at the sandbox. */
export const program = Effect.fnUntraced(function*(host: string) {
  const layer = Placewise.layerSessions({
    host,
    club: "infinity-mall",
    clientToken: Redacted.make("sandbox-client-token"),
    userAgent: "console-test/1.0",
    productName: "sandbox"
  }).pipe(Layer.provide([FetchHttpClient.layer, TokenStore.layerMemory]))
  const sessions = Effect.provide(PlacewiseSessions, yield* Layer.build(layer))
  const get = (id: number) => Effect.flatMap(sessions, (all) => all.get(`member-${id}`))
  return {
    sessions: yield* sessions,
    signIn: (id: number) =>
      Effect.flatMap(
        get(id),
        ({ auth }) => auth.signIn({ _tag: "Password", identifier: { id }, password: Redacted.make(passwordOf(id)) })
      ),
    call: (id: number) => Effect.flatMap(get(id), ({ client }) => Effect.scoped(client.get("/members/me"))),
    signOut: (id: number) => Effect.flatMap(get(id), ({ auth }) => auth.signOut)
  }
})

/** A console over sessions, for looking only. */
export const looking = Effect.fnUntraced(function*(sessions: Pick<AuthSessions.AuthSessions<unknown>, "overview">) {
  const source = yield* ConsoleSource.fromSessions(sessions)
  return yield* serve(mounted(yield* Console.make([source])))
})

/** Many sessions without any server. */
export const many = Effect.fnUntraced(function*(count: number) {
  const { provider } = yield* ScriptedProvider.make()
  const sessions = yield* AuthSessions.make(provider)
  yield* Effect.forEach(
    Array.from({ length: count }, (_, index) => `account-${String(index).padStart(5, "0")}`),
    (account) => Effect.flatMap(sessions.get(account), (auth) => auth.signIn({})),
    { concurrency: 50 }
  )
  return sessions
}, Effect.provide(TokenStore.layerMemory))
