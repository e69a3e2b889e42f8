/**
 * Signing a person in from a single-page application: {@link leave} sends the page to the authorization server, and
 * {@link comeBack} runs when the page is loaded again.
 *
 * ```ts
 * import type * as AuthService from "@effect-auth/core/AuthService"
 * import type * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
 * import * as BrowserRedirect from "@effect-auth/oauth2/BrowserRedirect"
 * import type * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
 * import * as Effect from "effect/Effect"
 *
 * const start = (client: OAuth2Client.OAuth2Client, auth: AuthService.AuthService<AuthorizationCode.Credentials>) =>
 *   Effect.gen(function*() {
 *     yield* BrowserRedirect.comeBack(auth, client)
 *     const state = yield* auth.state
 *     if (state._tag === "SignedOut") {
 *       yield* BrowserRedirect.leave(client, { redirectUri: `${location.origin}/` })
 *     }
 *   })
 * ```
 *
 * Register the page's own URL. Let the server answer requests of the page's origin (CORS) at the token, revocation and
 * metadata endpoints. If it names an endpoint of pushed authorization requests, it must answer there, too, because it is asked
 * there first. The client is a public one: a page keeps no secret. The session itself is in the `TokenStore`; read
 * what `BrowserTokenStore` says about scripts on the page first.
 *
 * **What is checked** is what `Authorization` checks. What the browser has to bring is in `sessionStorage` beside the entry, so
 * a response works in the tab that began and in no other. `code` and `state` are taken out of the address bar and the
 * history before anything is sent.
 *
 * @see OAuth 2.0 for Browser-Based Applications: https://datatracker.ietf.org/doc/draft-ietf-oauth-browser-based-apps/
 * @since 0.1.0
 */
import type { AccessToken } from "@effect-auth/core/AccessToken"
import { type SignInError, TokenStoreError } from "@effect-auth/core/AuthError"
import type { AuthService } from "@effect-auth/core/AuthService"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Authorization from "./Authorization.ts"
import type * as AuthorizationCode from "./AuthorizationCode.ts"
import * as BrowserPendingStore from "./BrowserPendingStore.ts"
import type { Claims } from "./IdToken.ts"
import { realmOf } from "./internal/session.ts"
import * as urls from "./internal/urls.ts"
import type { OAuth2Client } from "./OAuth2Client.ts"
import { PendingStore } from "./PendingStore.ts"

/**
 * What the two steps use of the browser.
 *
 * @since 0.1.0
 * @category models
 */
export interface Page {
  /** Default: `location`. */
  readonly location: Pick<Location, "href" | "assign">
  /** Default: `history`. */
  readonly history: Pick<History, "replaceState">
  /** Default: `sessionStorage`. */
  readonly storage: BrowserPendingStore.TabStorage
}

/**
 * What is asked for.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Registered with the server, letter by letter: a page of this origin that runs {@link comeBack}. */
  readonly redirectUri: string
  /** Default: those of the client. */
  readonly scopes?: ReadonlyArray<string> | undefined
  /** Further parameters of the authorization request: `prompt`. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** The path that the address bar shows in the end. Default: where the page is now. */
  readonly returnTo?: string | undefined
  readonly page?: Page | undefined
}

/**
 * A person who came back.
 *
 * @since 0.1.0
 * @category models
 */
export interface CameBack {
  readonly token: AccessToken
  /** The claims of the ID token, where `openid` was asked for. */
  readonly claims: Claims | undefined
  /** What the address bar shows now. */
  readonly returnTo: string
}

const prefix = "effect-auth:browser:"
const pendingPrefix = "effect-auth:pending:"

const pageOf = (given: Page | undefined) =>
  given === undefined
    ? Effect.try({
      try: (): Page => ({
        location: globalThis.location,
        history: globalThis.history,
        storage: globalThis.sessionStorage
      }),
      catch: () => unavailable("open")
    })
    : Effect.succeed(given)

const unavailable = (operation: string) =>
  new TokenStoreError({ provider: "oauth2", account: "", operation, reason: "unavailable" })

/** Where the secret of a sign-in waits. The name says whose it is, because a page may have several clients. */
const keyOf = (client: OAuth2Client, id: string): string => `${prefix}${encodeURIComponent(realmOf(client))}:${id}`

