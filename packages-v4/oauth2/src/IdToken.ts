/**
 * What an ID token says about the person who signed in.
 *
 * @see OpenID Connect Core section 2: https://openid.net/specs/openid-connect-core-1_0.html#IDToken
 * @since 0.1.0
 */

import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import type * as Effect from "effect/Effect"
import type { AuthorizationServer } from "oauth4webapi"
import { checkSignature } from "./internal/idTokenSignature.ts"
import type { OAuth2Client } from "./OAuth2Client.ts"

/**
 * The claims of an ID token that was checked: issuer, audience, life, nonce, signing algorithm.
 *
 * @since 0.1.0
 * @category models
 */
export interface Claims {
  readonly iss: string
  /** The server's identifier of the person. It is unique within the issuer. */
  readonly sub: string
  readonly aud: string | ReadonlyArray<string>
  /** Seconds since the epoch, like the other times. */
  readonly exp: number
  readonly iat: number
  readonly nonce?: string | undefined
  readonly [name: string]: unknown
}

/**
 * A check of the signature of an ID token. {@link signature} is the only one.
 *
 * @since 0.1.0
 * @category models
 */
export type SignatureCheck = (
  client: OAuth2Client,
  server: AuthorizationServer,
  answer: Response
) => Effect.Effect<void, ExchangeFailure>

/**
 * Checks the signature of an ID token against the server's keys, which are asked for each time. Give it as the option
 * `signature`. A program that leaves it out does not load it.
 *
 * @see OpenID Connect Core section 3.1.3.7, item 6: https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
 * @since 0.1.0
 * @category combinators
 */
export const signature: SignatureCheck = checkSignature
