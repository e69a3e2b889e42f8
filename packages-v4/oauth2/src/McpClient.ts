/**
 * The session of an MCP client: an `OAuthClientProvider` for the official SDK (`@modelcontextprotocol/sdk`) on a session of
 * this package. The SDK never sees the refresh token, so it can't spend it: tokens are refreshed, saved and shared between
 * processes by the session, and the SDK asks for the current one before each request.
 *
 * ```ts
 * import type * as AuthService from "@effect-auth/core/AuthService"
 * import * as McpClient from "@effect-auth/oauth2/McpClient"
 * import type * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 *
 * const connect = (auth: AuthService.Any, client: OAuth2Client.OAuth2Client) =>
 *   Effect.map(
 *     McpClient.make(auth, client, {
 *       clientName: "Example tools",
 *       redirectUri: "https://app.example.com/callback",
 *       redirect: (url) => Console.log(`Open ${url}`)
 *     }),
 *     // new StreamableHTTPClientTransport(url, { authProvider, fetch })
 *     ({ authProvider, fetch }) => ({ authProvider, fetch })
 *   )
 * ```
 *
 * Give the transport both, `authProvider` and `fetch`: `fetch` renews the session when the server rejects a token, and sends the
 * request once more, so that the SDK begins a sign-in only where a person is needed. A request to an origin that is not
 * the session's fails with `AuthMisconfigured` (`origin`) if it has a token of the session. The SDK's sign-in is one of its own
 * (PKCE with S256): when the browser is back, give what {@link McpClient.codeOf} makes of it to `transport.finishAuth`, and the
 * tokens become the session. The verifier waits in memory, so the browser must come back to this process; with
 * `AuthorizationRoutes` or `Loopback` the session is signed in beside the SDK, which then finds it.
 *
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization
 * @since 0.1.0
 */
import { type AccessTokenError, requiresSignIn, TokenRequestRejected } from "@effect-auth/core/AuthError"
import type * as AuthService from "@effect-auth/core/AuthService"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as response from "./internal/authorizationResponse.ts"
import * as jwt from "./internal/jwt.ts"
import { type Fetch, Handed, renewing } from "./internal/mcpFetch.ts"
import { call, type CallError } from "./internal/publicCall.ts"
import type { OAuth2Client } from "./OAuth2Client.ts"

/**
 * What the SDK calls a token response.
 *
 * @since 0.1.0
 * @category models
 */
export interface SdkTokens {
  access_token: string
  token_type: string
  expires_in?: number | undefined
  refresh_token?: string | undefined
  scope?: string | undefined
  issuer?: string | undefined
}

/**
 * The members of the SDK's `OAuthClientProvider` that this one has.
 *
 * @since 0.1.0
 * @category models
 */
export interface SdkProvider {
  readonly redirectUrl: string
  readonly clientMetadata: { client_name: string; redirect_uris: Array<string>; scope?: string }
  readonly state: () => string
  readonly clientInformation: () => { client_id: string; client_secret?: string; issuer: string }
  readonly tokens: () => Promise<SdkTokens | undefined>
  readonly saveTokens: (tokens: SdkTokens) => Promise<void>
  readonly redirectToAuthorization: (url: URL) => Promise<void>
  readonly saveCodeVerifier: (verifier: string) => void
  readonly codeVerifier: () => Promise<string>
}

/**
 * How a sign-in of the SDK goes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly clientName: string
  /** Registered with the server, letter by letter. */
  readonly redirectUri: string
  /** Brings the person to the URL. It holds `state`, so it belongs in no log. */
  readonly redirect: (url: string) => Effect.Effect<unknown, unknown>
  /** The secret, where the client has one: the SDK sends the code by itself. */
  readonly secret?: Redacted.Redacted<string> | undefined
  /** Default: the platform's. */
  readonly fetch?: Fetch | undefined
}

/**
 * What a transport of the SDK is given, and what reads the redirect at the end of a sign-in.
 *
 * @since 0.1.0
 * @category models
 */
export interface McpClient {
  readonly authProvider: SdkProvider
  readonly fetch: Fetch
  /**
   * The code for `transport.finishAuth`, from the parameters of the redirect URI. `state` and `iss` are compared, and a response
   * is read once. Fails with `TokenRequestRejected`, error `invalid_state`, where this client did not begin it.
   */
  readonly codeOf: (parameters: URLSearchParams) => Effect.Effect<string, CallError>
}

const scopesOf = (text: string | null | undefined): ReadonlyArray<string> =>
  (text ?? "").split(" ").filter((scope) => scope !== "")

