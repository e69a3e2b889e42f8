/**
 * Signing a person in from a command line: the browser comes back to a server on this machine, which lives as long as the
 * sign-in does.
 *
 * ```ts
 * import type * as AuthService from "@effect-auth/core/AuthService"
 * import type * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
 * import * as Loopback from "@effect-auth/oauth2/Loopback"
 * import type * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
 * import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 * import { createServer } from "node:http"
 *
 * const signIn = (client: OAuth2Client.OAuth2Client, auth: AuthService.AuthService<AuthorizationCode.Credentials>) =>
 *   Effect.suspend(() => {
 *     const server = createServer()
 *     return Loopback.signIn(auth, client, { open: (url) => Console.log(`Open ${url}`) }).pipe(
 *       Effect.ensuring(Effect.sync(() => server.closeAllConnections())),
 *       Effect.provide(NodeHttpServer.layer(() => server, { port: 0, host: "127.0.0.1" }))
 *     )
 *   })
 * ```
 *
 * A browser opens connections in advance. Without `closeAllConnections`, Node's server waits until the browser closes them.
 *
 * Register `http://127.0.0.1/callback`; the server has to take any port (RFC 8252 section 7.3). A request with a wrong
 * `state`, another path, another method or another `Host` gets 400 and ends nothing.
 *
 * @see RFC 8252 sections 7.3 and 8.3: https://www.rfc-editor.org/rfc/rfc8252#section-7.3
 * @since 0.1.0
 */
import type { AccessToken } from "@effect-auth/core/AccessToken"
import { AuthMisconfigured, type SignInError, TokenRequestRejected } from "@effect-auth/core/AuthError"
import type { AuthService } from "@effect-auth/core/AuthService"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpServer from "effect/http/HttpServer"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as Redacted from "effect/Redacted"
import * as Authorization from "./Authorization.ts"
import type * as AuthorizationCode from "./AuthorizationCode.ts"
import { toItsEnd } from "./internal/ownFiber.ts"
import * as pages from "./internal/pages.ts"
import { type Address, addressOf } from "./internal/seams/address.ts"
import type { OAuth2Client } from "./OAuth2Client.ts"
import * as PendingStore from "./PendingStore.ts"

/**
 * How a sign-in goes. Only `open` has no default.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<E, R> {
  /** Opens the URL in a browser, or shows it. It holds `state`, so it belongs in no log. */
  readonly open: (url: string) => Effect.Effect<unknown, E, R>
  /** How long the person may take until the browser is back. Default: 5 minutes. */
  readonly patience?: Duration.Input | undefined
  /** Default: `/callback`. */
  readonly path?: `/${string}` | undefined
  /** Default: those of the client. */
  readonly scopes?: ReadonlyArray<string> | undefined
  /** Further parameters of the authorization request: `prompt`. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  readonly idToken?: AuthorizationCode.Options | undefined
}

/** Where the server listens, as browsers name it; `undefined` where other machines can reach it. */
const originOf = (address: Address | undefined): string | undefined => {
  if (address === undefined) return undefined
  const { hostname, port } = address
  if (hostname === "127.0.0.1") return `http://127.0.0.1:${port}`
  return hostname === "::1" ? `http://[::1]:${port}` : undefined
}

interface Waiting {
  readonly origin: string
  readonly path: string
  readonly client: OAuth2Client
  readonly auth: Pick<AuthService<never>, "account" | "adopt">
  readonly browser: Redacted.Redacted<string>
  readonly store: PendingStore.Service
  /** The response was taken: from here on only the exchange is waited for. */
  readonly received: Deferred.Deferred<void>
  readonly outcome: Deferred.Deferred<AccessToken, SignInError>
  readonly idToken: AuthorizationCode.Options | undefined
}

const nothing = pages.page(400, "This page belongs to a sign-in that is not waiting")

