/** A browser that signs in at an application with `AuthorizationRoutes`: it keeps cookies and follows redirects by hand. */
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
import * as AuthorizationRoutes from "@effect-auth/oauth2/AuthorizationRoutes"
import type * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as PendingStore from "@effect-auth/oauth2/PendingStore"
import * as OAuth2Sandbox from "@effect-auth/testing/OAuth2Sandbox"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import { appOf } from "../support/routers.ts"
import * as fixtures from "./fixtures.ts"

export const base = "https://app.example.com"

export interface Page {
  readonly status: number
  readonly location: string
  readonly text: string
  readonly headers: Headers
}

/** A browser of its own: nothing is shared with another one. */
export const makeBrowser = (app: HttpApp.Default<unknown>) => {
  const cookies = new Map<string, string>()
  const seen: Array<string> = []
  const ask = (url: string, init: RequestInit): Effect.Effect<Page> =>
    Effect.gen(function*() {
      const asked = new Request(url, init)
      asked.headers.set("cookie", Array.from(cookies, ([name, value]) => `${name}=${value}`).join("; "))
      const request = HttpServerRequest.fromWeb(asked)
      const response = HttpServerResponse.toWeb(
        yield* Effect.scoped(Effect.provideService(app, HttpServerRequest.HttpServerRequest, request))
      )
      for (const text of response.headers.getSetCookie()) {
        seen.push(text)
        const [pair = ""] = text.split(";")
        const at = pair.indexOf("=")
        if (/max-age=0/i.test(text)) cookies.delete(pair.slice(0, at))
        else cookies.set(pair.slice(0, at), decodeURIComponent(pair.slice(at + 1)))
      }
      return {
        status: response.status,
        location: response.headers.get("location") ?? "",
        text: yield* Effect.promise(() => response.text()),
        headers: response.headers
      }
    }).pipe(Effect.orDie)
  return {
    cookies,
    /** The texts of the cookies that were set. */
    seen,
    get: (url: string, method = "GET") => ask(url, { method }),
    /** Sends the parameters of a URL as a form, as the page of a server does for `form_post`. */
    post: (url: string, init: RequestInit = {}) => {
      const { origin, pathname, searchParams } = new URL(url)
      return ask(origin + pathname, { method: "POST", body: searchParams, ...init })
    }
  }
}

export type Browser = ReturnType<typeof makeBrowser>

/** An application with sessions of many members; `member` is who is at its browsers. */
export const makeApplication = Effect.fnUntraced(function*(
  options: {
    readonly client?: Partial<OAuth2Client.Options>
    readonly routes?: Partial<AuthorizationRoutes.Options<never, never>>
    readonly store?: PendingStore.Service
  } = {}
) {
  const client = yield* fixtures.client({ scopes: ["openid", "read"], ...options.client })
  const sessions = yield* AuthSessions.make(AuthorizationCode.provider(client)).pipe(
    Effect.provide(TokenStore.layerMemory)
  )
  const store = options.store ?? (yield* PendingStore.makeMemory())
  const who = { member: "member-1" }
  const routes = yield* AuthorizationRoutes.make({
    client,
    path: "/auth",
    baseUrl: base,
    sessions,
    account: Effect.sync(() => who.member),
    ...options.routes
  }).pipe(Effect.provideService(PendingStore.PendingStore, store), Effect.orDie)
  const app = yield* appOf(routes)
  const sandbox = yield* OAuth2Sandbox.OAuth2Sandbox
  /** From the login to the authorization server, and to the callback that it sends the browser to. */
  const leave = (browser: Browser, query = "") =>
    Effect.gen(function*() {
      const { location } = yield* browser.get(`${base}/auth/login${query}`)
      return (yield* sandbox.visit(location)) ?? "no redirect"
    })
  return { app, client, sessions, sandbox, who, leave, open: () => makeBrowser(app) }
})
