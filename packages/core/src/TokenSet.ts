/**
 * The tokens of one session, as issued at one moment: pure data and pure questions about it.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/**
 * What one successful token response left in our hands. Times are epoch milliseconds, lengths are milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface TokenSet {
  /** The token that goes on requests. */
  readonly accessToken: Redacted.Redacted<string>
  /** The token that is spent for the next access token; absent where the provider has none, or when it is dead. */
  readonly refreshToken?: Redacted.Redacted<string> | undefined
  /** What was granted, where the provider says so. */
  readonly scopes?: ReadonlyArray<string> | undefined
  /** When the request was *sent*: the life of a token is counted from here, not from when the answer was read. */
  readonly obtainedAt: number
  /** How long the access token lives, counted from `obtainedAt`; absent: no known end. */
  readonly lifetime?: number | undefined
  /** Until when the refresh token can be used, where that is known. */
  readonly refreshExpiresAt?: number | undefined
  /** Whose tokens these are, in the provider's own words (Placewise: `resource_owner_id`). */
  readonly subject?: string | undefined
  /**
   * What a newer version of this library stored with these tokens: kept while their record is written again, never
   * read, and gone with these tokens.
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
  subject: Schema.optional(Schema.String)
}

const unknownFields = Schema.Record({ key: Schema.String, value: Schema.Unknown })

/**
 * The stored form of a {@link TokenSet}. Encoding it gives the secrets in clear text: a store that must not hold
 * clear text is wrapped with `EncryptedTokenStore`.
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
    encode: ({ unknown, ...known }) => unknown === undefined ? known : { ...Redacted.value(unknown), ...known }
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
  readonly [unknown: string]: unknown
}

/** The longest life we believe: one year. */
const longestLifetime = 365 * 24 * 60 * 60 * 1000

/** What a life of zero or less becomes, so that a token that was just issued does not cause a refresh loop. */
const shortestLifetime = 5_000

/** A life so short (milliseconds) is none: no request could use it. */
const negligible = 100

/**
 * The life in milliseconds that an `expires_in` (seconds) tells. Numbers, numeric strings and fractions are read; an
 * absurd value is clamped to a year; less than a tenth of a second, and zero or less, becomes 5 seconds; anything else is
 * `fallback`.
 *
 * @see RFC 6749 section 5.1: https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 * @since 0.1.0
 * @category constructors
 */
export const lifetimeFromSeconds = (expiresIn: unknown, fallback: number | undefined): number | undefined => {
  const seconds = typeof expiresIn === "string" && expiresIn.trim() !== "" ? Number(expiresIn) : expiresIn
  if (typeof seconds !== "number" || Number.isNaN(seconds)) return fallback
  const millis = Math.round(seconds * 1000)
  return millis < negligible ? shortestLifetime : Math.min(millis, longestLifetime)
}

/**
 * When the access token dies (epoch milliseconds); `Infinity` where no end is known.
 *
 * @since 0.1.0
 * @category getters
 */
export const expiresAt = (self: TokenSet): number =>
  self.lifetime === undefined ? Infinity : self.obtainedAt + self.lifetime

/**
 * How long before its end a token counts as dead: the smaller of 30 seconds and a tenth of its life (milliseconds).
 *
 * @since 0.1.0
 * @category getters
 */
export const hardMargin = (lifetime: number | undefined): number =>
  lifetime === undefined ? 0 : Math.min(30_000, lifetime / 10)

/**
 * Whether the access token lives at `now` (epoch milliseconds) with more than the hard margin left.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isFresh = (self: TokenSet, now: number): boolean => now < expiresAt(self) - hardMargin(self.lifetime)

/**
 * What is known from before and was not said again is kept: an answer without `refresh_token` keeps the old one.
 *
 * @see RFC 6749 section 6: https://www.rfc-editor.org/rfc/rfc6749#section-6
 * @since 0.1.0
 * @category combinators
 */
export const carryForward = (next: TokenSet, previous: TokenSet): TokenSet => ({
  ...next,
  refreshToken: next.refreshToken ?? previous.refreshToken,
  refreshExpiresAt: next.refreshExpiresAt ?? previous.refreshExpiresAt,
  scopes: next.scopes ?? previous.scopes,
  subject: next.subject ?? previous.subject
})

/**
 * Whether a text can be a token: one or more visible ASCII characters, so nothing that could end a header early. Wider
 * than the b64token of RFC 6750, because real tokens (`17|abc`) are outside it.
 *
 * @see RFC 9110 section 5.5: https://www.rfc-editor.org/rfc/rfc9110#section-5.5
 * @since 0.1.0
 * @category predicates
 */
export const isTokenText = (text: unknown): text is string => typeof text === "string" && /^[\x21-\x7e]+$/.test(text)

/**
 * Whether both tokens of a set can be sent.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isSendable = (self: Pick<TokenSet, "accessToken" | "refreshToken">): boolean =>
  isTokenText(Redacted.value(self.accessToken)) &&
  (self.refreshToken === undefined || isTokenText(Redacted.value(self.refreshToken)))
