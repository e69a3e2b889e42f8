/**
 * The tokens of one token response, and pure functions over them.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as limits from "./internal/limits.ts"

/**
 * An access token for one further API. Times are epoch milliseconds, durations are milliseconds.
 *
 * @see RFC 8707: https://www.rfc-editor.org/rfc/rfc8707
 * @since 0.1.0
 * @category models
 */
export interface ResourceToken extends Schema.Schema.Type<typeof ResourceToken> {}

/**
 * The schema of a {@link ResourceToken}. Unknown fields are kept.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ResourceToken = Schema.Struct({
  accessToken: Schema.Redacted(Schema.String),
  scopes: Schema.optional(Schema.Array(Schema.String)),
  /** When the request was *sent*. */
  obtainedAt: Schema.Number,
  /** Counted from `obtainedAt`. Absent: the expiry is not known. */
  lifetime: Schema.optional(Schema.Number),
  /** The number of the token of this resource in its session, from 1. */
  generation: Schema.Number,
  born: Schema.Literal("time", "rejection")
}, Schema.Record({ key: Schema.String, value: Schema.Unknown }))

/**
 * The tokens of one successful token response. Times are epoch milliseconds, durations are milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface TokenSet {
  /** The token that is sent with requests to the API. */
  readonly accessToken: Redacted.Redacted<string>
  /**
   * The token that is exchanged for the next access token. Absent if the provider issues none, or after it was refused.
   */
  readonly refreshToken?: Redacted.Redacted<string> | undefined
  /** The granted scopes, if the provider reports them. */
  readonly scopes?: ReadonlyArray<string> | undefined
  /** When the token request was *sent*. The lifetime is counted from here, and not from when the answer was read. */
  readonly obtainedAt: number
  /** The lifetime of the access token, counted from `obtainedAt`. Absent: the expiry is not known. */
  readonly lifetime?: number | undefined
  /** When the refresh token expires, if that is known. */
  readonly refreshExpiresAt?: number | undefined
  /** The provider's id of the person or service that the tokens were issued to (Placewise: `resource_owner_id`). */
  readonly subject?: string | undefined
  /** Access tokens for further APIs that were obtained with the same refresh token, by resource. */
  readonly resources?: Readonly<Record<string, ResourceToken>> | undefined
  /**
   * Fields that a newer version of this library stored with these tokens. They are never read, and are kept until the
   * tokens are replaced.
   */
  readonly unknown?: Redacted.Redacted<Readonly<Record<string, unknown>>> | undefined
}

const fields = {
  accessToken: Schema.Redacted(Schema.String),
  refreshToken: Schema.optional(Schema.Redacted(Schema.String)),
  scopes: Schema.optional(Schema.Array(Schema.String)),
  obtainedAt: Schema.Number,
  lifetime: Schema.optional(Schema.Number),
  refreshExpiresAt: Schema.optional(Schema.Number),
  subject: Schema.optional(Schema.String),
  resources: Schema.optional(Schema.Record({ key: Schema.String, value: ResourceToken }))
}

const unknownFields = Schema.Record({ key: Schema.String, value: Schema.Unknown })

/**
 * The stored form of a {@link TokenSet}. Encoding gives the secrets in clear text; wrap a store with
 * `EncryptedTokenStore` if it must not hold clear text.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TokenSet: Schema.Schema<TokenSet, TokenSetEncoded> = Schema.transform(
  Schema.Struct(fields, unknownFields),
  Schema.typeSchema(Schema.Struct({ ...fields, unknown: Schema.optional(Schema.RedactedFromSelf(unknownFields)) })),
  {
    strict: true,
    decode: (all) => {
      const unknown = Object.fromEntries(Object.entries(all).filter(([name]) => !Object.hasOwn(fields, name)))
      return Object.keys(unknown).length === 0 ? all : { ...all, unknown: Redacted.make(unknown) }
    },
    encode: ({ unknown, ...known }: TokenSet) =>
      unknown === undefined ? known : { ...Redacted.value(unknown), ...known }
  }
)

/**
 * The JSON of a {@link TokenSet}.
 *
 * @since 0.1.0
 * @category models
 */
export interface TokenSetEncoded {
  readonly accessToken: string
  readonly refreshToken?: string | undefined
  readonly scopes?: ReadonlyArray<string> | undefined
  readonly obtainedAt: number
  readonly lifetime?: number | undefined
  readonly refreshExpiresAt?: number | undefined
  readonly subject?: string | undefined
  readonly resources?: Readonly<Record<string, typeof ResourceToken.Encoded>> | undefined
  readonly [unknown: string]: unknown
}

/**
 * When the access token expires (epoch milliseconds); `Infinity` when the expiry is not known.
 *
 * @since 0.1.0
 * @category getters
 */
export const expiresAt = (self: Pick<TokenSet, "lifetime" | "obtainedAt">): number =>
  self.lifetime === undefined ? Infinity : self.obtainedAt + self.lifetime

/**
 * The time before its expiry in which an access token counts as dead (milliseconds): 30 seconds, or a tenth of its lifetime
 * if that is less. `lifetime`: milliseconds; `undefined` for a token without a known end.
 *
 * @since 0.1.0
 * @category getters
 */
export const hardMargin = (lifetime: number | undefined): number =>
  lifetime === undefined ? 0 : Math.min(limits.hardMargin, lifetime * limits.hardMarginPart)

/**
 * The access token for a further API, if there is one.
 *
 * @since 0.1.0
 * @category getters
 */
export const ofResource = (self: TokenSet | undefined, resource: string): ResourceToken | undefined => {
  const { resources } = self ?? {}
  return resources !== undefined && Object.hasOwn(resources, resource) ? resources[resource] : undefined
}

/**
 * Whether a text can be a token: one or more visible ASCII characters, so that it can't end a header early. This allows
 * more than the b64token of RFC 6750, because some real tokens (`17|abc`) don't follow it.
 *
 * @see RFC 9110 section 5.5: https://www.rfc-editor.org/rfc/rfc9110#section-5.5
 * @since 0.1.0
 * @category predicates
 */
export const isTokenText = (text: unknown): text is string => typeof text === "string" && /^[\x21-\x7e]+$/.test(text)
