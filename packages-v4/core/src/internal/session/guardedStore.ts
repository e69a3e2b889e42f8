/** The store as the machine sees it: it answers in time, and code that throws fails like a store that is away. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { TokenStoreError } from "../../AuthError.ts"
import type { RecordKey } from "../../RecordKey.ts"
import type * as TokenStore from "../../TokenStore.ts"
import { deadline } from "./deadline.ts"
import { bounded, orFailed } from "./foreignCode.ts"

export const failed = (key: RecordKey, operation: string, detail: string): TokenStoreError =>
  new TokenStoreError({ provider: key.provider, account: key.account, operation, reason: "unavailable", detail })

export const guarded = (store: TokenStore.Service, within: number): TokenStore.Service => ({
  presence: store.presence && {
    owner: store.presence.owner,
    watches: store.presence.watches,
    isAlive: (owner) =>
      answered(() => store.presence?.isAlive(owner) ?? Effect.succeed(true), nobody, "isAlive", within)
  },
  reportsAtOnce: store.reportsAtOnce,
  changes: store.changes && Stream.suspend(() => store.changes ?? Stream.empty),
  get: (key) => answered(() => store.get(key), key, "get", within),
  compareAndSet: (key, expected, next) =>
    answered(() => store.compareAndSet(key, expected, next), key, "compareAndSet", within)
})

const nobody: RecordKey = { provider: "", realm: "", account: "" }

const answered = <A>(
  ask: () => Effect.Effect<A, TokenStoreError>,
  key: RecordKey,
  operation: string,
  within: number
): Effect.Effect<A, TokenStoreError> =>
  bounded(
    orFailed(ask, () => failed(key, operation, "the store's code threw")),
    deadline(within, () => failed(key, operation, "no answer in time"))
  )
