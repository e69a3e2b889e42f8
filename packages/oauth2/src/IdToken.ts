/**
 * What an ID token says about the person who signed in.
 *
 * @see OpenID Connect Core section 2: https://openid.net/specs/openid-connect-core-1_0.html#IDToken
 * @since 0.1.0
 */

/**
 * The claims of an ID token that was checked: issuer, audience, life, nonce, signing algorithm.
 *
 * @since 0.1.0
 * @category models
 */
export interface Claims {
  readonly iss: string
  /** The person, in the server's own words; unique within the issuer. */
  readonly sub: string
  readonly aud: string | ReadonlyArray<string>
  /** Seconds since the epoch, like the other times. */
  readonly exp: number
  readonly iat: number
  readonly nonce?: string | undefined
  readonly [name: string]: unknown
}
