/**
 * The part of the Placewise Public API's wire contract that a member session needs: the token endpoints, the one-time
 * and registration passwords, and two member calls. The typed client, the sandbox server and the OpenAPI document are
 * derived from {@link PlacewiseApi}.
 *
 * Unknown fields are ignored, and enumerations are open, because the server may have more than the documentation.
 *
 * @see https://docs.mpc.placewise.com/doc-341646 (OAuth Flow)
 * @see https://docs.mpc.placewise.com/api-3510810 (Create Token)
 * @see https://docs.mpc.placewise.com/doc-341636 (Common HTTP Error Codes)
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
import { onWire } from "./PlacewiseError.ts"

/**
 * The documented hosts.
 *
 * @since 0.1.0
 * @category models
 */
export const hosts = {
  production: "https://api.mpc.placewise.com",
  apac: "https://api.mpc.apac.placewise.com",
  dev: "https://api.mpc.dev.placewise.com"
} as const

/**
 * The headers of every call. The endpoints don't list them: a session's client adds them, and the OpenAPI document
 * shows them.
 *
 * @see https://docs.mpc.placewise.com/doc-341635 (Global Headers)
 * @since 0.1.0
 * @category models
 */
export const headers: ReadonlyArray<WireSchema.Header> = [
  { name: "x-client-authorization", required: true, description: "The client token of the integration: a secret" },
  { name: "x-user-agent", required: true, description: "Names the client: product and version" },
  { name: "x-product-name", required: true, description: "The product name that Placewise assigned" },
  { name: "x-loyalty-club-slug", required: false, description: "The slug of the loyalty club" },
  { name: "x-locale", required: false, description: "An IETF language tag" }
]

/**
 * Signing in with a password: the member's own, a one-time password or a registration password.
 *
 * @see https://docs.mpc.placewise.com/api-3510810 (Create Token)
 * @since 0.1.0
 * @category schemas
 */
export const PasswordGrant = Schema.Struct({
  grant_type: Schema.Literal("password"),
  identifier_type: Schema.Literals(["id", "email", "msisdn"]),
  identifier: Schema.Union([Schema.String, Schema.Number]),
  password: WireSchema.Secret
})

/**
 * Signing in with the token of a social provider.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ExternalTokenGrant = Schema.Struct({
  grant_type: Schema.Literal("external_token"),
  external_token: WireSchema.Secret,
  external_token_type: Schema.Literals(["google", "apple"])
})

/**
 * Trading a refresh token for new tokens.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RefreshTokenGrant = Schema.Struct({
  grant_type: Schema.Literal("refresh_token"),
  refresh_token: WireSchema.Secret
})

/**
 * The body of Create Token.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CreateTokenPayload = Schema.Union([PasswordGrant, ExternalTokenGrant, RefreshTokenGrant])

/**
 * New tokens, in the same shape for every grant. Fields that the session machine does not need are optional.
 * `expires_in` is in whole seconds; any other value counts as absent.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TokenResponse = Schema.Struct({
  access_token: WireSchema.Token,
  refresh_token: Schema.optional(Schema.NullOr(WireSchema.Secret)),
  token_type: Schema.optional(Schema.String),
  expires_in: Schema.optional(Schema.Unknown.annotate({ jsonSchema: { type: "integer" } })),
  created_at: Schema.optional(Schema.Unknown.annotate({ jsonSchema: { type: "integer" } })),
  resource_owner_id: Schema.optional(Schema.NullOr(Schema.Union([Schema.Number, Schema.String])))
})

/**
 * The answer of Show Token Info for a valid access token. `expires_in_seconds` is the remaining time.
 *
 * @see https://docs.mpc.placewise.com/api-3510812 (Show Token Info)
 * @since 0.1.0
 * @category schemas
 */
export const TokenInfo = Schema.Struct({
  resource_owner_id: Schema.Number,
  expires_in_seconds: Schema.Number,
  created_at: Schema.Number,
  scopes: Schema.optional(Schema.Array(Schema.String)),
  application: Schema.optional(Schema.Struct({ uid: Schema.optional(Schema.NullOr(Schema.String)) }))
})

