/**
 * The part of the Priava API's wire contract that an integration's session needs: the token endpoint, three searches
 * and the webhook subscription. The typed client, the sandbox server and the OpenAPI document are derived from {@link
 * PriavaApi}.
 *
 * Unknown fields are ignored, and rows are open objects, because the documentation lists the fields of requests but not
 * of answers.
 *
 * @see https://support.priava.com/hc/en-us/articles/360000122415 (Access and Refresh Token API)
 * @since 0.1.0
 */
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as WireSchema from "@effect-auth/core/WireSchema"
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as HttpApiSecurity from "@effect/platform/HttpApiSecurity"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { onWire } from "./PriavaError.ts"

/**
 * The documented hosts. Every path of the contract begins with {@link basePath}.
 *
 * @see https://priavasupportcenter.ungerboeck.com article 11053931128855 (Using API)
 * @since 0.1.0
 * @category models
 */
export const hosts = {
  production: "https://api.priava.com",
  sandbox: "https://api-sandbox.priava.com"
} as const

/**
 * The prefix of the paths in the documentation: `/v2/contact/get` is `/api/rest/v2/contact/get`.
 *
 * @since 0.1.0
 * @category models
 */
export const basePath = "/api/rest"

/**
 * The exact content type of token requests.
 *
 * @since 0.1.0
 * @category models
 */
export const formContentType = "application/x-www-form-urlencoded;charset=utf-8"

/**
 * Where the tenant's data lives.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TenantRegion = Schema.Literal("APAC", "EU", "US")

/**
 * Where the tenant's data lives.
 *
 * @since 0.1.0
 * @category models
 */
export type TenantRegion = typeof TenantRegion.Type

/**
 * The headers of a token request.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TokenHeaders = Schema.Struct({ tenantregion: TenantRegion })

/**
 * The headers of an API call. The endpoints don't list them: a session's client adds them, and the OpenAPI document
 * shows them. The token page asks for the region on token requests only, the webhook page on every call.
 *
 * @since 0.1.0
 * @category models
 */
export const headers: ReadonlyArray<WireSchema.Header> = [
  { name: "tenantregion", required: false, values: TenantRegion.literals, description: "Where the tenant's data lives" }
]

const client = {
  client_id: Schema.String,
  client_secret: WireSchema.Secret,
  redirect_uri: Schema.String
}

/**
 * Exchanges the code of the admin screen for the first tokens.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AuthorizationCodeGrant = Schema.Struct({
  grant_type: Schema.Literal("authorization_code"),
  code: WireSchema.Secret,
  ...client
}).pipe(HttpApiSchema.withEncoding({ kind: "UrlParams", contentType: formContentType }))

/**
 * Exchanges a refresh token for new tokens. Unlike RFC 6749, `redirect_uri` is needed here too.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RefreshTokenGrant = Schema.Struct({
  grant_type: Schema.Literal("refresh_token"),
  refresh_token: WireSchema.Secret,
  ...client
}).pipe(HttpApiSchema.withEncoding({ kind: "UrlParams", contentType: formContentType }))

/**
 * The body of a token request.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CreateTokenPayload = Schema.Union(AuthorizationCodeGrant, RefreshTokenGrant).pipe(
  HttpApiSchema.withEncoding({ kind: "UrlParams", contentType: formContentType })
)

/**
 * New tokens, in the same shape for both grants. `token_type` is `BEARER`, `expires_in` is in whole seconds.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TokenResponse = TokenEndpoint.TokenBody

/**
 * The access token as a bearer.
 *
 * @since 0.1.0
 * @category tags
 */
export class AccessToken extends HttpApiMiddleware.Tag<AccessToken>()("@effect-auth/priava/AccessToken", {
  failure: onWire.NotAuthorized,
  security: { token: HttpApiSecurity.bearer }
}) {}

const text = Schema.optional(Schema.String)
const flag = Schema.optional(Schema.Boolean)

/**
 * The filters of the contact search. All are optional, and numbers are texts. Without a filter: the first 50.
 *
 * @see https://priavasupportcenter.ungerboeck.com article 11053971520919 (Search Contacts, v2)
 * @since 0.1.0
 * @category schemas
 */
export const ContactQuery = Schema.Struct({
  Firstname: text,
  Lastname: text,
  Email: text,
  Organisation: text,
  DebtorNo: text,
  Inactive: flag,
  ModifiedTime: text,
  NextPageDirection: text,
  LastPageContactId: text,
  PageNo: text,
  Offset: text,
  RecordsPerPage: text,
  SortingOrder: Schema.optional(Schema.Array(Schema.Struct({ ColumnName: Schema.String, IsAscending: flag })))
})

