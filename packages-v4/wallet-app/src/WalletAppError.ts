/**
 * The errors of the Wallet App API. **None is documented**, neither statuses nor bodies. These are assumptions from the
 * common use of statuses, so a session reads only the status and never relies on a body.
 *
 * @see https://api-docs.walletapp.co/oauth (Tokens)
 * @since 0.1.0
 */
import * as WireSchema from "@effect-auth/core/WireSchema"
import * as Schema from "effect/Schema"

const fields = {
  success: Schema.optional(Schema.Boolean),
  message: Schema.optional(Schema.String),
  error: Schema.optional(Schema.Unknown),
  errors: Schema.optional(Schema.Unknown)
}

/**
 * 401 (assumed): a wrong e-mail or password, or a key that is missing, unknown or deleted.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotAuthorized extends Schema.TaggedError<NotAuthorized>("@effect-auth/wallet-app/NotAuthorized")(
  "NotAuthorized",
  fields
) {}

/**
 * 403 (assumed): the key lacks the permission.
 *
 * @since 0.1.0
 * @category errors
 */
export class PermissionMissing
  extends Schema.TaggedError<PermissionMissing>("@effect-auth/wallet-app/PermissionMissing")(
    "PermissionMissing",
    fields
  )
{}

/**
 * 422 (assumed): a field is missing or invalid.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidRequest extends Schema.TaggedError<InvalidRequest>("@effect-auth/wallet-app/InvalidRequest")(
  "InvalidRequest",
  fields
) {}

/**
 * Each error with its status, in its wire form: without `_tag`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const onWire = {
  NotAuthorized: WireSchema.error(NotAuthorized, { status: 401, description: "Not authorized (assumed)" }),
  PermissionMissing: WireSchema.error(PermissionMissing, { status: 403, description: "Permission missing (assumed)" }),
  InvalidRequest: WireSchema.error(InvalidRequest, { status: 422, description: "Invalid request (assumed)" })
} as const
