/**
 * The part of the Wallet App API's wire contract that a session needs: request, inspect and delete a token, and three
 * calls that need one. The typed client, the sandbox server and the OpenAPI document are derived from {@link
 * WalletAppApi}.
 *
 * The documentation calls a new key `key` and its rights `permissions`, but in the token information they are `token`
 * and `abilities`. The contract accepts both names in both places. Unknown fields are ignored.
 *
 * @see https://api-docs.walletapp.co/oauth (Tokens)
 * @see https://api-docs.walletapp.co/brands
 * @see https://api-docs.walletapp.co/members
 * @since 0.1.0
 */
import * as WireSchema from "@effect-auth/core/WireSchema"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { onWire } from "./WalletAppError.ts"
import { known } from "./WalletAppPermission.ts"

/**
 * The documented hosts. There is no published host for tests.
 *
 * @since 0.1.0
 * @category models
 */
export const hosts = {
  production: "https://api.walletapp.co"
} as const

/**
 * The headers of every call. The endpoints don't list them: a session's client adds them, and the OpenAPI document
 * shows them.
 *
 * @since 0.1.0
 * @category models
 */
export const headers: ReadonlyArray<WireSchema.Header> = [
  { name: "accept", required: true, values: ["application/json"] }
]

/**
 * A permission: a documented one, or any other text.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Permission = Schema.Union([Schema.Literals([...known]), Schema.String]).annotate({
  jsonSchema: { type: "string", examples: ["brands.get", "members.get"] }
})

/**
 * The body of a request for a token. The documentation lists all three fields as optional, but the server needs all of
 * them.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CreateTokenPayload = Schema.Struct({
  email: Schema.NonEmptyString,
  password: WireSchema.Secret,
  permissions: Schema.Array(Permission)
})

const granted = {
  email: Schema.optional(Schema.NullOr(Schema.String)),
  permissions: Schema.optional(Schema.NullOr(Schema.Array(Schema.String))),
  abilities: Schema.optional(Schema.NullOr(Schema.Array(Schema.String)))
}

/**
 * A new key, under either name.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TokenResponse = Schema.Struct({
  success: Schema.optional(Schema.Boolean),
  data: Schema.Union([
    Schema.Struct({ key: WireSchema.Token, ...granted }),
    Schema.Struct({ token: WireSchema.Token, ...granted })
  ])
})

/**
 * A refusal with a success status: `success` is false, or there is an `error`. It is not documented, but the envelope
 * allows it, and third-party clients check for it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Refusal = Schema.Union([
  Schema.Struct({ success: Schema.Literal(false), message: Schema.optional(Schema.String) }),
  Schema.Struct({
    error: Schema.Unknown.pipe(Schema.check(Schema.makeFilter(Boolean))).annotate({
      jsonSchema: { type: "string", minLength: 1 }
    })
  })
])

/**
 * The token information, without an envelope. The format of `last_used_at` is not documented.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TokenInfo = Schema.Struct({
  token: WireSchema.Token,
  name: Schema.optional(Schema.NullOr(Schema.String)),
  last_used_at: Schema.optional(Schema.Unknown.annotate({ jsonSchema: { type: "string" } })),
  user_id: Schema.optional(Schema.NullOr(Schema.String)),
  abilities: Schema.optional(Schema.NullOr(Schema.Array(Schema.String))),
  permissions: Schema.optional(Schema.NullOr(Schema.Array(Schema.String)))
})

/**
 * The token of the call was deleted.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Deleted = Schema.Struct({
  success: Schema.optional(Schema.Boolean),
  message: Schema.optional(Schema.String),
  error: Schema.optional(Schema.Unknown)
})

/**
 * A brand.
 *
 * @see https://api-docs.walletapp.co/brands
 * @since 0.1.0
 * @category schemas
 */
export const Brand = Schema.Struct({
  name: Schema.String,
  identifier: Schema.String,
  logo: Schema.optional(Schema.NullOr(Schema.String)),
  primary_color: Schema.optional(Schema.NullOr(Schema.String)),
  second_color: Schema.optional(Schema.NullOr(Schema.String)),
  third_color: Schema.optional(Schema.NullOr(Schema.String)),
  organization: Schema.optional(Schema.NullOr(Schema.Struct({
    name: Schema.optional(Schema.NullOr(Schema.String)),
    identifier: Schema.optional(Schema.NullOr(Schema.String))
  })))
})

/**
 * The brands of the user; needs `brands.get`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Brands = Schema.Struct({ message: Schema.optional(Schema.String), data: Schema.Array(Brand) })

/**
 * A member of a brand.
 *
 * @see https://api-docs.walletapp.co/members
 * @since 0.1.0
 * @category schemas
 */
