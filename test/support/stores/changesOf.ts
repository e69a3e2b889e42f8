/** What a store reports of one record. */
import * as RecordKey from "@effect-auth/core/RecordKey"
import type { Service } from "@effect-auth/core/TokenStore"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** The versions that are heard of one record; `listening` where others may have gone unheard. */
export const changesOf = (store: Service, key: RecordKey.RecordKey) =>
  (store.changes ?? Stream.empty).pipe(
    Stream.filter((change) => change._tag !== "Away"),
    Stream.filter((change) => change._tag === "Listening" || change.hash === RecordKey.hash(key)),
    Stream.map((change) => change._tag === "Listening" ? "listening" as const : change.version)
  )

/** Listens in a fiber, and comes back when the store says that it does. */
export const listenTo = (store: Service, key: RecordKey.RecordKey, until: (version: number) => boolean) =>
  Effect.gen(function*() {
    const isListening = yield* Effect.makeLatch()
    const heard = yield* changesOf(store, key).pipe(
      Stream.tap(() => isListening.open),
      Stream.takeUntil((version) => version !== "listening" && until(version)),
      Stream.runCollect,
      Effect.fork
    )
    yield* isListening.await
    return heard
  })
