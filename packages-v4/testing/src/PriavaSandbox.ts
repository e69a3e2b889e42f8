/**
 * The Priava API as its documentation describes it: clients, codes that work once, tokens, three searches and a
 * webhook. Import it from `@effect-auth/testing/priava`; it needs `@effect-auth/priava` and no other provider.
 *
 * Where the documentation says nothing, the sandbox is strict: a code works once, refresh tokens rotate and a spent one
 * is refused, every call must name the region. It assumes: the codes of RFC 6749 under `error` (see {@link
 * ErrorCodes}), 401 for an invalid access token, 404 and 405 for wrong paths and methods, and a limit that counts token
 * requests too.
 *
 * @see https://support.priava.com/hc/en-us/articles/360000122415 (Access and Refresh Token API)
 * @since 0.1.0
 */
import type { TenantRegion } from "@effect-auth/priava/PriavaApi"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Faults from "./Faults.ts"
import * as door from "./internal/priava/door.ts"
import * as handlers from "./internal/priava/handlers.ts"
import * as limit from "./internal/priava/limit.ts"
import * as office from "./internal/priava/office.ts"
import * as Sandbox from "./Sandbox.ts"
import * as TokenAuthority from "./TokenAuthority.ts"

/**
 * An API client that an admin made.
 *
 * @since 0.1.0
 * @category models
 */
export interface Client {
  readonly id: string
  readonly secret: string
  readonly redirectUri: string
  /** Codes that are not exchanged yet. */
  readonly codes?: ReadonlyArray<string> | undefined
}

/**
 * A row of a search.
 *
 * @since 0.1.0
 * @category models
 */
export interface Row {
  readonly [field: string]: unknown
}

/**
 * A webhook subscription.
 *
 * @since 0.1.0
 * @category models
 */
export interface Subscription {
  readonly url: string
  readonly event: string
}

/**
 * The texts under `error` in a 400. The documentation lists no codes; the defaults are those of RFC 6749.
 *
 * @since 0.1.0
 * @category models
 */
export interface ErrorCodes {
  /** A code that is unknown or was used. Default: `invalid_grant`. */
  readonly code?: string | undefined
  /** A refresh token that is unknown, expired or spent. Default: `invalid_grant`. */
  readonly refresh?: string | undefined
  /** A wrong client id or secret. Default: `invalid_client`. */
  readonly client?: string | undefined
  /** A wrong `redirect_uri`. Default: `invalid_request`. */
  readonly redirect?: string | undefined
}

/**
 * The rate limit and the format of its date.
 *
 * @see https://priavasupportcenter.ungerboeck.com article 11053931540759 (Rate Limiting)
 * @since 0.1.0
 * @category models
 */
export interface Limit {
  /** Default: 450. */
  readonly requests?: number | undefined
  /** Default: 5 minutes. */
  readonly window?: Duration.Input | undefined
  /** The offset of the printed date from UTC. The date itself names no zone. Default: zero. */
  readonly zone?: Duration.Input | undefined
  /** Prints a wrong day of the week, like the documentation. Default: false. */
  readonly wrongWeekday?: boolean | undefined
  /** Sends a `Retry-After` header too, which is not documented. Default: false. */
  readonly header?: boolean | undefined
}

/**
 * The options of the sandbox. Everything has a default, exported as {@link defaults}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The region of the tenant; any other is refused. */
  readonly region?: TenantRegion | undefined
  /** Whether API calls must name the region. */
  readonly regionOnCalls?: boolean | undefined
  /** The path of the token endpoint. The documentation may also mean `/rest/oauth/token`. */
  readonly tokenPath?: string | undefined
  readonly clients?: ReadonlyArray<Client> | undefined
  readonly contacts?: ReadonlyArray<Row> | undefined
  readonly errorCodes?: ErrorCodes | undefined
  readonly limit?: Limit | undefined
  /**
   * The lifetimes of tokens. Default: access tokens 6 hours, refresh tokens 1 year, rotating; a spent refresh token is
   * refused.
   */
  readonly tokens?: TokenAuthority.Options | undefined
}

/**
 * The default contents: a client with one code, and one contact.
 *
 * @since 0.1.0
 * @category models
 */
export const defaults = {
  region: "EU",
  regionOnCalls: true,
  tokenPath: door.contractTokenPath,
  clients: [{
    id: "sandbox-client",
    secret: "sandbox-client-secret",
    redirectUri: "https://my.app.com/oauth2callback",
    codes: ["sandbox-code"]
  }],
  contacts: [{ Firstname: "Ola", Lastname: "Nordmann", Email: "ola@example.com" }],
  errorCodes: {
    code: "invalid_grant",
    refresh: "invalid_grant",
    client: "invalid_client",
    redirect: "invalid_request"
  },
  limit: {},
  tokens: { accessLifetime: "6 hours" }
} as const satisfies Options

