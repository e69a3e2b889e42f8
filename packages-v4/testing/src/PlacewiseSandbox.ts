/**
 * The Placewise Public API as its documentation describes it: one club, its members, and their tokens. Import it from
 * `@effect-auth/testing/placewise`; it needs `@effect-auth/placewise` and no other provider.
 *
 * Where the documentation says nothing, the sandbox is strict: a spent refresh token is refused, and a banned member
 * gets no token. It assumes: 467 and 402 on Create Token, 461 for an unknown external token, 404 for an unknown club,
 * and a code of six digits that works once within 10 minutes.
 *
 * @see https://docs.mpc.placewise.com/doc-341646 (OAuth Flow)
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as club from "./internal/placewise/club.ts"
import * as door from "./internal/placewise/door.ts"
import * as handlers from "./internal/placewise/handlers.ts"
import * as Sandbox from "./Sandbox.ts"
import * as TokenAuthority from "./TokenAuthority.ts"

/**
 * A right of a client token.
 *
 * @see https://docs.mpc.placewise.com/doc-342143 (API Permits)
 * @since 0.1.0
 * @category models
 */
export type Permit =
  | "BL:Api:Members:OAuth"
  | "BL:Api:Members:OAuth:Get"
  | "BL:Api:Members:CreateOneTimePassword"
  | "BL:Api:Members:CreateRegistrationPassword"
  | "Rewards:Api:OAuth:Memberships:CheckStatus"

/**
 * A feature that a club can turn off. The answer is then 402.
 *
 * @since 0.1.0
 * @category models
 */
export type Feature = "one-time-password" | "registration-password" | "external-token" | "rewards"

/**
 * A member of the club.
 *
 * @since 0.1.0
 * @category models
 */
export interface Member {
  readonly id: number
  readonly email?: string | undefined
  readonly msisdn?: string | undefined
  readonly password?: string | undefined
  /** The Google token of this member. */
  readonly google?: string | undefined
  /** The Apple token of this member. */
  readonly apple?: string | undefined
  /** A timestamp; a banned member gets 467. */
  readonly bannedUntil?: string | undefined
  /** The balance in the Rewards Program; absent: the member has not joined. */
  readonly balance?: number | undefined
}

/**
 * A code that was sent to a member.
 *
 * @since 0.1.0
 * @category models
 */
export interface Message {
  /** Epoch milliseconds. */
  readonly at: number
  readonly member: number
  /** The address or number that it went to. */
  readonly to: string
  readonly via: "sms" | "email"
  readonly kind: "one-time-password" | "registration-password"
  readonly code: string
  /** The link in the message, if `login_url` was given. */
  readonly link: string | undefined
}

/**
 * The options of the sandbox. Everything has a default, exported as {@link defaults}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly club?: string | undefined
  readonly clientToken?: string | undefined
  readonly productNames?: ReadonlyArray<string> | undefined
  readonly permits?: ReadonlyArray<Permit> | undefined
  readonly disabled?: ReadonlyArray<Feature> | undefined
  readonly members?: ReadonlyArray<Member> | undefined
  /** How long a one-time or registration password works. */
  readonly codeLifetime?: Duration.Input | undefined
  /**
   * The lifetimes of tokens. Default: access tokens 24 hours, refresh tokens 1 year, rotating; a spent refresh token is
   * refused.
   */
  readonly tokens?: TokenAuthority.Options | undefined
}

/**
 * The default contents: a club, a client token, one product and one member.
 *
 * @since 0.1.0
 * @category models
 */
export const defaults = {
  club: "infinity-mall",
  clientToken: "sandbox-client-token",
  productNames: ["sandbox"],
  permits: [
    "BL:Api:Members:OAuth",
    "BL:Api:Members:OAuth:Get",
    "BL:Api:Members:CreateOneTimePassword",
    "BL:Api:Members:CreateRegistrationPassword",
    "Rewards:Api:OAuth:Memberships:CheckStatus"
  ],
  disabled: [],
  members: [{ id: 42, email: "ola@example.com", msisdn: "4790000042", password: "correct horse", balance: 120 }],
  codeLifetime: "10 minutes"
} as const satisfies Options

/**
 * The sandbox: the members of every sandbox, and the club's members.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends Sandbox.Sandbox {
  readonly club: string
  readonly members: Effect.Effect<ReadonlyArray<Member>>
  /** Adds a member, or replaces the one with that id. */
  readonly putMember: (member: Member) => Effect.Effect<void>
  /** Removes a member. The tokens stay, but calls with them find no member. */
  readonly removeMember: (id: number) => Effect.Effect<void>
  /** The codes that were sent, oldest first. */
  readonly messages: Effect.Effect<ReadonlyArray<Message>>
  /** The newest code that went to an address or number. */
  readonly lastCode: (to: string) => Effect.Effect<Option.Option<string>>
}

/**
 * The sandbox, for tests that control it.
 *
 * @since 0.1.0
 * @category tags
 */
export class PlacewiseSandbox
  extends Context.Service<PlacewiseSandbox, Service>()("@effect-auth/testing/PlacewiseSandbox")
{}

const grantOf = (body: string): string | undefined => {
  const [, grant] = /"grant_type"\s*:\s*"(\w+)"/.exec(body) ?? []
  return grant
}

const describe = (request: Sandbox.Received) => {
  const { operation } = door.target(request.url.split("?")[0] ?? "")
  if (operation !== "sign-in") return { operation }
  const grant = grantOf(request.body)
  return { operation: grant === "refresh_token" ? "refresh" as const : operation, grant }
}

/**
 * Makes a sandbox without any session.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options?: Options): Effect.Effect<Service> =>
  Effect.gen(function*() {
    const rules = {
      club: options?.club ?? defaults.club,
      clientToken: options?.clientToken ?? defaults.clientToken,
      productNames: options?.productNames ?? defaults.productNames,
      permits: options?.permits ?? defaults.permits,
      disabled: options?.disabled ?? defaults.disabled
    }
    const authority = yield* TokenAuthority.make(options?.tokens)
    const people = club.make(options?.members ?? defaults.members, options?.codeLifetime ?? defaults.codeLifetime)
    const api = yield* Sandbox.fromApi(
      handlers.api({ authority, club: people, disabled: rules.disabled }),
      handlers.invalidParameters
    )
    const app = Effect.gen(function*() {
      const request = yield* HttpServerRequest.HttpServerRequest
      const path = request.url.split("?")[0] ?? ""
      return door.check(rules, path, request.headers, yield* request.text) ?? (yield* api)
    })
    const sandbox = yield* Sandbox.make({ name: "placewise", authority, app, describe })
    return {
      ...sandbox,
      club: rules.club,
      members: people.members,
      putMember: people.put,
      removeMember: people.remove,
      messages: people.messages,
      lastCode: (to) =>
        Effect.map(people.messages, (all) => {
          const newest = all.filter((message) => message.to === to).at(-1)
          return Option.map(Option.fromNullishOr(newest), (message) => message.code)
        })
    }
  })

/**
 * The sandbox as a service, for tests that control it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options): Layer.Layer<PlacewiseSandbox> => Layer.effect(PlacewiseSandbox, make(options))

/**
 * The `HttpClient` for a program under test: it sends requests to the sandbox in memory instead of the network.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerHttpClient: Layer.Layer<HttpClient.HttpClient, never, PlacewiseSandbox> = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(PlacewiseSandbox, (sandbox) => sandbox.httpClient)
)