/**
 * The access or refresh token to revoke.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RevokePayload = Schema.Struct({ token: WireSchema.Secret })

/**
 * `{}`: the call was carried out. For a revocation this does not prove that the token was known.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Done = Schema.Record(Schema.String, Schema.Unknown)

/**
 * The position in a list.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PaginationInfo = Schema.Struct({
  total_count: Schema.optional(Schema.Number),
  per_page: Schema.optional(Schema.Number),
  total_pages: Schema.optional(Schema.Number),
  current_page: Schema.optional(Schema.Number),
  next_page: Schema.optional(Schema.NullOr(Schema.Number)),
  prev_page: Schema.optional(Schema.NullOr(Schema.Number)),
  is_first_page: Schema.optional(Schema.Boolean),
  is_last_page: Schema.optional(Schema.Boolean),
  is_out_of_range: Schema.optional(Schema.Boolean)
})

/**
 * One change of a member's balance. `type` is an open text; observed values: `achievement`, `reward_purchase`,
 * `expiration`, `correction`, `grant`, `cancellation`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RewardsTransaction = Schema.Struct({
  id: Schema.Number,
  type: Schema.String,
  date: Schema.String,
  amount: Schema.Number,
  expired_at: Schema.optional(Schema.NullOr(Schema.String)),
  details: Schema.optional(Schema.Unknown)
})

/**
 * A member's status in the Rewards Program. A member who has not joined has only `membership: false`.
 *
 * @see https://docs.mpc.placewise.com/api-3510876 (Show Member Rewards Program Status)
 * @since 0.1.0
 * @category schemas
 */
export const RewardsStatus = Schema.Struct({
  membership: Schema.Boolean,
  membership_started_at: Schema.optional(Schema.NullOr(Schema.String)),
  balance: Schema.optional(Schema.Number),
  transactions: Schema.optional(Schema.Array(RewardsTransaction)),
  pagination_info: Schema.optional(PaginationInfo)
})

/**
 * A member. The club defines the fields of `properties`.
 *
 * @see https://docs.mpc.placewise.com/doc-342131 (Member Model)
 * @since 0.1.0
 * @category schemas
 */
export const Member = Schema.Struct({
  id: Schema.Number,
  properties: Schema.Record(Schema.String, Schema.Unknown),
  consents: Schema.optional(
    Schema.Record(
      Schema.String,
      Schema.Struct({ status: Schema.Boolean, updated_at: Schema.optional(Schema.NullOr(Schema.String)) })
    )
  ),
  sms_status: Schema.optional(Schema.NullOr(Schema.String)),
  email_status: Schema.optional(Schema.NullOr(Schema.String)),
  push_status: Schema.optional(Schema.NullOr(Schema.String)),
  created_at: Schema.optional(Schema.NullOr(Schema.String)),
  updated_at: Schema.optional(Schema.NullOr(Schema.String)),
  banned_until: Schema.optional(Schema.NullOr(Schema.String)),
  person_id: Schema.optional(Schema.NullOr(Schema.Union([Schema.String, Schema.Number])))
})

const Club = Schema.Struct({ slug: WireSchema.PathSegment })
const ByEmail = Schema.Struct({ slug: WireSchema.PathSegment, email: WireSchema.PathSegment })
const ByMsisdn = Schema.Struct({ slug: WireSchema.PathSegment, msisdn: WireSchema.PathSegment })
const OneTimePasswordParams = Schema.Struct({ login_url: Schema.optional(Schema.String) })
const RegistrationPasswordParams = Schema.Struct({
  language: Schema.optional(Schema.String),
  login_url: Schema.optional(Schema.String)
})

/**
 * The member's access token as a bearer token. Without a valid one the answer is 460.
 *
 * @since 0.1.0
 * @category tags
 */
export class MemberToken extends HttpApiMiddleware.Service<MemberToken>()("@effect-auth/placewise/MemberToken", {
  error: onWire.MemberNotAuthorized,
  security: { member: HttpApiSecurity.bearer }
}) {}

/** What any endpoint may answer. */
const everywhere = [
  onWire.BadRequest,
  onWire.ClientNotAuthorized,
  onWire.FeatureNotEnabled,
  onWire.PermitMissing,
  onWire.NotFound,
  onWire.NotAcceptable,
  onWire.InvalidParameters,
  onWire.RateLimited,
  onWire.HeaderMissing,
  onWire.HeaderIncorrect,
  onWire.Maintenance
] as const

/** Create, inspect and revoke tokens: permit `BL:Api:Members:OAuth`. */
class Tokens extends HttpApiGroup.make("tokens")
  .add(
    HttpApiEndpoint.post("createToken", "/v3/:slug/members/oauth/token", {
      disableCodecs: true,
      params: Club,
      payload: CreateTokenPayload,
      success: TokenResponse,
      error: [onWire.InvalidCredentials, onWire.InvalidRefreshToken, onWire.MemberBanned, ...everywhere]
    })
      .annotate(OpenApi.Summary, "Create Token")
  )
  .add(
    HttpApiEndpoint.post("revokeToken", "/v3/:slug/members/oauth/revoke", {
      disableCodecs: true,
      params: Club,
      payload: RevokePayload,
      success: Done,
      error: [...everywhere]
    })
      .annotate(OpenApi.Summary, "Revoke Token")
  )
  .add(
    HttpApiEndpoint.get("tokenInfo", "/v3/:slug/members/oauth/token/info", {
      disableCodecs: true,
      params: Club,
      success: TokenInfo,
      error: [...everywhere]
    })
      .middleware(MemberToken)
      .annotate(OpenApi.Summary, "Show Token Info")
  )
{}