/**
 * The sandbox: the members of every sandbox, and the admin screen.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends Sandbox.Sandbox {
  readonly region: TenantRegion
  /** Makes a new code for a client, like a person in the admin screen. */
  readonly makeCode: (clientId: string) => Effect.Effect<string>
  /** Adds a client, or replaces the one with that id. */
  readonly putClient: (client: Client) => Effect.Effect<void>
  /** The webhook subscriptions, oldest first. */
  readonly subscriptions: Effect.Effect<ReadonlyArray<Subscription>>
}

/**
 * The sandbox, for tests that control it.
 *
 * @since 0.1.0
 * @category tags
 */
export class PriavaSandbox extends Context.Service<PriavaSandbox, Service>()("@effect-auth/testing/PriavaSandbox") {}

const describe = (rules: door.Rules) => (request: Sandbox.Received) => {
  const operation = door.operationOf(rules, request.url.split("?")[0] ?? "")
  if (operation !== "sign-in") return { operation }
  const grant = new URLSearchParams(request.body).get("grant_type") ?? undefined
  return { operation: grant === "refresh_token" ? "refresh" as const : operation, grant }
}

/** A request passes the checks (`door`), the rate limit, and then the contract. */
const makeApp = (
  rules: door.Rules,
  limiter: ReturnType<typeof limit.make>,
  api: Sandbox.Options["app"]
): Sandbox.Options["app"] =>
  Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    const path = request.url.split("?")[0] ?? ""
    const early = limiter.check(yield* Clock.currentTimeMillis)
    const body = yield* request.text
    const refused = early ?? door.check(rules, { method: request.method, path, headers: request.headers, body })
    if (refused !== undefined) return refused
    return yield* path === rules.tokenPath
      ? Effect.provideService(
        api,
        HttpServerRequest.HttpServerRequest,
        request.modify({ url: door.contractTokenPath })
      )
      : api
  })

/**
 * Makes a sandbox without any session.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options?: Options): Effect.Effect<Service> =>
  Effect.gen(function*() {
    const rules = {
      region: options?.region ?? defaults.region,
      regionOnCalls: options?.regionOnCalls ?? defaults.regionOnCalls,
      tokenPath: options?.tokenPath ?? defaults.tokenPath
    }
    const authority = yield* TokenAuthority.make({ ...defaults.tokens, ...options?.tokens })
    const admin = office.make(options?.clients ?? defaults.clients)
    const codes = options?.errorCodes
    const subscriptions: Array<Subscription> = []
    const api = yield* Sandbox.fromApi(
      handlers.api({
        authority,
        office: admin,
        codes: {
          code: codes?.code ?? defaults.errorCodes.code,
          refresh: codes?.refresh ?? defaults.errorCodes.refresh,
          client: codes?.client ?? defaults.errorCodes.client,
          redirect: codes?.redirect ?? defaults.errorCodes.redirect
        },
        contacts: options?.contacts ?? defaults.contacts,
        subscriptions
      }),
      (error) => door.badTokenRequest(`Wrong or missing: ${error.issues.map(({ path }) => path.join(".")).join(", ")}`)
    )
    const app = makeApp(rules, limit.make(options?.limit ?? defaults.limit), api)
    const sandbox = yield* Sandbox.make({ name: "priava", authority, app, describe: describe(rules) })
    return {
      ...sandbox,
      region: rules.region,
      makeCode: admin.makeCode,
      putClient: admin.put,
      subscriptions: Effect.sync(() => [...subscriptions])
    }
  })

/**
 * A fault: the documented 429 with a date in its body. The date says that calls work again after `wait`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const rateLimited = (wait: Duration.Input, options?: Limit): Faults.Fault =>
  Faults.make(
    "rate limited",
    () =>
      Effect.map(Clock.currentTimeMillis, (now) =>
        HttpServerResponse.jsonUnsafe(limit.body(limit.later(now, wait), options ?? {}), { status: 429 }))
  )

/**
 * The sandbox as a service, for tests that control it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options): Layer.Layer<PriavaSandbox> => Layer.effect(PriavaSandbox, make(options))

/**
 * The `HttpClient` for a program under test: it sends requests to the sandbox in memory instead of the network.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerHttpClient: Layer.Layer<HttpClient.HttpClient, never, PriavaSandbox> = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(PriavaSandbox, (sandbox) => sandbox.httpClient)
)