/**
 * The filters of the venue and group search. Dates are `dd/mm/yyyy HH:mm:ss`.
 *
 * @see https://priavasupportcenter.ungerboeck.com article 11053930689175 (Search Venues and Groups, v2)
 * @since 0.1.0
 * @category schemas
 */
export const VenueGroupQuery = Schema.Struct({
  StartDate: text,
  EndDate: text,
  OnlyAvailable: flag,
  OnlyReserved: flag,
  IncludeEmptyGroups: flag
})

/**
 * The filters of the organisation search: an open object, because no accessible page lists its fields.
 *
 * @see https://priavasupportcenter.ungerboeck.com article 11053930762519 (Search Organisations, v2)
 * @since 0.1.0
 * @category schemas
 */
export const OrganisationQuery = Schema.Record({ key: Schema.String, value: Schema.Unknown })

/**
 * The event, and the URL that it is sent to.
 *
 * @see https://priavasupportcenter.ungerboeck.com article 11053919236247 (Using Webhook)
 * @since 0.1.0
 * @category schemas
 */
export const SubscriptionPayload = Schema.Struct({ subscription_url: Schema.String, event: Schema.String })

/**
 * A row of a search. The tenant defines its fields.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Row = Schema.Record({ key: Schema.String, value: Schema.Unknown })

/**
 * The rows of a search. Not every call has `success`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Rows = Schema.Struct({ result: Schema.Array(Row), success: flag })

/**
 * The answer of a change. The type of `result` depends on the call.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Changed = Schema.Struct({ result: Schema.Unknown, success: flag })

/** Exchange a code or a refresh token for tokens. */
class Tokens extends HttpApiGroup.make("tokens")
  .add(
    HttpApiEndpoint.post("createToken", "/oauth/token")
      .setHeaders(TokenHeaders)
      .setPayload(CreateTokenPayload)
      .addSuccess(TokenResponse)
      .addError(onWire.TokenRequestFailed)
      .annotate(OpenApi.Summary, "Get or refresh an access token")
  )
{}

/** Reads. All of them are POSTs, so the method does not show that they only read: see `PriavaClient`. */
class Searches extends HttpApiGroup.make("searches")
  .add(
    HttpApiEndpoint.post("contacts", "/v2/contact/get")
      .setPayload(ContactQuery).addSuccess(Rows)
      .annotate(OpenApi.Summary, "Search Contacts")
  )
  .add(
    HttpApiEndpoint.post("venueGroups", "/v2/venue/get/groups")
      .setPayload(VenueGroupQuery).addSuccess(Rows)
      .annotate(OpenApi.Summary, "Search Venues and Groups")
  )
  .add(
    HttpApiEndpoint.post("organisations", "/v2/organisation/get")
      .setPayload(OrganisationQuery).addSuccess(Rows)
      .annotate(OpenApi.Summary, "Search Organisations")
  )
  .middleware(AccessToken)
{}

/**
 * The paths of the calls that only read.
 *
 * @since 0.1.0
 * @category models
 */
export const reads: ReadonlyArray<string> = Object.values(Searches.endpoints).map(({ path }) => basePath + path)

/** Changes: a call that is sent twice is carried out twice. */
class Webhooks extends HttpApiGroup.make("webhooks")
  .add(
    HttpApiEndpoint.post("subscribe", "/latest/subscription")
      .setPayload(SubscriptionPayload).addSuccess(Changed)
      .annotate(OpenApi.Summary, "Create a webhook subscription")
  )
  .middleware(AccessToken)
{}

/**
 * The whole contract. The base URL is one of {@link hosts}.
 *
 * @since 0.1.0
 * @category schemas
 */
export class PriavaApi extends HttpApi.make("priava")
  .add(Tokens)
  .add(Searches)
  .add(Webhooks)
  .addError(onWire.RateLimited)
  .prefix(basePath)
  .annotateContext(OpenApi.annotations({
    title: "Priava API: integration session",
    version: "0.1.0",
    description: "Tokens, three searches and webhook subscriptions. Written from the public documentation.",
    transform: WireSchema.openApiWith(headers),
    servers: Object.entries(hosts).map(([description, url]) => ({ url, description }))
  }))
{}
