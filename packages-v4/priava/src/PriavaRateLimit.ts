/**
 * The rate limit of the API: 450 requests in five minutes, and a date in the body of a 429.
 *
 * @see https://priavasupportcenter.ungerboeck.com article 11053931540759 (Rate Limiting)
 * @since 0.1.0
 */
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Predicate from "effect/Predicate"
import { waitOf } from "./internal/retryDate.ts"

/**
 * The wait that a 429 asks for: its `Retry-After` header, or else the `retry-after` of its body, a date without a zone.
 * For an unreadable date it is 300 seconds, the documented window of the limit. `undefined`: the answer has neither.
 *
 * @see https://priavasupportcenter.ungerboeck.com article 11053931540759 (Rate Limiting)
 * @since 0.1.0
 * @category getters
 */
export const retryAfter = Effect.fnUntraced(function*(
  response: HttpClientResponse.HttpClientResponse
): Effect.fn.Return<Duration.Duration | undefined> {
  if (response.status !== 429) return undefined
  const header = yield* TokenEndpoint.retryAfter(response.headers["retry-after"])
  if (header !== undefined) return header
  const body = yield* Effect.orElseSucceed(response.json, () => undefined)
  return Predicate.isObject(body) ? waitOf(body["retry-after"], yield* Clock.currentTimeMillis) : undefined
})
