/**
 * The part of the wire contract of pointservices that a session needs: the two token endpoints, and three order calls.
 * The typed client, the sandbox server and the OpenAPI document are derived from {@link PitchpointApi}.
 *
 * Unknown fields are ignored, and enumerations are open, because the server may have more than the documentation.
 *
 * @see https://docs.pitchpointsolutions.com/developer_guides/authentication/access_token
 * @see https://docs.pitchpointsolutions.com/api/authentication/signinwithpassword
 * @see https://docs.pitchpointsolutions.com/api/authentication/refreshidtoken
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
import { onWire } from "./PitchpointError.ts"

/**
 * The documented hosts. There is no published host for tests.
 *
 * @since 0.1.0
 * @category models
 */
export const hosts = {
  production: "https://api.pointservices.com"
} as const

/**
 * The fixed paths.
 *
 * @since 0.1.0
 * @category models
 */
export const paths = {
  signIn: "/user-management-services-ws/oauth2/002/signInWithPassword",
  refresh: "/user-management-services-ws/oauth2/002/refreshIdToken",
  queryOrders: "/riskinsight-services-ws/resources/v1/orders/query",
  orders: "/riskinsight-services-ws/resources/v1/sami"
} as const

/**
 * Signs in. `useralias` acts as another account of the same organisation, if the account manager allowed that.
 *
 * @see https://docs.pitchpointsolutions.com/api/authentication/signinwithpassword
 * @since 0.1.0
 * @category schemas
 */
export const SignInPayload = Schema.Struct({
  username: Schema.NonEmptyString,
  password: WireSchema.Secret,
  useralias: Schema.optional(Schema.String)
})

/**
 * Exchanges a refresh token for an access token. The refresh token stays valid.
 *
 * @see https://docs.pitchpointsolutions.com/api/authentication/refreshidtoken
 * @since 0.1.0
 * @category schemas
 */
export const RefreshPayload = Schema.Struct({ refresh_token: WireSchema.Secret })

/**
 * New tokens, in the same shape for both calls. `expires_in` is in seconds; any other value counts as absent. `scope`
 * and `token_type` are not in the guide's example.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TokenResponse = Schema.Struct({
  access_token: WireSchema.Token,
  refresh_token: Schema.optional(Schema.NullOr(WireSchema.Secret)),
  scope: Schema.optional(Schema.NullOr(Schema.String)),
  token_type: Schema.optional(Schema.NullOr(Schema.String)),
  expires_in: Schema.optional(Schema.Unknown.annotate({ jsonSchema: { type: "number" } }))
})

/**
 * One message about an order. `Category` is typically `Info` or `Fault`; `I001` is success, `E006` is "User not
 * authorized".
 *
 * @see https://docs.pitchpointsolutions.com/api/order/enums/messagedef
 * @since 0.1.0
 * @category schemas
 */
export const Message = Schema.Struct({
  Category: Schema.String,
  Code: Schema.String,
  Description: Schema.optional(Schema.NullOr(Schema.String))
})

/**
 * The result of an order, always with status 200. A failure is a message of category `Fault`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Messages = Schema.Struct({ Message: Schema.Array(Message) })

/**
 * A person of an order, with the fields of the documented example.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Person = Schema.Struct({
  FirstName: Schema.NullOr(Schema.String),
  LastName: Schema.NullOr(Schema.String),
  MiddleName: Schema.optional(Schema.NullOr(Schema.String)),
  SSN: Schema.optional(Schema.NullOr(WireSchema.Secret)),
  DOB: Schema.optional(Schema.NullOr(Schema.String)),
  HomePhone: Schema.optional(Schema.NullOr(Schema.String))
})

const Terms = Schema.Struct({ Term: Schema.Array(Schema.Struct({ Person })) })

/**
 * An order for a DetailedBLJ report.
 *
 * @see https://docs.pitchpointsolutions.com/api/order/order_detailedblj
 * @since 0.1.0
 * @category schemas
 */
export const OrderPayload = Schema.Struct({ CorrelationID: Schema.String, Terms })

/**
 * The current state of an order. `Ref` is its URL; `Status.Code` is `S001` (serviceable) or `U001`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Order = Schema.Struct({
  Messages,
  TransactionID: Schema.optional(Schema.NullOr(Schema.String)),
  CorrelationID: Schema.optional(Schema.NullOr(Schema.String)),
  Terms: Schema.optional(Schema.NullOr(Terms)),
  Attachments: Schema.optional(Schema.Unknown),
  Status: Schema.optional(Schema.NullOr(Schema.Struct({
    Code: Schema.String,
    Description: Schema.optional(Schema.NullOr(Schema.String))
  }))),
  Ref: Schema.optional(Schema.NullOr(Schema.String))
})

/**
 * A search for orders. A filter names a property and compares it: `{ Created: { ge: "2024-04-09T18:42:22.705Z" } }`.
 *
 * @see https://docs.pitchpointsolutions.com/api/order/query
 * @since 0.1.0
 * @category schemas
 */
