/**
 * The errors of the Priava API on the wire. They are public for programs that use the contract directly. A session
 * turns them into `AuthError`s.
 *
 * The documentation does not list the codes under `error`, so they are open texts.
 *
 * @see https://support.priava.com/hc/en-us/articles/360000122415 (Access and Refresh Token API)
 * @since 0.1.0
 */
import * as WireSchema from "@effect-auth/core/WireSchema"
import * as Schema from "effect/Schema"

const error = Schema.optional(Schema.String)

/**
 * 400: the answer to any problem with a token request. Only `error` shows whether the code, the refresh token or the
 * client is wrong.
 *
 * @see https://support.priava.com/hc/en-us/articles/360000122415 (Access and Refresh Token API)
 * @since 0.1.0
 * @category errors
 */
export class TokenRequestFailed
  extends Schema.TaggedError<TokenRequestFailed>("@effect-auth/priava/TokenRequestFailed")(
    "TokenRequestFailed",
    { error, error_description: Schema.optional(Schema.String) }
  )
{}

/**
 * 401: the access token is missing or invalid. The status is assumed, because the documentation has none.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotAuthorized extends Schema.TaggedError<NotAuthorized>("@effect-auth/priava/NotAuthorized")(
  "NotAuthorized",
  { error }
) {}

/**
 * 429: the rate limit. `retry-after` is a date without a zone, and its weekday may be wrong.
 *
 * @see https://priavasupportcenter.ungerboeck.com article 11053931540759 (Rate Limiting)
 * @since 0.1.0
 * @category errors
 */
export class RateLimited extends Schema.TaggedError<RateLimited>("@effect-auth/priava/RateLimited")("RateLimited", {
  error,
  limits: Schema.optional(Schema.String),
  "retry-after": Schema.optional(Schema.String)
}) {}

/**
 * Each error with its status, in its wire form: without `_tag`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const onWire = {
  TokenRequestFailed: WireSchema.error(TokenRequestFailed, { status: 400, description: "The token request failed" }),
  NotAuthorized: WireSchema.error(NotAuthorized, { status: 401, description: "Dead access token (assumed)" }),
  RateLimited: WireSchema.error(RateLimited, { status: 429, description: "Rate limit, see retry-after in the body" })
} as const