/** Send a one-time password: permit `BL:Api:Members:CreateOneTimePassword`. */
class OneTimePasswords extends HttpApiGroup.make("oneTimePasswords")
  .add(
    HttpApiEndpoint.post("smsByMsisdn", "/v3/:slug/members/by_msisdn/:msisdn/send_one_time_password_via_sms", {
      disableCodecs: true,
      params: ByMsisdn,
      query: OneTimePasswordParams.fields,
      success: Done,
      error: [...everywhere]
    })
      .annotate(OpenApi.Summary, "Send OTP via SMS")
  )
  .add(
    HttpApiEndpoint.post("smsByEmail", "/v3/:slug/members/by_email/:email/send_one_time_password_via_sms", {
      disableCodecs: true,
      params: ByEmail,
      query: OneTimePasswordParams.fields,
      success: Done,
      error: [...everywhere]
    })
      .annotate(OpenApi.Summary, "Send OTP via SMS by Email")
  )
  .add(
    HttpApiEndpoint.post("emailByEmail", "/v3/:slug/members/by_email/:email/send_one_time_password_via_email", {
      disableCodecs: true,
      params: ByEmail,
      query: OneTimePasswordParams.fields,
      success: Done,
      error: [...everywhere]
    })
      .annotate(OpenApi.Summary, "Send OTP via Email")
  )
  .add(
    HttpApiEndpoint.post("emailByMsisdn", "/v3/:slug/members/by_msisdn/:msisdn/send_one_time_password_via_email", {
      disableCodecs: true,
      params: ByMsisdn,
      query: OneTimePasswordParams.fields,
      success: Done,
      error: [...everywhere]
    })
      .annotate(OpenApi.Summary, "Send OTP via Email by MSISDN")
  )
{}

/** Send a registration password: permit `BL:Api:Members:CreateRegistrationPassword`. */
class RegistrationPasswords extends HttpApiGroup.make("registrationPasswords")
  .add(
    HttpApiEndpoint.post("sms", "/v3/:slug/members/by_msisdn/:msisdn/send_registration_password", {
      disableCodecs: true,
      params: ByMsisdn,
      query: RegistrationPasswordParams.fields,
      success: Done,
      error: [...everywhere]
    })
      .annotate(OpenApi.Summary, "Send Registration Password SMS")
  )
  .add(
    HttpApiEndpoint.post("email", "/v3/:slug/members/by_email/:email/send_registration_password", {
      disableCodecs: true,
      params: ByEmail,
      query: RegistrationPasswordParams.fields,
      success: Done,
      error: [...everywhere]
    })
      .annotate(OpenApi.Summary, "Send Registration Password Email")
  )
{}

/** The member who is signed in: permit `BL:Api:Members:OAuth:Get`. */
class Members extends HttpApiGroup.make("members")
  .add(
    HttpApiEndpoint.get("me", "/v3/:slug/members/me", {
      disableCodecs: true,
      params: Club,
      success: Member,
      error: [...everywhere]
    })
      .annotate(OpenApi.Summary, "Show Member (me)")
  )
  .middleware(MemberToken)
{}

/** The member's rewards: permit `Rewards:Api:OAuth:Memberships:CheckStatus`. */
class Rewards extends HttpApiGroup.make("rewards")
  .add(
    HttpApiEndpoint.get("status", "/v3/:slug/members/me/rewards-program/status", {
      disableCodecs: true,
      params: Club,
      query: {
        per_page: Schema.optional(Schema.NumberFromString),
        page: Schema.optional(Schema.NumberFromString)
      },
      success: RewardsStatus,
      error: [onWire.MemberBanned, onWire.NotParticipating, ...everywhere]
    })
      .annotate(OpenApi.Summary, "Show Member Rewards Program Status")
  )
  .middleware(MemberToken)
{}

/**
 * The whole contract. The base URL is one of {@link hosts}.
 *
 * @since 0.1.0
 * @category schemas
 */
export class PlacewiseApi extends HttpApi.make("placewise")
  .add(Tokens)
  .add(OneTimePasswords)
  .add(RegistrationPasswords)
  .add(Members)
  .add(Rewards)
  .annotateMerge(OpenApi.annotations({
    title: "Placewise Public API: member session",
    version: "0.1.0",
    description:
      "Tokens, one-time and registration passwords, and two member calls. Written from the public documentation.",
    transform: WireSchema.openApiWith(headers),
    servers: Object.entries(hosts).map(([description, url]) => ({ url, description }))
  }))
{}
