/**
 * The Wallet App API as its documentation describes it: users, their keys, and two calls that need a permission. Import
 * it from `@effect-auth/testing/wallet-app`; it needs `@effect-auth/wallet-app` and no other provider.
 *
 * The documentation has no errors. The sandbox assumes: 401 for wrong credentials (an option) and for an invalid key,
 * 403 for a missing permission, 422 for an invalid field, 400 for a body that is not JSON, 406 without `Accept:
 * application/json`, 415 without `Content-Type: application/json`, 404 for an unknown path. If the documentation has
 * two names for one thing, the name is an option.
 *
 * @see https://api-docs.walletapp.co/oauth (Tokens)
 * @since 0.1.0
 */
import type * as WalletAppApi from "@effect-auth/wallet-app/WalletAppApi"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import { MemoryServerRequest } from "./internal/memoryHttp.ts"
import * as handlers from "./internal/wallet-app/handlers.ts"
import * as office from "./internal/wallet-app/office.ts"
import * as Sandbox from "./Sandbox.ts"
import * as TokenAuthority from "./TokenAuthority.ts"

/**
 * A user.
 *
 * @since 0.1.0
 * @category models
 */
export interface User {
  readonly email: string
  readonly password: string
  /** A UUID. */
  readonly id?: string | undefined
  /** The permissions that this user can give to a key; other requested ones are left out. Default: all. */
  readonly permissions?: ReadonlyArray<string> | undefined
}

/**
 * A brand, its members and their passes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Brand {
  readonly identifier: string
  readonly name: string
  readonly members?: ReadonlyArray<typeof WalletAppApi.Member.Type> | undefined
  /** The passes, by code. `email` is the member that a pass belongs to. */
  readonly passes?: ReadonlyArray<{ readonly code: string; readonly email?: string | undefined }> | undefined
}

/**
 * The choices of the sandbox where the documentation is unclear or contradicts itself.
 *
 * @since 0.1.0
 * @category models
 */
export interface Dialect {
  /** The field name of a new key. */
  readonly key: "key" | "token"
  /** The field name of the permissions in the answer that creates the key. */
  readonly granted: "permissions" | "abilities"
  /** The field name of the permissions in the token information. */
  readonly described: "permissions" | "abilities"
  /** The status for wrong credentials; 200 has `success: false`. */
  readonly refusal: 200 | 401 | 422
}

/**
 * The options of the sandbox. Everything has a default, exported as {@link defaults}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly users?: ReadonlyArray<User> | undefined
  readonly brands?: ReadonlyArray<Brand> | undefined
  readonly dialect?: Partial<Dialect> | undefined
  /** The lifetime of keys. Default: they never expire. */
  readonly tokens?: TokenAuthority.Options | undefined
}

/**
 * The default contents: one user and one brand, with the field names of the documentation.
 *
 * @since 0.1.0
 * @category models
 */
export const defaults = {
  users: [{ email: "kim@example.com", password: "correct horse", id: "11111111-1111-4111-8111-111111111111" }],
  brands: [{
    identifier: "brand-1",
    name: "Corner Cafe",
    members: [{ identifier: "member-1", full_name: "Ola N." }],
    passes: [{ code: "pass-1" }]
  }],
  dialect: { key: "key", granted: "permissions", described: "abilities", refusal: 401 }
} as const satisfies Options

/**
 * The sandbox: the members of every sandbox, and the users.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends Sandbox.Sandbox {
  readonly users: Effect.Effect<ReadonlyArray<User>>
  /** Adds a user, or replaces the one with that e-mail. */
  readonly putUser: (user: User) => Effect.Effect<void>
  /** Removes a user; the keys stay. */
  readonly removeUser: (email: string) => Effect.Effect<void>
}

/**
 * The sandbox of one API.
 *
 * @since 0.1.0
 * @category tags
 */
export class WalletAppSandbox
  extends Context.Service<WalletAppSandbox, Service>()("@effect-auth/testing/WalletAppSandbox")
{}

const ofToken: Readonly<Record<string, Sandbox.Operation>> = { POST: "sign-in", GET: "info", DELETE: "revoke" }

const describe = (request: Sandbox.Received): { readonly operation: Sandbox.Operation; readonly grant?: string } => {
  const path = request.url.split("?")[0] ?? ""
  if (path === "/brands" || path === "/members/list" || path === "/passes") return { operation: "api" }
  const operation = path === "/oauth/token" ? ofToken[request.method] ?? "other" : "other"
  return operation === "sign-in" ? { operation, grant: "password" } : { operation }
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const answer = (status: number, message: string) => HttpServerResponse.jsonUnsafe({ message }, { status })

/** The checks before the contract decodes the request. */
const door = (request: Sandbox.Received): HttpServerResponse.HttpServerResponse | undefined => {
  if (describe(request).operation === "other") return answer(404, "Not found")
  if (request.headers["accept"] !== "application/json") return answer(406, "Accept: application/json is required")
  if (request.method !== "POST") return undefined
  if (!/^application\/json\s*(;|$)/i.test(request.headers["content-type"] ?? "")) {
    return answer(415, "Content-Type: application/json is required")
  }
  return isJson(request.body) ? undefined : answer(400, "The body is not JSON")
}

/** The documentation of List members is a GET with a query, but its example is a POST with a body. Both work here. */
const asQuery = (received: Sandbox.Received): Sandbox.Received => {
  if (received.method !== "POST" || received.url.split("?")[0] !== "/members/list") return received
  const fields = Object.entries(Object(JSON.parse(received.body))).map(([name, value]) => [name, String(value)])
  return { ...received, method: "GET", url: `/members/list?${new URLSearchParams(fields)}`, body: "" }
}

/** A number, a bar and 40 digits. The format is not documented; the bar tests clients that don't encode it. */
const keyText = (): () => string => {
  let count = 0
  return () => {
    const bytes = crypto.getRandomValues(new Uint8Array(20))
    return `${++count}|${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`
  }
}

/**
 * Makes a sandbox without any session.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options?: Options): Effect.Effect<Service> =>
  Effect.gen(function*() {
    const authority = yield* TokenAuthority.make({
      accessLifetime: Infinity,
      refreshLifetime: "none",
      tokenText: keyText(),
      ...options?.tokens
    })
    const people = office.make(options?.users ?? defaults.users)
    const api = yield* Sandbox.fromApi(
      handlers.server({
        authority,
        office: people,
        brands: options?.brands ?? defaults.brands,
        dialect: { ...defaults.dialect, ...options?.dialect }
      }),
      handlers.invalidRequest
    )
    const app = Effect.gen(function*() {
      const { headers, method, text, url } = yield* HttpServerRequest.HttpServerRequest
      const received = { method, url, headers, body: yield* text }
      return door(received) ??
        (yield* Effect.provideService(
          api,
          HttpServerRequest.HttpServerRequest,
          new MemoryServerRequest(asQuery(received))
        ))
    })
    return {
      ...yield* Sandbox.make({ name: "wallet-app", authority, app, describe }),
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
export const layer = (options?: Options): Layer.Layer<WalletAppSandbox> => Layer.effect(WalletAppSandbox, make(options))

/**
 * The `HttpClient` for a program under test: it sends requests to the sandbox in memory instead of the network.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerHttpClient: Layer.Layer<HttpClient.HttpClient, never, WalletAppSandbox> = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(WalletAppSandbox, (sandbox) => sandbox.httpClient)
)