/** Whether another client of this page waits for the response. */
const isOthers = ({ storage }: Page, client: OAuth2Client, id: string): boolean => {
  const keys = secretsIn(storage)
  return !keys.includes(keyOf(client, id)) && keys.some((key) => key.endsWith(`:${id}`))
}

const secretsIn = (storage: BrowserPendingStore.TabStorage): ReadonlyArray<string> =>
  Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "").filter((key) => key.startsWith(prefix))

/** Removes the secrets of sign-ins that no longer wait: nobody came back from there in time. */
const sweep = (storage: BrowserPendingStore.TabStorage): void => {
  for (const key of secretsIn(storage)) {
    if (storage.getItem(pendingPrefix + key.slice(key.lastIndexOf(":") + 1)) === null) storage.removeItem(key)
  }
}

const waitingIn = ({ storage }: Page) => BrowserPendingStore.make({ storage, prefix: pendingPrefix })

/** A response that nobody took is no place to come back to. */
const placeOf = ({ hash, pathname, search, searchParams }: URL): string =>
  isResponse(searchParams) ? pathname : `${pathname}${search}${hash}`

/** Whether the address is a response: `state`, and an answer beside it. */
const isResponse = (parameters: URLSearchParams): boolean =>
  parameters.has("state") && (parameters.has("code") || parameters.has("error"))

/**
 * Sends the page to the authorization server. It does not come back from there: `never` where the browser goes, an error
 * where it can't.
 *
 * @since 0.1.0
 * @category combinators
 */
export const leave = Effect.fnUntraced(function*(
  client: OAuth2Client,
  options: Options
): Effect.fn.Return<never, SignInError> {
  const page = yield* pageOf(options.page)
  const here = new URL(page.location.href)
  const begun = yield* Authorization.begin(client, {
    redirectUri: options.redirectUri,
    scopes: options.scopes,
    parameters: options.parameters,
    returnTo: options.returnTo ?? placeOf(here)
  }).pipe(Effect.provideService(PendingStore, waitingIn(page)))
  yield* Effect.try({
    try: () => {
      sweep(page.storage)
      page.storage.setItem(keyOf(client, begun.id), Redacted.value(begun.browser))
    },
    catch: () => unavailable("write")
  })
  yield* Effect.sync(() => page.location.assign(begun.url))
  return yield* Effect.never
})

/**
 * Takes the response out of the address bar, and the tokens become the session of `auth`. `None` when the address is no
 * response (the page was opened without a sign-in), or the response of another client of this page. Fails with `TokenRequestRejected` when the person said no (`access_denied`), or when
 * this tab did not ask for the response (`invalid_state`); the address bar is clean then, too.
 *
 * @since 0.1.0
 * @category combinators
 */
export const comeBack = Effect.fnUntraced(function*(
  auth: Pick<AuthService<never>, "account" | "adopt">,
  client: OAuth2Client,
  options: { readonly idToken?: AuthorizationCode.Options | undefined; readonly page?: Page | undefined } = {}
): Effect.fn.Return<Option.Option<CameBack>, SignInError> {
  const page = yield* pageOf(options.page)
  const here = new URL(page.location.href)
  const parameters = here.searchParams
  if (!isResponse(parameters)) return Option.none()
  const id = (yield* Authorization.idOf(parameters)) ?? ""
  const isForAnother = yield* Effect.try({
    try: () => isOthers(page, client, id),
    catch: () => unavailable("read")
  })
  if (isForAnother) return Option.none()
  const show = (path: string) =>
    Effect.try({ try: () => page.history.replaceState(null, "", path), catch: () => unavailable("write") })
  // Two slashes at the beginning would name another origin.
  yield* show(here.pathname.replace(/^\/{2,}/, "/"))
  const key = keyOf(client, id)
  const kept = yield* Effect.try({
    try: () => {
      const text = page.storage.getItem(key)
      page.storage.removeItem(key)
      return text
    },
    catch: () => unavailable("read")
  })
  const browser = kept === null ? undefined : Redacted.make(kept)
  const pending = yield* Authorization.take(client, { parameters, browser }).pipe(
    Effect.provideService(PendingStore, waitingIn(page))
  )
  const returnTo = urls.pathOf(here, pending.returnTo ?? null) ?? here.pathname
  yield* show(returnTo)
  const { claims, token } = yield* Authorization.adopt(
    client,
    pending,
    parameters,
    () => Effect.succeed(auth),
    options.idToken
  )
  return Option.some({ token, claims, returnTo })
})
