/**
 * Two routes that sign a person in: `/login` sends the browser to the authorization server, `/callback` takes it back, and
 * the tokens become the session of an account.
 *
 * ```ts
 * import type * as AuthSessions from "@effect-auth/core/AuthSessions"
 * import type * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
 * import * as AuthorizationRoutes from "@effect-auth/oauth2/AuthorizationRoutes"
 * import type * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
 * import * as HttpRouter from "effect/http/HttpRouter"
 * import * as Effect from "effect/Effect"
 *
 * const routes = (
 *   client: OAuth2Client.OAuth2Client,
 *   sessions: AuthSessions.AuthSessions<AuthorizationCode.Credentials>
 * ) =>
 *   AuthorizationRoutes.make({
 *     client,
 *     path: "/auth/example",
 *     baseUrl: "https://app.example.com",
 *     sessions,
 *     // Whose browser this is, from the application's own cookie.
 *     account: Effect.succeed("member-42")
 *   }).pipe(Effect.map((routes) => HttpRouter.addAll(routes)))
 * ```
 *
 * **The cookie.** Each sign-in has one of its own, for ten minutes: `__Host-` before its name, `HttpOnly`, `Secure`,
 * `SameSite=Lax`. Its value is what ties the response to the browser; the store keeps a digest. On `http://localhost` the
 * name has no prefix and the cookie is not `Secure`. It is removed when the sign-in ends, also when it is refused. If an Effect
 * of the application fails, the cookie stays until it expires. If a browser has too many of these cookies, the oldest are
 * removed, because servers refuse a header that is too long.
 *
 * **`form_post`.** With `responseMode: "form_post"` the response comes in the body of a POST from the server's page. Such a
 * POST crosses sites, and a `Lax` cookie stays behind: the cookie of the sign-in is `SameSite=None; Secure` then. The
 * application's own `Lax` cookie stays behind, too, so an `account` that is an Effect can't see it at the callback; take
 * the function of the claims. A callback by GET is refused in this mode, one by POST in the other.
 *
 * **What is written down.** The callback's URL holds `code` and `state`. The routes keep it out of `HttpMiddleware.logger`;
 * for the spans of the server give {@link isCallback} to `HttpMiddleware.TracerDisabledWhen`. What stands in front of
 * the program (a proxy, a load balancer) has logs of its own. Each page has `no-store` and `no-referrer`, and shows nothing
 * of what was sent.
 *
 * @see RFC 9700 sections 2.1 and 4: https://www.rfc-editor.org/rfc/rfc9700
 * @since 0.1.0
 */
import type { AccessToken } from "@effect-auth/core/AccessToken"
import {
  type AuthMisconfigured,
  isAuthError,
  type SignInError,
  TokenRequestRejected
} from "@effect-auth/core/AuthError"
import type { AuthService } from "@effect-auth/core/AuthService"
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Redacted from "effect/Redacted"
import * as Authorization from "./Authorization.ts"
import type * as AuthorizationCode from "./AuthorizationCode.ts"
import type { Claims } from "./IdToken.ts"
import { misconfigured } from "./internal/failures.ts"
import * as formPost from "./internal/formPost.ts"
import * as pages from "./internal/pages.ts"
import * as routes from "./internal/seams/routes.ts"
import * as urls from "./internal/urls.ts"
import type { OAuth2Client } from "./OAuth2Client.ts"
import { PendingStore } from "./PendingStore.ts"

/**
 * A person who signed in.
 *
 * @since 0.1.0
 * @category models
 */
export interface SignedIn {
  readonly account: string
  /** The claims of the ID token, where `openid` was asked for. */
  readonly claims: Claims | undefined
  readonly token: AccessToken
  /** Where the browser wanted to go: a path of the application, checked. */
  readonly returnTo: string
}

