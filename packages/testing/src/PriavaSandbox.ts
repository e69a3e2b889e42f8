/**
 * The Priava API as its pages describe it: clients, codes that work once, tokens, three searches and a webhook. Import
 * it from `@effect-auth/testing/priava`; it needs `@effect-auth/priava` and no other provider.
 *
 * Where the pages are silent this sandbox takes the stricter reading: a code works once, refresh tokens rotate and a
 * spent one is refused, every call names the region. What is assumed: the codes of RFC 6749 under `error` (see
 * {@link ErrorCodes}), 401 for a dead access token, 404 and 405 for paths and methods, and that the limit counts token
 * requests too.
 *
 * @see https://support.priava.com/hc/en-us/articles/360000122415 (Access and Refresh Token API)
 * @since 0.1.0
 */
import type { TenantRegion } from "@effect-auth/priava/PriavaApi"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Faults from "./Faults.ts"
import * as door from "./internal/priava/door.ts"
import * as handlers from "./internal/priava/handlers.ts"
import * as limit from "./internal/priava/limit.ts"
import * as office from "./internal/priava/office.ts"
import * as Sandbox from "./Sandbox.ts"
import * as TokenAuthority from "./TokenAuthority.ts"

/**
 * An API client, as an admin made it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Client {
  readonly id: string
  readonly secret: string
  readonly redirectUri: string
  /** Codes that wait to be exchanged. */
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
 * A webhook that was asked for.
 *
 * @since 0.1.0
 * @category models
 */
export interface Subscription {
  readonly url: string
  readonly event: string
}

/**
 * What stands under `error` in a 400. The pages list no codes; the defaults are those of RFC 6749.
 *
 * @since 0.1.0
 * @category models
 */
export interface ErrorCodes {
  /** A code that is unknown or was used. Default: `invalid_grant`. */
  readonly code?: string | undefined
  /** A refresh token that is unknown, dead or spent. Default: `invalid_grant`. */
  readonly refresh?: string | undefined
  /** A wrong client id or secret. Default: `invalid_client`. */
  readonly client?: string | undefined
  /** A wrong `redirect_uri`. Default: `invalid_request`. */
  readonly redirect?: string | undefined
}

/**
 * The rate limit, and how its date is printed.
 *
 * @see https://priavasupportcenter.ungerboeck.com article 11053931540759 (Rate Limiting)
 * @since 0.1.0
 * @category models
 */
export interface Limit {
  /** Default: 450. */
  readonly requests?: number | undefined
  /** Default: 5 minutes. */
  readonly window?: Duration.DurationInput | undefined
  /** How far ahead of UTC the date is printed; the date itself names no zone. Default: zero. */
  readonly zone?: Duration.DurationInput | undefined
  /** Prints another day of the week, as the page does. Default: false. */
  readonly wrongWeekday?: boolean | undefined
  /** Sends a `Retry-After` header too, which is not documented. Default: false. */
  readonly header?: boolean | undefined
}

/**
 * How the sandbox is set up. Everything has a default, exported as {@link defaults}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The region of the tenant; any other is refused. */
  readonly region?: TenantRegion | undefined
  /** Whether API calls have to name the region. */
  readonly regionOnCalls?: boolean | undefined
  /** Where the token endpoint is; the other reading of the page is `/rest/oauth/token`. */
  readonly tokenPath?: string | undefined
  readonly clients?: ReadonlyArray<Client> | undefined
  readonly contacts?: ReadonlyArray<Row> | undefined
  readonly errorCodes?: ErrorCodes | undefined
  readonly limit?: Limit | undefined
  /** How tokens live. Default: 6 hours, 1 year, rotating, a spent refresh token is refused. */
  readonly tokens?: TokenAuthority.Options | undefined
}

/**
 * What the sandbox has when nothing is said: a client with one code, and one contact.
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
 * The sandbox: what all have, and the admin screen of this one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends Sandbox.Sandbox {
  readonly region: TenantRegion
  /** Makes a new code for a client, as a human does in the admin screen. */
  readonly makeCode: (clientId: string) => Effect.Effect<string>
  /** Adds a client, or replaces the one with that id. */
  readonly putClient: (client: Client) => Effect.Effect<void>
  /** The webhooks that were asked for, oldest first. */
  readonly subscriptions: Effect.Effect<ReadonlyArray<Subscription>>
}

/**
 * The sandbox, for tests that steer it.
 *
 * @since 0.1.0
 * @category tags
 */
export class PriavaSandbox extends Context.Tag("@effect-auth/testing/PriavaSandbox")<PriavaSandbox, Service>() {}

const describe = (rules: door.Rules) => (request: Sandbox.Received) => {
  const operation = door.operationOf(rules, request.url.split("?")[0] ?? "")
  if (operation !== "sign-in") return { operation }
  const grant = new URLSearchParams(request.body).get("grant_type") ?? undefined
  return { operation: grant === "refresh_token" ? "refresh" as const : operation, grant }
}

/** The door, the limit, then the contract. */
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
 * Makes a sandbox with nobody signed in.
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
 * The documented 429 with the date in its body, on demand: there is room again after `wait`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const rateLimited = (wait: Duration.DurationInput, options?: Limit): Faults.Fault =>
  Faults.make(
    "rate limited",
    () =>
      Effect.map(Clock.currentTimeMillis, (now) =>
        HttpServerResponse.unsafeJson(limit.body(limit.later(now, wait), options ?? {}), { status: 429 }))
  )

/**
 * The sandbox as a service, for tests that steer it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options): Layer.Layer<PriavaSandbox> => Layer.effect(PriavaSandbox, make(options))

/**
 * The `HttpClient` of a program under test: the sandbox in place of the network, in process.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerHttpClient: Layer.Layer<HttpClient.HttpClient, never, PriavaSandbox> = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(PriavaSandbox, (sandbox) => sandbox.httpClient)
)
