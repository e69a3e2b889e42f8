/** The answer of a token endpoint as a provider gets it, and the options of its calls. `TokenEndpoint` exports both. */
import type * as Duration from "effect/Duration"
import type * as Headers from "effect/http/Headers"
import type { ExchangeFailure } from "../../ExchangeFailure.ts"

/**
 * An answer that is not a success, for a provider to classify.
 *
 * @since 0.1.0
 * @category models
 */
export interface Answer {
  readonly status: number
  readonly headers: Headers.Headers
  /**
   * The result of `TokenEndpoint.read`; also `undefined` if the body was empty or too long. It may hold secrets:
   * compare it, don't show it.
   */
  readonly body: unknown
  /** The text under `error`, shortened and without secrets. */
  readonly error: string | undefined
  /** The text under `error_description`, shortened and without secrets. */
  readonly errorDescription: string | undefined
  /** The wait of the `Retry-After` header. */
  readonly retryAfter: Duration.Duration | undefined
  /** When the answer was read (epoch milliseconds), for dates in its body. */
  readonly at: number
  /**
   * Cuts a text of the answer to 200 characters and removes every secret of the request from it. The result is empty if
   * the request holds more secrets than can be searched for: more than 36 KiB or more than 64.
   */
  readonly scrub: (text: string) => string
}

/**
 * The options of a provider's token calls.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Classifies an answer outside 2xx. Redirects are handled before. */
  readonly classify: (answer: Answer) => ExchangeFailure
  /**
   * The failure for a refusal with a 2xx status (GitHub, Slack); `undefined` for a success. It is called before the
   * contract decodes the answer. Default: every 2xx is a success.
   */
  readonly refusal?: ((answer: Answer) => ExchangeFailure | undefined) | undefined
  /**
   * Headers that replace those of the contract and the body, such as an exact `content-type`. `accept` is
   * `application/json` unless it is set.
   */
  readonly headers?: Headers.Input | undefined
  /** Allows sending secrets over plain http. Default: no, except to loopback addresses. */
  readonly allowInsecure?: boolean | undefined
}