/**
 * What makes the routes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<E, R> {
  readonly client: OAuth2Client
  /** Below it stand `/login` and `/callback`. The redirect URI to register is `baseUrl + path + "/callback"`. */
  readonly path: `/${string}`
  /** Scheme, host and port of the application, as browsers see it. */
  readonly baseUrl: string
  /** The sessions that the tokens go to: `AuthSessions`, or anything with the same `get`. */
  readonly sessions: {
    readonly get: (account: string) => Effect.Effect<Pick<AuthService<never>, "account" | "adopt">>
  }
  /**
   * Whose session it is. An Effect says who is at the browser: it runs before the login and again at the callback, and both
   * must say the same. A function takes it from the ID token, for applications that sign people in by this; it needs the
   * scope `openid`.
   */
  readonly account: Effect.Effect<string, E, R> | ((claims: Claims) => Effect.Effect<string, E, R>)
  /**
   * Default: those of the client. An Effect says it for each login: the `scopes` of a `StepUpRequired` that the application
   * kept for the person at the browser. They are not taken from the URL.
   */
  readonly scopes?: ReadonlyArray<string> | Effect.Effect<ReadonlyArray<string>, E, R> | undefined
  /** Further parameters of the authorization request: `prompt`. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /**
   * How the response comes back: in the URL (`query`, the default) or in the body of a POST (`form_post`). A server like
   * Apple's takes no other way for some scopes.
   */
  readonly responseMode?: "query" | "form_post" | undefined
  /** What the browser gets in the end. Set the application's own session cookie here. Default: a redirect to `returnTo`. */
  readonly onSignedIn?:
    | ((signedIn: SignedIn) => Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>)
    | undefined
  /** What the browser gets when it failed. Default: a short page that says no details. */
  readonly onFailed?: ((error: SignInError) => Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) | undefined
  /** Where the browser goes when the login did not say. Default: `/`. */
  readonly home?: string | undefined
  readonly idToken?: AuthorizationCode.Options | undefined
}

/** What the two handlers share. */
interface Setup<E, R> extends Options<E, R> {
  readonly redirectUri: string
  readonly base: URL
  readonly store: PendingStore["Service"]
  readonly cookie: ReturnType<typeof pages.cookieOf>
}

/** A browser keeps a `__Host-` cookie only over https. */
const cookieName = (base: URL, id: string): string =>
  `${base.protocol === "https:" ? "__Host-" : ""}oauth2-${id.slice(0, idLength)}`

const idLength = 22

/** An error of the application itself may be anything, also one of these: then it is answered as one. */
const isSignInError = (error: unknown): error is SignInError =>
  isAuthError(error) &&
  ["TokenRequestRejected", "AuthMisconfigured", "ProviderUnavailable", "TokenStoreError"].includes(error._tag)

const failed = <E, R>(setup: Setup<E, R>, error: SignInError) =>
  setup.onFailed === undefined ? Effect.succeed(pages.ofError(error)) : Effect.map(setup.onFailed(error), pages.guarded)

/** In characters. The entry of a sign-in holds the path, and a cookie may have to carry the entry. */
const longestPath = 2_048

const returnToOf = <E, R>({ base }: Setup<E, R>, text: string | null): string | undefined => {
  const path = urls.pathOf(base, text)
  return path === undefined || path.length > longestPath ? undefined : path
}

/** In characters: how much of a request's header sign-ins that wait may take. Node refuses a header of 16 KiB. */
const room = 6_000

/** The cookies of sign-ins for which there is no room. Browsers send the oldest ones first (RFC 6265 section 5.4). */
const excess = (cookies: Readonly<Record<string, string>>, base: URL): ReadonlyArray<string> => {
  const prefix = cookieName(base, "")
  const all = Object.entries(cookies).filter(([name]) =>
    name.startsWith(prefix) && name.length === prefix.length + idLength
  )
  let size = 0
  return all.reverse().filter(([name, value]) => (size += name.length + value.length) > room).map(([name]) => name)
}

const login = <E, R>(setup: Setup<E, R>) =>
  Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    const query = new URL(request.url, setup.base).searchParams
    const account = typeof setup.account === "function" ? undefined : yield* setup.account
    const asked: Authorization.Request = {
      redirectUri: setup.redirectUri,
      scopes: Effect.isEffect(setup.scopes) ? yield* setup.scopes : setup.scopes,
      parameters: setup.parameters,
      responseMode: setup.responseMode,
      account,
      returnTo: returnToOf(setup, query.get("returnTo"))
    }
    const begun = yield* Effect.result(Authorization.begin(setup.client, asked))
    if (begun._tag === "Failure") return yield* failed(setup, begun.failure)
    const { browser, id, url } = begun.success
    const started = excess(request.cookies, setup.base).reduce(
      (response, name) => pages.withoutCookie(response, name, setup.cookie),
      pages.redirect(url)
    )
    return HttpServerResponse.setCookieUnsafe(started, cookieName(setup.base, id), Redacted.value(browser), {
      ...setup.cookie,
      maxAge: "10 minutes"
    })
  }).pipe(Effect.provideService(PendingStore, setup.store))

const refusal = (client: OAuth2Client, account: string, error: string) =>
  new TokenRequestRejected({ provider: client.name, account, operation: "signIn", reason: "request", error })

