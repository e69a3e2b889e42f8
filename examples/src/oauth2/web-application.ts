/**
 * A web application that signs people in at an OAuth 2 server and calls an API in their name.
 *
 * The browser gets one cookie of the application, which names a visitor. Tokens stay on the server: in the session of the
 * visitor's account.
 */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
import * as AuthorizationRoutes from "@effect-auth/oauth2/AuthorizationRoutes"
import * as ClientAuthentication from "@effect-auth/oauth2/ClientAuthentication"
import * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
import * as PendingStore from "@effect-auth/oauth2/PendingStore"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

// #region settings
const settings = Config.all({
  issuer: Config.string("ISSUER"),
  clientId: Config.string("CLIENT_ID"),
  secret: Config.redacted("CLIENT_SECRET"),
  /** Where browsers find this application. */
  baseUrl: Config.string("BASE_URL"),
  api: Config.string("API_URL")
})

const makeClient = Effect.flatMap(
  settings,
  ({ api, clientId, issuer, secret }) =>
    Effect.flatMap(OAuth2Server.discovered(issuer), (server) =>
      OAuth2Client.make({
        name: "example",
        server,
        clientId,
        authentication: ClientAuthentication.basic(secret),
        scopes: ["openid", "offline_access"],
        origins: [new URL(api).origin],
        api: { baseUrl: api }
      }))
)
// #endregion

// #region visitors
/** Who is at which browser. A real application has a table in the place of the map. */
const makeVisitors = (isSecure: boolean) => {
  const accounts = new Map<string, string>()
  const name = isSecure ? "__Host-visitor" : "visitor"
  // `Lax`: a page elsewhere can lead a visitor here, but can't post in the visitor's name.
  const cookie = { httpOnly: true, secure: isSecure, sameSite: "lax", path: "/" } as const
  const idOf = Effect.map(HttpServerRequest.HttpServerRequest, ({ cookies }) => cookies[name] ?? "")
  return {
    account: Effect.map(idOf, (id) => accounts.get(id)),
    /** A new id for each sign-in: one that somebody planted before is worth nothing. */
    remember: (account: string, response: HttpServerResponse.HttpServerResponse) =>
      Effect.sync(() => {
        const id = crypto.randomUUID()
        accounts.set(id, account)
        return HttpServerResponse.unsafeSetCookie(response, name, id, cookie)
      }),
    forget: (response: HttpServerResponse.HttpServerResponse) =>
      Effect.map(idOf, (id) => {
        accounts.delete(id)
        return HttpServerResponse.unsafeSetCookie(response, name, "", { ...cookie, maxAge: 0 })
      })
  }
}
// #endregion

// #region pages
const page = (body: string) =>
  HttpServerResponse.html(`<!doctype html><meta charset="utf-8"><title>Example</title>${body}`)

const goTo = (location: string) => HttpServerResponse.empty({ status: 303, headers: { location } })

const signIn = goTo("/auth/login?returnTo=/profile")
// #endregion

// #region application
/** The routes: `/`, `/profile`, `/sign-out`, and below `/auth` those of the sign-in. */
export const make = Effect.gen(function*() {
  const { baseUrl } = yield* settings
  const client = yield* makeClient
  const sessions = yield* AuthSessions.make(AuthorizationCode.provider(client))
  const accounts = yield* AuthHttpClient.fromSessions(sessions)
  const visitors = makeVisitors(baseUrl.startsWith("https:"))

  const authorization = yield* AuthorizationRoutes.make({
    client,
    path: "/auth",
    baseUrl,
    sessions,
    // OpenID Connect gives a refresh token only after a question to the person.
    parameters: { prompt: "consent" },
    account: ({ sub }) => Effect.succeed(sub),
    onSignedIn: ({ account, returnTo }) => visitors.remember(account, goTo(returnTo))
  })

  const home = Effect.map(visitors.account, (account) =>
    page(
      account === undefined
        ? `<a href="/auth/login?returnTo=/profile">Sign in</a>`
        : `<a href="/profile">Profile</a><form method="post" action="/sign-out"><button>Sign out</button></form>`
    ))

  /** An API call in the name of the person at the browser. */
  const profile = Effect.gen(function*() {
    const account = yield* visitors.account
    if (account === undefined) return signIn
    const { client: api } = yield* accounts.get(account)
    const response = yield* api.get("/me")
    return HttpServerResponse.text(yield* response.text)
  }).pipe(Effect.catchTags({
    SignInRequired: () => Effect.succeed(signIn),
    RefreshTokenRejected: () => Effect.succeed(signIn),
    RefreshOutcomeUnknown: () => Effect.succeed(signIn),
    ProviderUnavailable: () => Effect.succeed(HttpServerResponse.text("Please try again later", { status: 503 }))
  }))

  const signOut = Effect.gen(function*() {
    const account = yield* visitors.account
    // The tokens are revoked for all browsers of this person. The visitor is forgotten whether or not the server can be told.
    if (account !== undefined) yield* Effect.ignore((yield* sessions.get(account)).signOut)
    return yield* visitors.forget(goTo("/"))
  })

  return HttpRouter.empty.pipe(
    HttpRouter.get("/", home),
    HttpRouter.get("/profile", profile),
    HttpRouter.post("/sign-out", signOut),
    HttpRouter.concat(authorization)
  )
})
// #endregion

// #region layers
/**
 * Everything but the server that listens: provide `NodeHttpServer.layer(createServer, { port: 3000 })`. With more than one
 * process take `SqlTokenStore` and `SqlPendingStore`.
 */
export const Application = Layer.unwrapScoped(Effect.map(make, HttpServer.serve(HttpMiddleware.logger))).pipe(
  HttpMiddleware.withTracerDisabledWhen(AuthorizationRoutes.isCallback("/auth")),
  Layer.provide([FetchHttpClient.layer, TokenStore.layerMemory, PendingStore.layerMemory()])
)
// #endregion
