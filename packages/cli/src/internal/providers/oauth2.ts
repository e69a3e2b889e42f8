import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as AuthService from "@effect-auth/core/AuthService"
import * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
import * as ClientAuthentication from "@effect-auth/oauth2/ClientAuthentication"
import * as DeviceCode from "@effect-auth/oauth2/DeviceCode"
import * as Loopback from "@effect-auth/oauth2/Loopback"
import * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type * as HttpServer from "@effect/platform/HttpServer"
import * as Effect from "effect/Effect"
import * as Http from "node:http"
import * as browser from "../browser.ts"
import { UsageError } from "../failures.ts"
import * as Output from "../output.ts"
import { type Connect, type Given, onDemand } from "./connection.ts"

const scopesOf = ({ scopes = "" }: Given["options"]): ReadonlyArray<string> | undefined => {
  const words = scopes.split(/[\s,]+/).filter((word) => word !== "")
  return words.length === 0 ? undefined : words
}

const clientOf = Effect.fnUntraced(function*({ options, secrets }: Given) {
  const api = options["api"] ?? ""
  if (!URL.canParse(api)) return yield* new UsageError({ message: "--api is the URL of the API that gets the token" })
  const secret = secrets["client-secret"]
  return yield* OAuth2Client.make({
    server: yield* OAuth2Server.discovered(options["issuer"] ?? ""),
    clientId: options["client-id"] ?? "",
    authentication: secret === undefined ? ClientAuthentication.none : ClientAuthentication.basic(secret),
    scopes: scopesOf(options),
    origins: [new URL(api).origin],
    api: { baseUrl: api }
  })
})

/**
 * Without `prompt=consent` a server gives no refresh token for `offline_access`.
 *
 * @see OpenID Connect Core section 11: https://openid.net/specs/openid-connect-core-1_0.html#OfflineAccess
 */
const parametersOf = ({ scopes = [] }: OAuth2Client.OAuth2Client): Readonly<Record<string, string>> =>
  scopes.includes("offline_access") ? { prompt: "consent" } : {}

/** Runs a sign-in with a free port of this machine, and closes it afterwards. */
const withLoopback = <A, E>(signIn: Effect.Effect<A, E, HttpServer.HttpServer>) =>
  Effect.suspend(() => {
    const server = Http.createServer()
    return signIn.pipe(
      // A browser opens connections in advance. The server would wait for their end.
      Effect.ensuring(Effect.sync(() => server.closeAllConnections())),
      Effect.provide(NodeHttpServer.layer(() => server, { port: 0, host: "127.0.0.1" })),
      Effect.catchTag("ServeError", noPort)
    )
  })

const noPort = () => new UsageError({ message: "no port of 127.0.0.1 can be opened for the browser to come back to" })

export const connect: Connect = Effect.fnUntraced(function*(given) {
  const client = yield* clientOf(given)
  const auth = yield* AuthService.make(AuthorizationCode.provider(client), {
    account: given.account,
    refresh: given.refresh ?? onDemand
  })
  const person = given.options["with"] === "device"
    ? DeviceCode.signIn(auth, client, {
      show: ({ userCode, verificationUri }) => Output.say(`open ${verificationUri} and type ${userCode}`)
    })
    : withLoopback(Loopback.signIn(auth, client, { open: browser.open, parameters: parametersOf(client) }))
  return { auth, client: yield* AuthHttpClient.fromSession(auth, { redirects: 5 }), person }
})
