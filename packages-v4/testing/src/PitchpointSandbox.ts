/**
 * pointservices as its documentation describes it: the users of one organisation, their tokens and their orders. Import
 * it from `@effect-auth/testing/pitchpoint`; it needs `@effect-auth/pitchpoint` and no other provider.
 *
 * Where the documentation is unclear, there is an option: whether a refusal gets 400 or 403, and whether an invalid
 * access token gets 401 or a message of category `Fault` inside a 200. The sandbox assumes: `invalid_request` for an
 * invalid body, 404 for an unknown path, and that the refresh token's deadline is counted from the sign-in.
 *
 * @see https://docs.pitchpointsolutions.com/developer_guides/authentication/access_token
 * @since 0.1.0
 */
import { paths } from "@effect-auth/pitchpoint/PitchpointApi"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import { MemoryServerRequest } from "./internal/memoryHttp.ts"
import { deadline } from "./internal/pitchpoint/deadline.ts"
import * as handlers from "./internal/pitchpoint/handlers.ts"
import * as organisation from "./internal/pitchpoint/organisation.ts"
import * as Sandbox from "./Sandbox.ts"
import * as TokenAuthority from "./TokenAuthority.ts"

/**
 * A user of the organisation.
 *
 * @since 0.1.0
 * @category models
 */
export interface User {
  readonly username: string
  readonly password: string
  /** The accounts that this user may act as. */
  readonly aliases?: ReadonlyArray<string> | undefined
}

/**
 * The statuses of refusals, which the documentation does not give.
 *
 * @since 0.1.0
 * @category models
 */
export interface Refusals {
  /** A wrong user name or password. */
  readonly password: 400 | 403
  /** An alias that is not enabled. */
  readonly alias: 400 | 403
  /** A refresh token that is unknown or past its deadline. */
  readonly refresh: 400 | 403
  /** An invalid access token: 401, or a `Fault` with code `E006` inside a 200. */
  readonly token: "status" | "fault"
}

/**
 * The options of the sandbox. Everything has a default, exported as {@link defaults}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly users?: ReadonlyArray<User> | undefined
  readonly refusals?: Partial<Refusals> | undefined
  /** Whether token responses have `scope` and `token_type`. They are in the reference, but not in the guide. */
  readonly describesTokens?: boolean | undefined
  /**
   * The lifetimes of tokens. Default: access tokens 1 hour, refresh tokens until the midnight of the guide. A refresh
   * keeps the refresh token.
   */
  readonly tokens?: TokenAuthority.Options | undefined
}

/**
 * The default contents: one user with one alias.
 *
 * @since 0.1.0
 * @category models
 */
export const defaults = {
  users: [{ username: "service@example.com", password: "correct horse", aliases: ["branch-7"] }],
  refusals: { password: 400, alias: 403, refresh: 400, token: "status" },
  describesTokens: false
} as const satisfies Options

/**
 * The sandbox: the members of every sandbox, and the users.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends Sandbox.Sandbox {
  readonly users: Effect.Effect<ReadonlyArray<User>>
  /** Adds a user, or replaces the one with that name. */
  readonly putUser: (user: User) => Effect.Effect<void>
  /** Removes a user; the tokens stay. */
  readonly removeUser: (username: string) => Effect.Effect<void>
}

/**
 * The sandbox of one organisation.
 *
 * @since 0.1.0
 * @category tags
 */
export class PitchpointSandbox
  extends Context.Service<PitchpointSandbox, Service>()("@effect-auth/testing/PitchpointSandbox")
{}

const pathOf = (url: string): string => url.split("?")[0] ?? ""

const describe = (request: Sandbox.Received): { readonly operation: Sandbox.Operation; readonly grant?: string } => {
  const path = pathOf(request.url)
  if (path === paths.signIn) return { operation: "sign-in", grant: "password" }
  if (path === paths.refresh) return { operation: "refresh", grant: "refresh_token" }
  return { operation: path === paths.queryOrders || path.startsWith(`${paths.orders}/`) ? "api" : "other" }
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** The checks before the contract decodes the request. */
const door = (request: Sandbox.Received): HttpServerResponse.HttpServerResponse | undefined => {
  const path = pathOf(request.url)
  if (describe(request).operation === "other") {
    return HttpServerResponse.jsonUnsafe({ message: "Not found" }, { status: 404 })
  }
  if (request.method === "GET") return undefined
  if (!/^application\/json\s*(;|$)/i.test(request.headers["content-type"] ?? "") && request.body !== "") {
    return handlers.invalidRequest(path, "Content-Type: application/json is required")
  }
  return request.body !== "" && !isJson(request.body)
    ? handlers.invalidRequest(path, "The body is not JSON")
    : undefined
}

/** The body of Query Orders is optional. */
const asksForAll = ({ body, method, url }: Sandbox.Received): boolean =>
  method === "POST" && body === "" && pathOf(url) === paths.queryOrders

const withoutFilters = (
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, unknown, HttpServerRequest.HttpServerRequest>,
  received: Sandbox.Received
): Effect.Effect<HttpServerResponse.HttpServerResponse, unknown, HttpServerRequest.HttpServerRequest> =>
  Effect.provideService(
    app,
    HttpServerRequest.HttpServerRequest,
    new MemoryServerRequest({
      ...received,
      headers: Headers.set(received.headers, "content-type", "application/json"),
      body: "{}"
    })
  )

/**
 * Makes a sandbox without any session.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options?: Options): Effect.Effect<Service> =>
  Effect.gen(function*() {
    const authority = yield* TokenAuthority.make({
      accessLifetime: "1 hour",
      refreshLifetime: deadline,
      rotation: false,
      ...options?.tokens
    })
    const people = organisation.make(options?.users ?? defaults.users)
    const api = yield* Sandbox.fromApi(
      handlers.api({
        authority,
        organisation: people,
        refusals: { ...defaults.refusals, ...options?.refusals },
        describesTokens: options?.describesTokens ?? defaults.describesTokens
      }),
      (error) => handlers.invalidRequest(paths.signIn, handlers.undecodable(error))
    )
    const app = Effect.gen(function*() {
      const { headers, method, text, url } = yield* HttpServerRequest.HttpServerRequest
      const received = { method, url, headers, body: yield* text }
      return door(received) ?? (yield* asksForAll(received) ? withoutFilters(api, received) : api)
    })
    return {
      ...yield* Sandbox.make({ name: "pitchpoint", authority, app, describe }),
      users: people.users,
      putUser: people.put,
      removeUser: people.remove
    }
  })

/**
 * The sandbox as a service, for tests that control it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options): Layer.Layer<PitchpointSandbox> =>
  Layer.effect(PitchpointSandbox, make(options))

/**
 * The `HttpClient` for a program under test: it sends requests to the sandbox in memory instead of the network.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerHttpClient: Layer.Layer<HttpClient.HttpClient, never, PitchpointSandbox> = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(PitchpointSandbox, (sandbox) => sandbox.httpClient)
)