/** One request of a browser, of any browser, page or program on this machine. */
const answer = (waiting: Waiting) =>
  Effect.gen(function*() {
    const { auth, client, idToken, origin, outcome, path, received } = waiting
    const request = yield* HttpServerRequest.HttpServerRequest
    if (!URL.canParse(request.url, origin)) return nothing
    const url = new URL(request.url, origin)
    // A page elsewhere that had its own name point here is recognised by that name (DNS rebinding).
    const isHere = request.headers["host"] === new URL(origin).host
    if (!isHere || request.method !== "GET" || url.pathname !== path) return nothing
    const parameters = url.searchParams
    const decide = Effect.gen(function*() {
      const taken = yield* Effect.result(Authorization.take(client, { parameters, browser: waiting.browser }))
      if (taken._tag === "Failure") return false
      yield* Deferred.succeed(received, undefined)
      const adopted = Authorization.adopt(client, taken.success, parameters, () => Effect.succeed(auth), idToken)
      return yield* Deferred.done(outcome, yield* Effect.exit(Effect.map(adopted, ({ token }) => token)))
    })
    // A browser that goes away in the middle must not leave the program without the outcome.
    if (!(yield* toItsEnd(decide))) return nothing
    return yield* Effect.match(Deferred.await(outcome), {
      onFailure: pages.ofError,
      onSuccess: () => pages.page(200, "You are signed in. You can close this window")
    })
  }).pipe(Effect.provideService(PendingStore.PendingStore, waiting.store))

/** How long a browser may take to read the last page before the server is closed. */
const farewell = "100 millis"

const misplaced = (client: OAuth2Client, account: string) =>
  new AuthMisconfigured({
    provider: client.name,
    account,
    operation: "signIn",
    reason: "options",
    errorDescription: "the HttpServer does not listen on 127.0.0.1 or ::1 alone"
  })

const tooLate = (client: OAuth2Client, account: string) => {
  const why = { operation: "signIn", reason: "credentials", error: "timeout" } as const
  return new TokenRequestRejected({ provider: client.name, account, ...why })
}

/**
 * Signs a person in. Needs an `HttpServer` that listens on `127.0.0.1` or `::1`, with a port of its own; on any other
 * address it fails with `AuthMisconfigured`. Fails with `TokenRequestRejected` when the person says no (`access_denied`) or
 * does not come back in time (`timeout`).
 *
 * @since 0.1.0
 * @category combinators
 */
export const signIn = Effect.fnUntraced(function*<E = never, R = never>(
  auth: Pick<AuthService<never>, "account" | "adopt">,
  client: OAuth2Client,
  options: Options<E, R>
): Effect.fn.Return<AccessToken, SignInError | E, HttpServer.HttpServer | R> {
  const origin = originOf(addressOf(yield* HttpServer.HttpServer))
  if (origin === undefined) return yield* misplaced(client, auth.account)
  const { idToken, parameters, path = "/callback", patience = "5 minutes", scopes } = options
  const store = yield* PendingStore.makeMemory()
  const begun = yield* Authorization.begin(client, {
    redirectUri: origin + path,
    scopes,
    parameters,
    account: auth.account,
    patience
  }).pipe(Effect.provideService(PendingStore.PendingStore, store))
  const received = yield* Deferred.make<void>()
  const outcome = yield* Deferred.make<AccessToken, SignInError>()
  const app = answer({ origin, path, client, auth, browser: begun.browser, store, received, outcome, idToken })
  return yield* Effect.scoped(Effect.gen(function*() {
    yield* Effect.provideService(HttpServer.serveEffect(app), HttpMiddleware.TracerDisabledWhen, () => true)
    yield* options.open(begun.url)
    yield* Effect.timeoutOrElse(Deferred.await(received), {
      duration: patience,
      orElse: () => Effect.fail(tooLate(client, auth.account))
    })
    const decided = yield* Effect.result(Deferred.await(outcome))
    yield* Effect.sleep(farewell)
    return yield* Effect.fromResult(decided)
  }))
})