/** The session that the tokens go to. */
const sessionOf = <E, R>(setup: Setup<E, R>, known: string | undefined) =>
(
  { claims }: AuthorizationCode.SignedIn
): Effect.Effect<Pick<AuthService<never>, "account" | "adopt">, E | TokenRequestRejected, R> => {
  if (typeof setup.account !== "function") return setup.sessions.get(known ?? "default")
  return claims === undefined
    ? Effect.fail(refusal(setup.client, "default", "no_id_token"))
    : Effect.flatMap(setup.account(claims), setup.sessions.get)
}

/** The response, where it has to be in this mode, or the page that refuses the request and uses nothing up. */
const received = <E, R>(setup: Setup<E, R>, request: HttpServerRequest.HttpServerRequest) => {
  const isForm = setup.responseMode === "form_post"
  // A request for the head only (a preview of a link) must not use the response up.
  if (request.method !== (isForm ? "POST" : "GET")) {
    return Effect.fail(pages.page(405, "This page can't be asked for like that"))
  }
  return isForm ? formPost.parametersOf(request) : Effect.succeed(new URL(request.url, setup.base).searchParams)
}

const finish = <E, R>(
  setup: Setup<E, R>,
  request: HttpServerRequest.HttpServerRequest,
  parameters: URLSearchParams
) =>
  Effect.gen(function*() {
    const { client } = setup
    const id = yield* Authorization.idOf(parameters)
    const name = id === undefined ? undefined : cookieName(setup.base, id)
    const cookie = name === undefined ? undefined : request.cookies[name]
    const account = typeof setup.account === "function" ? undefined : yield* setup.account
    const browser = cookie === undefined ? undefined : Redacted.make(cookie)
    const taken = yield* Effect.result(Authorization.take(client, { parameters, browser }))
    if (taken._tag === "Failure") return yield* failed(setup, taken.failure)
    const pending = taken.success
    const finished = Effect.gen(function*() {
      if (pending.account !== account) return yield* refusal(client, account ?? "default", "other_account")
      const signedIn = yield* Authorization.adopt(client, pending, parameters, sessionOf(setup, account), setup.idToken)
      return { ...signedIn, returnTo: pending.returnTo ?? setup.home ?? "/" }
    })
    const answer = yield* Effect.matchEffect(finished, {
      onFailure: (error) => isSignInError(error) ? failed(setup, error) : Effect.fail(error),
      onSuccess: (signedIn) =>
        setup.onSignedIn === undefined
          ? Effect.succeed(pages.redirect(signedIn.returnTo))
          : Effect.map(setup.onSignedIn(signedIn), pages.guarded)
    })
    return name === undefined ? answer : pages.withoutCookie(answer, name, setup.cookie)
  })

const callback = <E, R>(setup: Setup<E, R>) =>
  Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    const response = yield* Effect.result(received(setup, request))
    return response._tag === "Failure" ? response.failure : yield* finish(setup, request, response.success)
  }).pipe(HttpMiddleware.withLoggerDisabled, Effect.provideService(PendingStore, setup.store))

/**
 * Makes the routes. Fails with `AuthMisconfigured` when `baseUrl` is no origin, or neither https nor on this machine.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function*<E = never, R = never>(
  options: Options<E, R>
): Effect.fn.Return<routes.Routes<E, R>, AuthMisconfigured, PendingStore> {
  const base = urls.parse(options.baseUrl)
  const { name } = options.client
  if (base === undefined || base.origin !== options.baseUrl.replace(/\/$/, "")) {
    return yield* misconfigured(name, "url", "baseUrl is not scheme, host and port")
  }
  if (!urls.isSecure(base)) return yield* misconfigured(name, "insecure", "baseUrl is not https")
  const scopes = options.scopes ?? options.client.scopes ?? []
  if (typeof options.account === "function" && !Effect.isEffect(scopes) && !scopes.includes("openid")) {
    return yield* misconfigured(name, "options", "an account from the ID token needs the scope openid")
  }
  if (options.parameters?.["response_mode"] !== undefined) {
    return yield* misconfigured(name, "options", "responseMode says how the response comes back, not a parameter")
  }
  const isForm = options.responseMode === "form_post"
  const path: `/${string}` = `${options.path}/callback`
  const setup = {
    ...options,
    base,
    store: yield* PendingStore,
    redirectUri: base.origin + path,
    cookie: pages.cookieOf(base, isForm)
  }
  return routes.make({
    login: `${options.path}/login`,
    callback: path,
    isForm,
    onLogin: login(setup),
    onCallback: callback(setup)
  })
})

/**
 * Whether a request is a callback, for `HttpMiddleware.TracerDisabledWhen`: the span of a server shows the whole URL.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isCallback =
  (...paths: ReadonlyArray<`/${string}`>) => (request: HttpServerRequest.HttpServerRequest): boolean =>
    paths.some((path) => request.url.split("?")[0] === `${path}/callback`)
