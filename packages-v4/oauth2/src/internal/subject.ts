/** The subject of a refreshed session. */
import * as Effect from "effect/Effect"
import * as idTokens from "./idToken.ts"
import type { Reader } from "./session.ts"

/**
 * The subject of a refreshed session comes from an ID token that holds up, and core refuses another subject than before. A
 * token that does not hold up is left out: the pair that came with it is good (OpenID Connect Core section 12.2).
 */
export const withSubject: Reader = (client, { idToken, tokens }) =>
  idToken === undefined
    ? Effect.succeed(tokens)
    : Effect.match(idTokens.check(client, idToken), {
      onFailure: () => tokens,
      onSuccess: ({ sub }) => ({ ...tokens, subject: sub })
    })
