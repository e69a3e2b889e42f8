/**
 * Revokes one token at the server, because it is no longer wanted. `AuthService.signOut` does it for a session's own tokens.
 *
 * @see RFC 7009: https://www.rfc-editor.org/rfc/rfc7009
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { call, type CallError } from "./internal/publicCall.ts"
import { revokeOne } from "./internal/session.ts"
import type { OAuth2Client } from "./OAuth2Client.ts"

/**
 * Revokes a token. One that is gone already is no failure.
 *
 * @see RFC 7009 section 2.1
 * @since 0.1.0
 * @category combinators
 */
export const revoke = (
  client: OAuth2Client,
  token: Redacted.Redacted<string>,
  hint: "access_token" | "refresh_token"
): Effect.Effect<void, CallError> => call(client, "revoke", revokeOne(client, token, hint))
