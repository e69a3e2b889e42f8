/**
 * The options of refreshing: when a session is refreshed, and how long each step may take.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Schedule from "effect/Schedule"
import type { ExchangeFailure } from "./ExchangeFailure.ts"
import type { TokenSet } from "./TokenSet.ts"

/**
 * The options of refreshing. Everything has a default.
 *
 * @since 0.1.0
 * @category models
 */
export interface RefreshOptions {
  /**
   * `scheduled` (default): refresh ahead of expiry in the background. `onDemand`: refresh only when a caller asks for a
   * token, for serverless platforms. If the token is due, the caller waits for the refresh, so no work remains when the
   * response is sent.
   */
  readonly mode?: "scheduled" | "onDemand" | undefined
  /**
   * For `onDemand`: keeps the process alive until a promise is settled, like `waitUntil` of Cloudflare Workers and
   * Vercel. With it, a caller gets a live token at once, and the refresh continues in the promise. It is called in the
   * request that starts the refresh.
   */
  readonly waitUntil?: ((refreshed: Promise<unknown>) => void) | undefined
  /** When to refresh ahead. Default: `RefreshSchedule.ahead()`. */
  readonly ahead?: Schedule.Schedule<Duration.Duration, TokenSet> | undefined
  /** How long to wait after the nth failure in a row. Default: `RefreshSchedule.retry()`. */
  readonly retry?: Schedule.Schedule<Duration.Duration, ExchangeFailure> | undefined
  /**
   * The wait after failures that forced refreshes also obey. Default: `RefreshSchedule.cooldown()`, 12 calls a minute.
   */
  readonly cooldown?: Schedule.Schedule<Duration.Duration, ExchangeFailure> | undefined
  /** The longest one exchange may take: connect, send and read. Default: 15 seconds. */
  readonly deadline?: Duration.Input | undefined
  /**
   * How long a commit (saving new tokens) is retried while the store fails. After that the tokens are served from
   * memory. Default: 3 seconds.
   */
  readonly commitPatience?: Duration.Input | undefined
  /** How long a caller that needs a token waits after a failure for one more attempt. Default: 2 seconds. */
  readonly retryPatience?: Duration.Input | undefined
  /**
   * How long closing the layer waits for an exchange that was sent. Default: 8 seconds, or the deadline if that is
   * shorter. A container platform kills a container about 10 seconds after it asks it to stop.
   */
  readonly closePatience?: Duration.Input | undefined
  /**
   * The age at which another owner's claim counts as a leftover and may be taken over. Default: deadline + commit
   * patience + 2 seconds.
   */
  readonly claimTtl?: Duration.Input | undefined
  /**
   * How long the same undocumented refusal must be repeated before it ends the session. Default: 4 hours, longer than
   * an incident of a gateway.
   */
  readonly confirmRefusalAfter?: Duration.Input | undefined
  /**
   * How long a new access token may still be unknown to the API. After a rejection in that time, the middleware waits
   * and tries the same token once more. Default: 1 second; zero turns it off.
   */
  readonly propagation?: Duration.Input | undefined
  /**
   * The longest Retry-After that is obeyed. If a server asks for a longer wait, the next call is made after this. A
   * maintenance page may ask for an hour although the maintenance ends in a minute. Default and maximum: 1 hour.
   */
  readonly retryAfterAtMost?: Duration.Input | undefined
}
