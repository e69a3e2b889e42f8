/**
 * Signing a person in at the authorization server: {@link begin} gives the URL to open, {@link complete} takes what came
 * back. `AuthorizationRoutes` puts the two behind a web server, `Loopback` behind a command line; use them directly for
 * anything else.
 *
 * PKCE with S256 always, `state` and `nonce` with 256 random bits, `iss` compared where the server promises it. A response
 * is used once, and only by the browser that began.
 *
 * @see RFC 6749 section 4.1, RFC 7636, RFC 9126, RFC 9207, RFC 9700: https://www.rfc-editor.org/rfc/rfc9700
 * @since 0.1.0
 */
import type { AccessToken } from "@effect-auth/core/AccessToken"
import {
  ProviderUnavailable,
  type SignInError,
  TokenRequestRejected,
  type TokenStoreError
} from "@effect-auth/core/AuthError"
import type { AuthService } from "@effect-auth/core/AuthService"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as AuthorizationCode from "./AuthorizationCode.ts"
import * as request from "./internal/authorizationRequest.ts"
import * as response from "./internal/authorizationResponse.ts"
import * as jwt from "./internal/jwt.ts"
import { toItsEnd } from "./internal/ownFiber.ts"
import { call, type CallError } from "./internal/publicCall.ts"
import { realmOf } from "./internal/session.ts"
import type { OAuth2Client } from "./OAuth2Client.ts"
import { type Pending, PendingStore } from "./PendingStore.ts"

/**
 * What is asked for.
 *
 * @since 0.1.0
 * @category models
 */
export interface Request {
  /** Registered with the server, letter by letter. */
  readonly redirectUri: string
  /** Default: those of the client. With `openid` among them an ID token is asked for, and must be there. */
  readonly scopes?: ReadonlyArray<string> | undefined
  /** Further parameters: `prompt`, `login_hint`, `max_age`. They can't replace one that protects the sign-in. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /**
   * How the response comes back. `query` (default): in the URL, by GET. `form_post`: in the body of a POST that the
   * browser sends from the server's page, so that it is in no URL, history or log.
   *
   * @see OAuth 2.0 Form Post Response Mode: https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html
   */
  readonly responseMode?: "query" | "form_post" | undefined
  /** Whose session it is to become, where that is known already. */
  readonly account?: string | undefined
  /** A path of the application, given back at the end. */
  readonly returnTo?: string | undefined
  /** Default: 10 minutes. */
  readonly patience?: Duration.Input | undefined
}

/**
 * A sign-in that was begun.
 *
 * @since 0.1.0
 * @category models
 */
export interface Begun {
  /** Where the browser goes. It holds `state`, so it belongs in no log. */
  readonly url: string
  /** Names the sign-in; no secret. */
  readonly id: string
  /** What the browser has to bring back beside the response: the value of a cookie. */
  readonly browser: Redacted.Redacted<string>
}

/**
 * Begins a sign-in. Fails with `ProviderUnavailable`, reason `busy`, when too many wait already.
 *
 * @see RFC 6749 section 4.1.1, RFC 9126 section 4
 * @since 0.1.0
 * @category constructors
 */
export const begin = Effect.fnUntraced(function*(
  client: OAuth2Client,
  asked: Request
): Effect.fn.Return<Begun, CallError | TokenStoreError, PendingStore> {
  const store = yield* PendingStore
  const scopes = asked.scopes ?? client.scopes
  const secrets = request.secrets(scopes)
  const id = yield* jwt.digest(secrets.state)
  const now = yield* Clock.currentTimeMillis
  const isKept = yield* store.put(id, {
    browser: yield* jwt.digest(secrets.browser),
    realm: realmOf(client),
    redirectUri: asked.redirectUri,
    verifier: Redacted.make(secrets.verifier),
    nonce: secrets.nonce,
    scopes,
    account: asked.account,
    returnTo: asked.returnTo,
    expiresAt: now + Duration.toMillis(asked.patience ?? "10 minutes")
  })
  if (isKept === false) {
    const { name: provider } = client
    return yield* new ProviderUnavailable({
      provider,
      account: asked.account ?? "default",
      operation: "begin",
      reason: "busy"
    })
  }
  const url = yield* call(client, "begin", request.urlOf(client, { ...asked, scopes }, secrets), asked.account)
  const carried = isKept === true ? "" : `.${Redacted.value(isKept)}`
  return { url, id, browser: Redacted.make(secrets.browser + carried) }
})

