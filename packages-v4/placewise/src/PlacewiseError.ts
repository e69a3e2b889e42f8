/**
 * The errors of the Placewise Public API on the wire: `{ "error": "…" }`, each with its own status. They are public for
 * programs that use the contract directly. A session turns them into `AuthError`s.
 *
 * The documentation promises the body only for "most" errors, so `error` may be missing. A 400 for unparsable JSON has
 * no body.
 *
 * @see https://docs.mpc.placewise.com/doc-341636 (Common HTTP Error Codes)
 * @since 0.1.0
 */
import * as WireSchema from "@effect-auth/core/WireSchema"
import * as Schema from "effect/Schema"

const fields = { error: Schema.optional(Schema.String) }

/**
 * 400: parameters or JSON that can't be read. For unparsable JSON the body is empty.
 *
 * @since 0.1.0
 * @category errors
 */
export class BadRequest extends Schema.TaggedError<BadRequest>("@effect-auth/placewise/BadRequest")(
  "BadRequest",
  fields
) {}

/**
 * 401: the *client* token is invalid, or belongs to another club or product. It says nothing about the member.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClientNotAuthorized
  extends Schema.TaggedError<ClientNotAuthorized>("@effect-auth/placewise/ClientNotAuthorized")(
    "ClientNotAuthorized",
    fields
  )
{}

/**
 * 402: the feature is not enabled for this club.
 *
 * @since 0.1.0
 * @category errors
 */
export class FeatureNotEnabled
  extends Schema.TaggedError<FeatureNotEnabled>("@effect-auth/placewise/FeatureNotEnabled")(
    "FeatureNotEnabled",
    fields
  )
{}

/**
 * 403: the client token lacks the permit.
 *
 * @since 0.1.0
 * @category errors
 */
export class PermitMissing extends Schema.TaggedError<PermitMissing>("@effect-auth/placewise/PermitMissing")(
  "PermitMissing",
  fields
) {}

/**
 * 404: no such club, or no such member.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotFound extends Schema.TaggedError<NotFound>("@effect-auth/placewise/NotFound")("NotFound", fields) {}

/**
 * 406: JSON that can't be read, according to the documentation of 2021 (today 400).
 *
 * @since 0.1.0
 * @category errors
 */
export class NotAcceptable extends Schema.TaggedError<NotAcceptable>("@effect-auth/placewise/NotAcceptable")(
  "NotAcceptable",
  fields
) {}

/**
 * 422: invalid parameters. `details` mirrors the payload; each leaf is a list of `{ error, options? }`.
 *
 * @see https://docs.mpc.placewise.com/doc-341637 (Params Validation)
 * @since 0.1.0
 * @category errors
 */
export class InvalidParameters
  extends Schema.TaggedError<InvalidParameters>("@effect-auth/placewise/InvalidParameters")("InvalidParameters", {
    ...fields,
    details: Schema.optional(Schema.Unknown)
  })
{}

/**
 * 429: the rate limit, with `Retry-After` in seconds.
 *
 * @see https://docs.mpc.placewise.com/doc-344019 (Rate Limiting)
 * @since 0.1.0
 * @category errors
 */
export class RateLimited extends Schema.TaggedError<RateLimited>("@effect-auth/placewise/RateLimited")(
  "RateLimited",
  fields
) {}

/**
 * 460: the member's access token is missing, invalid or expired.
 *
 * @see https://docs.mpc.placewise.com/doc-341646 (OAuth Flow)
 * @since 0.1.0
 * @category errors
 */
export class MemberNotAuthorized
  extends Schema.TaggedError<MemberNotAuthorized>("@effect-auth/placewise/MemberNotAuthorized")(
    "MemberNotAuthorized",
    fields
  )
{}

/**
 * 461: unknown member or wrong password, with the same status.
 *
 * @see https://docs.mpc.placewise.com/api-3510810 (Create Token)
 * @since 0.1.0
 * @category errors
 */