export const OrdersQuery = Schema.Struct({
  limit: Schema.optional(Schema.Number),
  marker: Schema.optional(Schema.String),
  filters: Schema.optional(
    Schema.Record(Schema.String, Schema.Record(Schema.String, Schema.Unknown))
  )
})

/**
 * One order of a search. Times are ISO texts.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OrderSummary = Schema.Struct({
  OrderGuid: Schema.String,
  Status: Schema.optional(Schema.NullOr(Schema.String)),
  ReferenceNumber: Schema.optional(Schema.NullOr(Schema.String)),
  ProductType: Schema.optional(Schema.NullOr(Schema.String)),
  ProductDisplayName: Schema.optional(Schema.NullOr(Schema.String)),
  Created: Schema.optional(Schema.NullOr(Schema.String)),
  Completed: Schema.optional(Schema.NullOr(Schema.String)),
  Fulfilled: Schema.optional(Schema.NullOr(Schema.String)),
  Deleted: Schema.optional(Schema.Unknown),
  ReportAvailable: Schema.optional(Schema.NullOr(Schema.Boolean)),
  OrderSummary: Schema.optional(Schema.NullOr(Schema.String)),
  OwnerCompanyName: Schema.optional(Schema.NullOr(Schema.String)),
  OwnerUserDisplayName: Schema.optional(Schema.NullOr(Schema.String)),
  OwnerUserContactMechanism: Schema.optional(Schema.NullOr(Schema.String))
})

/**
 * A page of a search. There may be more when `count` equals `limit`; `nextMarker` can be there on the last page too.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OrdersPage = Schema.Struct({
  count: Schema.Number,
  limit: Schema.Number,
  nextMarker: Schema.optional(Schema.NullOr(Schema.String)),
  results: Schema.Array(OrderSummary)
})

/**
 * A failure in the body of a success status.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Fault = Schema.Struct({ Messages })

/**
 * The access token as a bearer token. Without a valid one the answer is 401 (assumed), or a `Fault` with code `E006`.
 *
 * @since 0.1.0
 * @category tags
 */
export class AccessToken extends HttpApiMiddleware.Service<AccessToken>()("@effect-auth/pitchpoint/AccessToken", {
  error: onWire.NotAuthorized,
  security: { user: HttpApiSecurity.bearer }
}) {}

/** Sign in, refresh. */
class Authentication extends HttpApiGroup.make("authentication")
  .add(
    HttpApiEndpoint.post("signInWithPassword", paths.signIn, {
      disableCodecs: true,
      payload: SignInPayload,
      success: TokenResponse,
      error: [onWire.TokenRefused, onWire.AccessDenied]
    })
      .annotate(OpenApi.Summary, "Sign In With Password")
  )
  .add(
    HttpApiEndpoint.post("refreshIdToken", paths.refresh, {
      disableCodecs: true,
      payload: RefreshPayload,
      success: TokenResponse,
      error: [onWire.TokenRefused, onWire.AccessDenied]
    })
      .annotate(OpenApi.Summary, "Refresh Access Token")
  )
{}

/** Order a report, get an order, search. */
class Orders extends HttpApiGroup.make("orders")
  .add(
    HttpApiEndpoint.post("query", paths.queryOrders, {
      disableCodecs: true,
      payload: OrdersQuery,
      success: Schema.Union([OrdersPage, Fault]),
      error: [onWire.InvalidQuery]
    })
      .annotate(OpenApi.Summary, "Query Orders")
  )
  .add(
    HttpApiEndpoint.post("detailedBLJ", `${paths.orders}/DetailedBLJ/PDF-001`, {
      disableCodecs: true,
      payload: OrderPayload,
      success: Order
    })
      .annotate(OpenApi.Summary, "DetailedBLJ")
  )
  .add(
    HttpApiEndpoint.get("order", `${paths.orders}/:transactionId`, {
      disableCodecs: true,
      params: Schema.Struct({ transactionId: WireSchema.PathSegment }),
      success: Order
    })
      .annotate(OpenApi.Summary, "Retrieve an order by its Ref")
  )
  .middleware(AccessToken)
{}

/**
 * The whole contract. The base URL is one of {@link hosts}.
 *
 * @since 0.1.0
 * @category schemas
 */
export class PitchpointApi extends HttpApi.make("pitchpoint")
  .add(Authentication)
  .add(Orders)
  .annotateMerge(OpenApi.annotations({
    title: "pointservices: the session of a service account",
    version: "0.1.0",
    description: "Sign in, refresh, and three order calls. Written from the public documentation.",
    transform: WireSchema.openApi,
    servers: Object.entries(hosts).map(([description, url]) => ({ url, description }))
  }))
{}
