/**
 * An access token as it is handed out: the secret, and which token of which session it is.
 *
 * @since 0.1.0
 */
import type * as Redacted from "effect/Redacted"

/**
 * One access token. `(session, generation)` names it without telling it, which is how a rejection that arrives late is
 * recognised as being about a token that was replaced long ago.
 *
 * @since 0.1.0
 * @category models
 */
export interface AccessToken {
  /** What goes behind `Bearer`. */
  readonly value: Redacted.Redacted<string>
  /** The id of the sign-in it descends from. */
  readonly session: string
  /** Counts the token sets of a session: one more for each sign-in, refresh or sign-out. */
  readonly generation: number
  /** When it dies (epoch milliseconds); `Infinity` where no end is known. */
  readonly expiresAt: number
  /** What was granted, where the provider says so. */
  readonly scopes: ReadonlyArray<string> | undefined
}

/**
 * Whether two values are the same token of the same session.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isSame = (
  a: Pick<AccessToken, "session" | "generation">,
  b: Pick<AccessToken, "session" | "generation">
): boolean => a.session === b.session && a.generation === b.generation