export class InvalidCredentials
  extends Schema.TaggedError<InvalidCredentials>("@effect-auth/placewise/InvalidCredentials")(
    "InvalidCredentials",
    fields
  )
{}

/**
 * 462: the refresh token is invalid or expired.
 *
 * @see https://docs.mpc.placewise.com/doc-341646 (OAuth Flow)
 * @since 0.1.0
 * @category errors
 */
export class InvalidRefreshToken
  extends Schema.TaggedError<InvalidRefreshToken>("@effect-auth/placewise/InvalidRefreshToken")(
    "InvalidRefreshToken",
    fields
  )
{}

/**
 * 467: the member is banned. Documented for offers and rewards; assumed to be possible when a token is created.
 *
 * @since 0.1.0
 * @category errors
 */
export class MemberBanned extends Schema.TaggedError<MemberBanned>("@effect-auth/placewise/MemberBanned")(
  "MemberBanned",
  { ...fields, banned_until: Schema.optional(Schema.NullOr(Schema.String)) }
) {}

/**
 * 470: a required header is missing.
 *
 * @since 0.1.0
 * @category errors
 */
export class HeaderMissing extends Schema.TaggedError<HeaderMissing>("@effect-auth/placewise/HeaderMissing")(
  "HeaderMissing",
  fields
) {}

/**
 * 471: a header's value is incorrect.
 *
 * @since 0.1.0
 * @category errors
 */
export class HeaderIncorrect extends Schema.TaggedError<HeaderIncorrect>("@effect-auth/placewise/HeaderIncorrect")(
  "HeaderIncorrect",
  fields
) {}

/**
 * 480: the member is not in the Rewards Program.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotParticipating extends Schema.TaggedError<NotParticipating>("@effect-auth/placewise/NotParticipating")(
  "NotParticipating",
  fields
) {}

/**
 * 503: maintenance.
 *
 * @since 0.1.0
 * @category errors
 */
export class Maintenance extends Schema.TaggedError<Maintenance>("@effect-auth/placewise/Maintenance")(
  "Maintenance",
  fields
) {}

/**
 * Each error with its status, in its wire form: without `_tag`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const onWire = {
  BadRequest: WireSchema.error(BadRequest, { status: 400, description: "Parameters or JSON can't be read" }),
  ClientNotAuthorized: WireSchema.error(ClientNotAuthorized, { status: 401, description: "Invalid client token" }),
  FeatureNotEnabled: WireSchema.error(FeatureNotEnabled, { status: 402, description: "Feature not enabled" }),
  PermitMissing: WireSchema.error(PermitMissing, { status: 403, description: "The client token lacks the permit" }),
  NotFound: WireSchema.error(NotFound, { status: 404, description: "Not found" }),
  NotAcceptable: WireSchema.error(NotAcceptable, { status: 406, description: "JSON can't be read (2021)" }),
  InvalidParameters: WireSchema.error(InvalidParameters, { status: 422, description: "Invalid parameters" }),
  RateLimited: WireSchema.error(RateLimited, { status: 429, description: "Rate limit, see Retry-After" }),
  MemberNotAuthorized: WireSchema.error(MemberNotAuthorized, { status: 460, description: "Member not authorized" }),
  InvalidCredentials: WireSchema.error(InvalidCredentials, { status: 461, description: "Wrong member or password" }),
  InvalidRefreshToken: WireSchema.error(InvalidRefreshToken, { status: 462, description: "Invalid refresh token" }),
  MemberBanned: WireSchema.error(MemberBanned, { status: 467, description: "Member is banned" }),
  HeaderMissing: WireSchema.error(HeaderMissing, { status: 470, description: "A required header is missing" }),
  HeaderIncorrect: WireSchema.error(HeaderIncorrect, { status: 471, description: "A header is incorrect" }),
  NotParticipating: WireSchema.error(NotParticipating, { status: 480, description: "Not in the Rewards Program" }),
  Maintenance: WireSchema.error(Maintenance, { status: 503, description: "Maintenance" })
} as const
