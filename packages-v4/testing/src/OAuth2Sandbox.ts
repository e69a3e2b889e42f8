/**
 * An authorization server as the RFCs describe it, for every grant of `@effect-auth/oauth2`: authorization code with
 * PKCE, refresh, client credentials, device code, JWT bearer, token exchange, and the installation tokens of a GitHub
 * App. It is strict: PKCE with S256 is required, codes and client assertions work once, and redirect URIs are compared
 * exactly. With `resources` its tokens are each for the APIs that were asked for. Import it from `@effect-auth/testing/OAuth2Sandbox`; it shares no code with the client.
 *
 * @see RFC 6749, RFC 7009, RFC 7521, RFC 7523, RFC 7636, RFC 7662, RFC 8414, RFC 8628, RFC 8693, RFC 8707,
 * RFC 9126, RFC 9207
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Layer from "effect/Layer"
import * as endpoints from "./internal/oauth2/endpoints.ts"
import type { World } from "./internal/oauth2/world.ts"
import * as Sandbox from "./Sandbox.ts"
import * as TokenAuthority from "./TokenAuthority.ts"

/**
 * A grant of the token endpoint.
 *
 * @since 0.1.0
 * @category models
 */
export type Grant =
  | "authorization_code"
  | "refresh_token"
  | "client_credentials"
  | "urn:ietf:params:oauth:grant-type:device_code"
  | "urn:ietf:params:oauth:grant-type:jwt-bearer"
  | "urn:ietf:params:oauth:grant-type:token-exchange"

/**
 * A registered client. `basic_unencoded`: its id and secret are not percent-encoded · `assertion`: `secret` is an
 * assertion that another issuer gave to the client.
 *
 * @since 0.1.0
 * @category models
 */
export interface Client {
  readonly id: string
  readonly method:
    | "none"
    | "client_secret_basic"
    | "basic_unencoded"
    | "client_secret_post"
    | "client_secret_jwt"
    | "private_key_jwt"
    | "assertion"
  readonly secret?: string | undefined
  readonly publicKey?: CryptoKey | undefined
  /** `http://127.0.0.1/…` matches every port. */
  readonly redirectUris?: ReadonlyArray<string> | undefined
  /** Default: all. */
  readonly grants?: ReadonlyArray<Grant> | undefined
  /** Whether a token exchange returns a refresh token. Default: no. */
  readonly exchangeRefreshes?: boolean | undefined
}

/**
 * The options of the sandbox. Everything has a default.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Partial<Fixed> {
  /** Default: a public client `app` and a confidential one `service` with the secret `sandbox-client-secret`. */
  readonly clients?: ReadonlyArray<Client> | undefined
  /** Default: access tokens are valid for an hour, refresh tokens rotate, and a spent one ends the whole grant. */
  readonly tokens?: TokenAuthority.Options | undefined
}

/**
 * The settings that do not change while the sandbox runs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fixed {
  /** Default: `https://login.example.com`. */
  readonly issuer: string
  /** Whether responses carry `iss` (RFC 9207). Default: true. */
  readonly issParameter: boolean
  /** Whether authorization requests must be pushed first (RFC 9126). Default: false. */
  readonly requirePar: boolean
  /** Milliseconds between two polls of a device. Default: 5,000. */
  readonly deviceInterval: number
  /** The trusted issuers of assertions, with their keys. */
  readonly trusted: Readonly<Record<string, CryptoKey>>
  /** The tokens that can be exchanged, with their subjects. Default: `subject-token` for `ola`. */
  readonly subjectTokens: Readonly<Record<string, string>>
  /**
   * The APIs that tokens can be for, each by its base URL below `<issuer>/api` (RFC 8707). A request for another one is
   * refused with `invalid_target`; a call below such a URL needs a token for it, and other calls need a token for none.
   * Default: `resource` is ignored, and every token is good everywhere.
   */
  readonly resources: ReadonlyArray<string> | undefined
  /** A GitHub App: repositories by installation. */
  readonly github:
    | {
      readonly appId: string
      readonly publicKey: CryptoKey
      readonly installations: Readonly<Record<string, ReadonlyArray<string>>>
    }
    | undefined
}

/**
 * The defaults of the fixed settings.
 *
 * @since 0.1.0
 * @category models
 */
export const defaults = {
  issuer: "https://login.example.com",
  issParameter: true,
  requirePar: false,
  deviceInterval: 5_000,
  trusted: {},
  subjectTokens: { "subject-token-of-ola": "ola" },
  resources: undefined,
  github: undefined,
  clients: [
    {
      id: "app",
      method: "none",
      redirectUris: ["https://app.example.com/auth/callback", "http://127.0.0.1/callback"]
    },
    {
      id: "service",
      method: "client_secret_basic",
      secret: "sandbox-client-secret",
      redirectUris: ["https://app.example.com/auth/callback"]
    }
  ],
  tokens: { accessLifetime: "1 hour", refreshLifetime: "30 days", rotation: true, reuse: "revoke-family" }
} as const satisfies Options

