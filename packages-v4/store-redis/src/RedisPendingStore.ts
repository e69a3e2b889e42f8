/**
 * Pending sign-ins of `@effect-auth/oauth2` in Redis. It is for applications with several processes, because the
 * browser may return to another process than the one that started the sign-in.
 *
 * ```ts
 * import * as RedisPendingStore from "@effect-auth/store-redis/RedisPendingStore"
 * import * as Config from "effect/Config"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * const waiting = Layer.unwrapEffect(
 *   Effect.map(Config.Redacted("REDIS_URL"), (url) => RedisPendingStore.layer({ url }))
 * )
 * ```
 *
 * Each call is one Lua script. Redis removes expired entries by itself. It needs `@effect-auth/oauth2`, which this
 * package does not install.
 *
 * @since 0.1.0
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as PendingStore from "@effect-auth/oauth2/PendingStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Scope } from "effect/Scope"
import type { RedisOptions } from "ioredis"
import { misconfigured, ofStore } from "./internal/failures.ts"
import { connect } from "./internal/redis.ts"
import { makeScript, putPendingScript, takePendingScript } from "./internal/script.ts"
import { checkServer } from "./internal/server.ts"
import { check } from "./internal/settings.ts"
import type * as RedisTokenStore from "./RedisTokenStore.ts"

/**
 * The connection to Redis, and the options of this store.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Omit<RedisTokenStore.Options, "timeToLive" | "pollInterval"> {
  /** How many sign-ins may be pending. Default: 10,000. */
  readonly capacity?: number | undefined
}

/**
 * Connects; disconnects when the scope closes. Fails like `RedisTokenStore.make`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function*(
  { capacity = PendingStore.defaultCapacity, ...options }: Options = {},
  client: RedisOptions = {}
): Effect.fn.Return<PendingStore.Service, TokenStoreError, Scope> {
  if (!Number.isSafeInteger(capacity) || capacity < 1) {
    return yield* misconfigured("capacity: give a whole number, at least 1")
  }
  const settings = yield* check(options, client)
  const { commands } = yield* connect(settings)
  yield* checkServer(commands, settings)
  const put = yield* makeScript(commands, putPendingScript)
  const take = yield* makeScript(commands, takePendingScript)
  // The same hash tag puts the list and its entries into one slot. Ids are digests in base64url.
  const list = `${settings.prefix}:{pending}`
  return {
    put: Effect.fnUntraced(function*(id, pending) {
      const now = yield* Clock.currentTimeMillis
      const { browser, expiresAt } = pending
      const life = Math.max(1, Math.ceil(expiresAt - now))
      const answer = yield* put(
        [list, `${list}:${id}`],
        [now, expiresAt, capacity, life, id, browser, PendingStore.encode(pending)],
        ofStore("write")
      )
      return answer === 1
    }),
    take: Effect.fnUntraced(function*(id, browser) {
      const text = yield* take([list, `${list}:${id}`], [id, browser], ofStore("read"))
      if (typeof text !== "string") return undefined
      const pending = yield* PendingStore.decode(text)
      return pending.expiresAt > (yield* Clock.currentTimeMillis) ? pending : undefined
    })
  }
})

/**
 * The store of {@link make} as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options = {},
  client: RedisOptions = {}
): Layer.Layer<PendingStore.PendingStore, TokenStoreError> =>
  Layer.effect(PendingStore.PendingStore, make(options, client))