/**
 * Tokens that the SDK exchanged, as the session adopts them. `obtainedAt`: when the code was sent (epoch milliseconds). A missing
 * `scope` means: as asked (RFC 6749 section 5.1).
 */
const adopted = (
  tokens: SdkTokens,
  obtainedAt: number,
  asked: ReadonlyArray<string>
): AuthService.AdoptedTokens => ({
  accessToken: Redacted.make(tokens.access_token),
  tokenType: tokens.token_type,
  obtainedAt,
  ...(tokens.refresh_token === undefined ? {} : { refreshToken: Redacted.make(tokens.refresh_token) }),
  ...(tokens.expires_in === undefined ? {} : { expiresIn: tokens.expires_in }),
  ...(tokens.scope !== undefined ? { scopes: scopesOf(tokens.scope) } : asked.length === 0 ? {} : { scopes: asked })
})

const metadataOf = ({ scopes }: OAuth2Client, { clientName, redirectUri }: Options): SdkProvider["clientMetadata"] => ({
  client_name: clientName,
  redirect_uris: [redirectUri],
  ...(scopes === undefined ? {} : { scope: scopes.join(" ") })
})

const notOurs = (client: OAuth2Client, { account }: AuthService.Any) => {
  const why = { operation: "signIn", reason: "request", error: "invalid_state" } as const
  return new TokenRequestRejected({ provider: client.name, account, ...why })
}

/**
 * The provider of a session. `client` has to be the one that the session was made of.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function*(
  auth: AuthService.Any,
  client: OAuth2Client,
  options: Options
): Effect.fn.Return<McpClient> {
  const runtime = yield* Effect.context<never>()
  const handed = new Handed(client.scopes)
  const waiting = { state: "", verifier: "", sentAt: 0, scopes: client.scopes ?? [] }

  /** A failure is thrown as it is: the SDK reports it to its host. */
  const run = async <A, E>(effect: Effect.Effect<A, E>): Promise<A> => {
    const outcome = await Effect.runPromiseWith(runtime)(Effect.result(effect))
    if (Result.isFailure(outcome)) throw outcome.failure
    return outcome.success
  }

  const current: Effect.Effect<SdkTokens | undefined, AccessTokenError> = auth.accessToken.pipe(
    Effect.map((token): SdkTokens | undefined => ({
      access_token: handed.add(token),
      token_type: "Bearer",
      issuer: client.server.issuer
    })),
    // A person is needed. Everything else (the server is away) is no reason to ask one.
    Effect.catchIf(requiresSignIn, () => Effect.succeed(undefined))
  )

  const fetch = renewing(auth, handed, options.fetch ?? globalThis.fetch, Effect.runPromiseWith(runtime))
  const authProvider: SdkProvider = {
    redirectUrl: options.redirectUri,
    clientMetadata: metadataOf(client, options),
    state: () => waiting.state = jwt.randomText(),
    clientInformation: () => ({
      client_id: client.clientId,
      ...(options.secret === undefined ? {} : { client_secret: Redacted.value(options.secret) }),
      issuer: client.server.issuer
    }),
    tokens: () => run(current),
    saveTokens: (tokens) => run(Effect.asVoid(auth.adopt(adopted(tokens, waiting.sentAt, waiting.scopes)))),
    // A step-up of the SDK asks for what was missing alone, and would lose the scopes of before.
    redirectToAuthorization: (url) => {
      const asked = new URL(url)
      const scopes = scopesOf(asked.searchParams.get("scope"))
      waiting.scopes = scopes.length === 0 ? [] : Array.from(new Set([...handed.scopes, ...scopes]))
      if (scopes.length > 0) asked.searchParams.set("scope", waiting.scopes.join(" "))
      return run(Effect.asVoid(options.redirect(asked.href)))
    },
    saveCodeVerifier: (verifier) => void (waiting.verifier = verifier),
    codeVerifier: () =>
      run(Effect.map(Clock.currentTimeMillis, (now) => {
        waiting.sentAt = now
        return waiting.verifier
      }))
  }

  const codeOf = (parameters: URLSearchParams): Effect.Effect<string, CallError> =>
    Effect.suspend(() => {
      const expected = waiting.state
      const [state, ...more] = parameters.getAll("state")
      if (expected === "" || state !== expected || more.length > 0) return Effect.fail(notOurs(client, auth))
      waiting.state = ""
      return call(client, "signIn", response.codeOf(client, parameters), auth.account)
    })

  return { authProvider, fetch, codeOf }
})
