/**
 * Names one session's record in a store: provider / realm / account.
 *
 * @since 0.1.0
 */

/**
 * What names one record: whose tokens, at which provider, in which of its realms.
 *
 * @since 0.1.0
 * @category models
 */
export interface RecordKey {
  readonly provider: string
  readonly realm: string
  /** The application's own opaque id of the account, not an e-mail address. */
  readonly account: string
}

/**
 * One text for one key: the parts are percent-encoded, so that no two keys give the same text.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toString = (key: RecordKey): string =>
  `${encode(key.provider)}/${encode(key.realm)}/${encode(key.account)}`

/** What percent-encoding leaves as it is, which is nearly every name. */
const plain = /^[\w.!~*'()-]*$/

/** Half a character (a lone surrogate) can't be percent-encoded, but an account may be named so: it gets a form of its own. */
const encode = (text: string): string => plain.test(text) ? text : Array.from(text, encodeCharacter).join("")

const encodeCharacter = (character: string): string =>
  /^[\ud800-\udfff]$/.test(character) ? `%u${character.charCodeAt(0).toString(16)}` : encodeURIComponent(character)