export const Member = Schema.Struct({
  identifier: Schema.String,
  email: Schema.optional(Schema.NullOr(Schema.String)),
  full_name: Schema.optional(Schema.NullOr(Schema.String)),
  last_name: Schema.optional(Schema.NullOr(Schema.String)),
  phone_number: Schema.optional(Schema.NullOr(Schema.String)),
  birth_date: Schema.optional(Schema.NullOr(Schema.String)),
  street: Schema.optional(Schema.NullOr(Schema.String)),
  unsubscribed: Schema.optional(Schema.NullOr(Schema.Number))
})

/**
 * A page of a brand's members; needs `members.get`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Members = Schema.Struct({
  message: Schema.optional(Schema.String),
  data: Schema.Struct({
    total: Schema.Number,
    last_page: Schema.optional(Schema.Number),
    next_page_url: Schema.optional(Schema.NullOr(Schema.String)),
    last_page_url: Schema.optional(Schema.NullOr(Schema.String)),
    per_page: Schema.optional(Schema.Number),
    members: Schema.Array(Member)
  })
})

/**
 * A pass of a member. The fields of a coupon and a store card are not documented.
 *
 * @see https://api-docs.walletapp.co/passes
 * @since 0.1.0
 * @category schemas
 */
export const Pass = Schema.Struct({
  brand_id: Schema.String,
  code: Schema.String,
  created_at: Schema.optional(Schema.NullOr(Schema.String)),
  /** 0 or 1. */
  redeemed: Schema.optional(Schema.NullOr(Schema.Number)),
  coupon: Schema.optional(Schema.Unknown),
  storecard: Schema.optional(Schema.Unknown)
})

/**
 * One pass; needs `passes.get`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FoundPass = Schema.Struct({ success: Schema.optional(Schema.Boolean), data: Pass })

/**
 * The key as a bearer token. Without a valid one the answer is 401 (assumed).
 *
 * @since 0.1.0
 * @category tags
 */
export class Key extends HttpApiMiddleware.Service<Key>()("@effect-auth/wallet-app/Key", {
  error: onWire.NotAuthorized,
  security: { key: HttpApiSecurity.bearer }
}) {}

/** What any endpoint may answer. */
const everywhere = [
  onWire.InvalidRequest
] as const

/** Request, inspect and delete a token. */
class Tokens extends HttpApiGroup.make("tokens")
  .add(
    HttpApiEndpoint.post("createToken", "/oauth/token", {
      disableCodecs: true,
      payload: CreateTokenPayload,
      success: Schema.Union([TokenResponse, Refusal]),
      error: [onWire.NotAuthorized, onWire.PermissionMissing, ...everywhere]
    })
      .annotate(OpenApi.Summary, "Request a token")
  )
  .add(
    HttpApiEndpoint.get("tokenInfo", "/oauth/token", {
      disableCodecs: true,
      success: TokenInfo,
      error: [...everywhere]
    })
      .middleware(Key)
      .annotate(OpenApi.Summary, "Token information")
  )
  .add(
    HttpApiEndpoint.delete("deleteToken", "/oauth/token", {
      disableCodecs: true,
      success: Deleted,
      error: [...everywhere]
    })
      .middleware(Key)
      .annotate(OpenApi.Summary, "Delete your token")
  )
{}

/** Three calls that need a permission. */
class Api extends HttpApiGroup.make("api")
  .add(
    HttpApiEndpoint.get("brands", "/brands", {
      disableCodecs: true,
      success: Brands,
      error: [onWire.PermissionMissing, ...everywhere]
    })
      .annotate(OpenApi.Summary, "List brands")
  )
  .add(
    HttpApiEndpoint.get("members", "/members/list", {
      disableCodecs: true,
      query: {
        brand_id: Schema.String,
        page: Schema.optional(Schema.NumberFromString),
        per_page: Schema.optional(Schema.NumberFromString)
      },
      success: Members,
      error: [onWire.PermissionMissing, ...everywhere]
    })
      .annotate(OpenApi.Summary, "List members")
  )
  .add(
    HttpApiEndpoint.get("pass", "/passes", {
      disableCodecs: true,
      query: {
        email: Schema.optional(Schema.String),
        brand_id: Schema.optional(Schema.String),
        pass_code: Schema.optional(Schema.String)
      },
      success: FoundPass,
      error: [onWire.PermissionMissing, ...everywhere]
    })
      .annotate(OpenApi.Summary, "Get pass")
  )
  .middleware(Key)
{}

/**
 * The whole contract. The base URL is one of {@link hosts}.
 *
 * @since 0.1.0
 * @category schemas
 */
export class WalletAppApi extends HttpApi.make("wallet-app")
  .add(Tokens)
  .add(Api)
  .annotateMerge(OpenApi.annotations({
    title: "Wallet App API: the key of one user",
    version: "0.1.0",
    description: "Request, inspect and delete a token, and three calls. Written from the public documentation.",
    transform: WireSchema.openApiWith(headers),
    servers: Object.entries(hosts).map(([description, url]) => ({ url, description }))
  }))
{}