/**
 * The sandbox: the members of every sandbox, and the person at the browser.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends Sandbox.Sandbox {
  readonly issuer: string
  /** Sets the person at the browser and whether that person consents. At first: `ola`, who consents. */
  readonly atBrowser: (person: { readonly subject: string; readonly consents: boolean }) => Effect.Effect<void>
  /** Opens an authorization URL like a browser, and returns the redirect; `undefined` if the server shows a page. */
  readonly visit: (url: string) => Effect.Effect<string | undefined>
  /** Enters the user code of a device. Returns whether the code exists. */
  readonly decideDevice: (userCode: string, as: { readonly subject: string } | "denied") => Effect.Effect<boolean>
  /** Registers a client, or replaces the one with that id. */
  readonly putClient: (client: Client) => Effect.Effect<void>
}

/**
 * The sandbox, for tests that control it.
 *
 * @since 0.1.0
 * @category tags
 */
export class OAuth2Sandbox extends Context.Service<OAuth2Sandbox, Service>()("@effect-auth/testing/OAuth2Sandbox") {}

const formOf = (contentType: string, body: string): URLSearchParams => {
  if (!contentType.includes("json")) return new URLSearchParams(body)
  const form = new URLSearchParams()
  const parsed: unknown = body === "" ? {} : JSON.parse(body)
  for (const [name, value] of Object.entries(typeof parsed === "object" && parsed !== null ? parsed : {})) {
    for (const one of Array.isArray(value) ? value : [value]) form.append(name, String(one))
  }
  return form
}

const describe = (request: Sandbox.Received): { readonly operation: Sandbox.Operation; readonly grant?: string } => {
  const path = request.url.split("?")[0] ?? ""
  if (path === "/revoke") return { operation: "revoke" }
  if (path === "/introspect" || path === "/userinfo") return { operation: "info" }
  if (path.startsWith("/api/")) return { operation: "api" }
  if (path.startsWith("/app/")) return { operation: "sign-in", grant: "installation" }
  if (path !== "/token") return { operation: "other" }
  const [, json] = /"grant_type"\s*:\s*"([^"]+)"/.exec(request.body) ?? []
  const grant = json ?? new URLSearchParams(request.body).get("grant_type") ?? ""
  return { operation: grant === "refresh_token" ? "refresh" : "sign-in", grant }
}

/**
 * Makes a sandbox without any session.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Effect.Effect<Service> =>
  Effect.gen(function*() {
    const authority = yield* TokenAuthority.make({ ...defaults.tokens, ...options.tokens })
    const clients: ReadonlyArray<Client> = options.clients ?? defaults.clients
    const world: World = {
      fixed: { ...defaults, ...options },
      clients: new Map(clients.map((client) => [client.id, client])),
      authority,
      codes: new Map(),
      spentCodes: new Set(),
      devices: new Map(),
      pushed: new Map(),
      granted: new Map(),
      audiences: new Map(),
      assertions: new Set(),
      person: { subject: "ola", consents: true }
    }
    const app = Effect.gen(function*() {
      const request = yield* HttpServerRequest.HttpServerRequest
      const url = new URL(request.url, world.fixed.issuer)
      return yield* endpoints.answer({
        world,
        method: request.method,
        path: url.pathname,
        query: url.searchParams,
        form: formOf(request.headers["content-type"] ?? "", yield* request.text),
        headers: request.headers,
        now: yield* Clock.currentTimeMillis
      })
    })
    const sandbox = yield* Sandbox.make({ name: "oauth2", authority, app, describe })
    return {
      ...sandbox,
      issuer: world.fixed.issuer,
      atBrowser: (person) =>
        Effect.sync(() => {
          world.person = person
        }),
      visit: (url) =>
        sandbox.httpClient.get(url).pipe(
          Effect.map((response) => response.headers["location"]),
          Effect.orElseSucceed(() => undefined)
        ),
      decideDevice: (userCode, as) =>
        Effect.sync(() => {
          const found = Array.from(world.devices.values()).find((device) => device.userCode === userCode)
          if (found !== undefined) found.decided = as
          return found !== undefined
        }),
      putClient: (client) => Effect.sync(() => void world.clients.set(client.id, client))
    }
  })

/**
 * The sandbox as a service, for tests that control it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options): Layer.Layer<OAuth2Sandbox> => Layer.effect(OAuth2Sandbox, make(options))

/**
 * The `HttpClient` for a program under test: it sends requests to the sandbox in memory instead of the network.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerHttpClient: Layer.Layer<HttpClient.HttpClient, never, OAuth2Sandbox> = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(OAuth2Sandbox, (sandbox) => sandbox.httpClient)
)

/**
 * The metadata of the sandbox, for a client that does not use discovery.
 *
 * @since 0.1.0
 * @category getters
 */
export const metadata = (issuer: string = defaults.issuer) => ({
  issuer,
  tokenEndpoint: `${issuer}/token`,
  authorizationEndpoint: `${issuer}/authorize`,
  revocationEndpoint: `${issuer}/revoke`,
  introspectionEndpoint: `${issuer}/introspect`,
  userinfoEndpoint: `${issuer}/userinfo`,
  deviceAuthorizationEndpoint: `${issuer}/device`,
  pushedAuthorizationRequestEndpoint: `${issuer}/par`,
  jwksUri: `${issuer}/jwks`,
  issParameter: true
})