/**
 * What came back: the parameters of the redirect URI, and what the browser brought beside them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Response {
  readonly parameters: URLSearchParams
  readonly browser: Redacted.Redacted<string> | undefined
}

/**
 * The id of the sign-in that a response belongs to: it names the cookie. `undefined` where it has no `state`, or several.
 *
 * @since 0.1.0
 * @category getters
 */
export const idOf = (parameters: URLSearchParams): Effect.Effect<string | undefined> => {
  const [state, ...more] = parameters.getAll("state")
  return state === undefined || state === "" || more.length > 0 ? Effect.succeed(undefined) : jwt.digest(state)
}

/**
 * Finds what a response belongs to, and takes it out of the store. Fails with `TokenRequestRejected`, error
 * `invalid_state`, for a response that nobody asked for, that was used, that came too late, or that another browser brings;
 * the last one does not use it up.
 *
 * @see RFC 9700 section 4.7: https://www.rfc-editor.org/rfc/rfc9700#section-4.7
 * @since 0.1.0
 * @category combinators
 */
export const take = Effect.fnUntraced(function*(
  client: OAuth2Client,
  { browser, parameters }: Response
): Effect.fn.Return<Pending, TokenRequestRejected | TokenStoreError, PendingStore> {
  const store = yield* PendingStore
  const id = yield* idOf(parameters)
  if (id !== undefined && browser !== undefined) {
    const [own = "", ...carried] = Redacted.value(browser).split(".")
    const pending = yield* store.take(id, yield* jwt.digest(own), Redacted.make(carried.join(".")))
    // The response of another server, sent here: mix-up (RFC 9700 section 4.4).
    if (pending !== undefined && pending.realm === realmOf(client)) return pending
  }
  const refusal = { operation: "signIn", reason: "request", error: "invalid_state" } as const
  return yield* new TokenRequestRejected({ provider: client.name, account: "default", ...refusal })
})

/**
 * Checks the response to a sign-in that was taken, and exchanges its code. Fails with `TokenRequestRejected`: the error of
 * the server where the person said no (`access_denied`), `invalid_response` for one that is not the server's.
 *
 * @see RFC 6749 sections 4.1.2 and 4.1.3, RFC 9207 section 2.4
 * @since 0.1.0
 * @category combinators
 */
export const exchange = (
  client: OAuth2Client,
  pending: Pending,
  parameters: URLSearchParams,
  options?: AuthorizationCode.Options
): Effect.Effect<AuthorizationCode.SignedIn, CallError> =>
  call(
    client,
    "signIn",
    Effect.flatMap(response.codeOf(client, parameters), (code) =>
      AuthorizationCode.exchange(client, { ...pending, code: Redacted.make(code) }, options)),
    pending.account
  )

/**
 * {@link take} and {@link exchange}, for programs that keep the tokens in their own way.
 *
 * @since 0.1.0
 * @category combinators
 */
export const complete = Effect.fnUntraced(function*(
  client: OAuth2Client,
  response: Response,
  options?: AuthorizationCode.Options
): Effect.fn.Return<
  AuthorizationCode.SignedIn & { readonly pending: Pending },
  CallError | TokenStoreError,
  PendingStore
> {
  const pending = yield* take(client, response)
  return { ...(yield* exchange(client, pending, response.parameters, options)), pending }
})

/**
 * {@link exchange}, and the tokens become the session of an account, in one step: a browser that goes away meanwhile does
 * not lose them. `sessionOf` says which session.
 *
 * @since 0.1.0
 * @category combinators
 */
export const adopt = <E, R>(
  client: OAuth2Client,
  pending: Pending,
  parameters: URLSearchParams,
  sessionOf: (
    signedIn: AuthorizationCode.SignedIn
  ) => Effect.Effect<Pick<AuthService<never>, "account" | "adopt">, E, R>,
  options?: AuthorizationCode.Options
): Effect.Effect<
  AuthorizationCode.SignedIn & { readonly account: string; readonly token: AccessToken },
  SignInError | E,
  R
> =>
  toItsEnd(Effect.gen(function*() {
    const signedIn = yield* exchange(client, pending, parameters, options)
    const session = yield* sessionOf(signedIn)
    const token = yield* session.adopt(signedIn.tokens)
    return { ...signedIn, account: session.account, token }
  }))
