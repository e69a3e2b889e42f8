/**
 * The errors of pointservices on the wire. They are public for programs that use the contract directly. A session turns
 * them into `AuthError`s.
 *
 * It is not documented which condition gives 400 and which 403; both have the same body. The answer to an invalid
 * access token is not documented; 401 is assumed.
 *
 * @see https://docs.pitchpointsolutions.com/api/authentication/signinwithpassword
 * @since 0.1.0
 */
import * as WireSchema from "@effect-auth/core/WireSchema"
import * as Schema from "effect/Schema"

const fields = {
  error: Schema.optional(Schema.String),
  error_description: Schema.optional(Schema.String)
}

/**
 * 400 of the token endpoints: refused, with the same body as {@link AccessDenied}.
 *
 * @since 0.1.0
 * @category errors
 */
export class TokenRefused extends Schema.TaggedError<TokenRefused>("@effect-auth/pitchpoint/TokenRefused")(
  "TokenRefused",
  fields
) {}

/**
 * 403 of the token endpoints: refused, with the same body as {@link TokenRefused}.
 *
 * @since 0.1.0
 * @category errors
 */
export class AccessDenied extends Schema.TaggedError<AccessDenied>("@effect-auth/pitchpoint/AccessDenied")(
  "AccessDenied",
  fields
) {}

/**
 * 400 of Query Orders: a filter that can't be used.
 *
 * @see https://docs.pitchpointsolutions.com/api/order/query
 * @since 0.1.0
 * @category errors
 */
export class InvalidQuery extends Schema.TaggedError<InvalidQuery>("@effect-auth/pitchpoint/InvalidQuery")(
  "InvalidQuery",
  { message: Schema.optional(Schema.String) }
) {}

/**
 * 401 (assumed, not documented): the access token is missing, invalid or expired.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotAuthorized extends Schema.TaggedError<NotAuthorized>("@effect-auth/pitchpoint/NotAuthorized")(
  "NotAuthorized",
  fields
) {}

/**
 * Each error with its status, in its wire form: without `_tag`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const onWire = {
  TokenRefused: WireSchema.error(TokenRefused, { status: 400, description: "Refused" }),
  AccessDenied: WireSchema.error(AccessDenied, { status: 403, description: "Refused" }),
  InvalidQuery: WireSchema.error(InvalidQuery, { status: 400, description: "A filter that can't be used" }),
  NotAuthorized: WireSchema.error(NotAuthorized, { status: 401, description: "No living access token (assumed)" })
} as const
