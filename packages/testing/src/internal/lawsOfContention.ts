/** The laws about many writers: each version is won once, and whoever waits is told. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import type { RecordKey } from "@effect-auth/core/RecordKey"
import { type Service, TokenStore } from "@effect-auth/core/TokenStore"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import type { Law } from "../TokenStoreLaws.ts"
import { fails, freshKey, holds, type LawBroken, read, same, sessionRecord, write } from "./lawSupport.ts"

/** Writes until `wins` of its writes have won; tells which versions they were. */
const contend = Effect.fnUntraced(function*(store: Service, key: RecordKey, name: string, wins: number) {
  const won: Array<number> = []
  while (won.length < wins) {
    const current = (yield* read(store, key))?.version ?? 0
    const next = sessionRecord(key, current + 1, { commitId: `${name}-${current + 1}` })
    if (yield* store.compareAndSet(key, current, next)) won.push(current + 1)
  }
  return won.map((version) => ({ version, commitId: `${name}-${version}` }))
})

/** Every version from 1 to the last was won by exactly one, and the stored record is the last winner's. */
const agrees = Effect.fnUntraced(function*(
  law: string,
  store: Service,
  key: RecordKey,
  wins: ReadonlyArray<{ readonly version: number; readonly commitId: string }>
) {
  const sorted = [...wins].sort((left, right) => left.version - right.version)
  for (const [index, win] of sorted.entries()) {
    yield* holds(law, win.version === index + 1, `${wins.length} writes won, and one of the versions was won twice`)
  }
  const found = yield* read(store, key)
  const last = sorted[sorted.length - 1]
  yield* holds(
    law,
    found !== undefined && found.version === last?.version && found.commitId === last.commitId,
    "the stored record is not the one that won last"
  )
})

const contention: Law = {
  name: "16 fibers that write one record never win the same version",
  run: Effect.gen(function*() {
    const store = yield* TokenStore
    const key = freshKey("contention")
    const wins = yield* Effect.all(
      Array.from({ length: 16 }, (_, index) => contend(store, key, `fiber-${index}`, 4)),
      { concurrency: "unbounded" }
    )
    yield* agrees("contention", store, key, wins.flat())
  })
}

const firstWrite: Law = {
  name: "of 32 first writes one wins",
  run: Effect.gen(function*() {
    const store = yield* TokenStore
    for (let round = 0; round < 5; round++) {
      const key = freshKey("first-write")
      const answers = yield* Effect.all(
        Array.from(
          { length: 32 },
          (_, index) => store.compareAndSet(key, 0, sessionRecord(key, 1, { commitId: `${index}` }))
        ),
        { concurrency: "unbounded" }
      )
      const winners = answers.flatMap((won, index) => won ? [index] : [])
      yield* holds("first write", winners.length === 1, `${winners.length} of 32 won`)
      yield* same("first write", yield* read(store, key), sessionRecord(key, 1, { commitId: `${winners[0]}` }))
    }
  })
}

const interrupted: Law = {
  name: "calls that are interrupted leave a whole record and a store that works",
  run: Effect.gen(function*() {
    const law = "interruption"
    const store = yield* TokenStore
    const key = freshKey("interrupted")
    yield* write(store, key, 0, sessionRecord(key, 1))
    for (let round = 0; round < 20; round++) {
      const version = (yield* read(store, key))?.version ?? 0
      const writer = yield* Effect.fork(store.compareAndSet(key, version, sessionRecord(key, version + 1)))
      const reader = yield* Effect.fork(store.get(key))
      if (round % 2 === 0) yield* Effect.yieldNow()
      yield* Fiber.interruptAll([writer, reader])
      const found = yield* read(store, key)
      yield* holds(law, found?.version === version || found?.version === version + 1, "a version was skipped")
      yield* same(law, found, sessionRecord(key, found?.version ?? 0))
    }
    const version = (yield* read(store, key))?.version ?? 0
    yield* write(store, key, version, sessionRecord(key, version + 1))
  }).pipe(Effect.timeoutFail({
    duration: Duration.seconds(20),
    onTimeout: () => fails("interruption", "the store hangs after interrupted calls")
  }))
}

const changes: Law = {
  name: "where there are changes, a waiter hears of the last write",
  run: Effect.gen(function*() {
    const store = yield* TokenStore
    if (store.changes === undefined) return
    const key = freshKey("changes")
    yield* write(store, key, 0, sessionRecord(key, 1))
    const waiters = yield* Effect.forEach(
      Array.from({ length: 3 }),
      () =>
        store.changes!(key).pipe(
          Stream.takeUntil((version) => version >= 4),
          Stream.runDrain,
          Effect.timeoutOption(Duration.seconds(5)),
          Effect.fork
        )
    )
    yield* Effect.sleep(Duration.millis(300))
    for (const version of [2, 3, 4]) yield* write(store, key, version - 1, sessionRecord(key, version))
    for (const waiter of waiters) {
      const heard = yield* Fiber.join(waiter)
      yield* holds("changes", heard._tag === "Some", "a waiter did not hear of version 4 within 5 seconds")
    }
  })
}

/** Two instances write the same record in turn and against each other. */
export const race = (left: Service, right: Service): Effect.Effect<void, LawBroken | TokenStoreError> =>
  Effect.gen(function*() {
    const law = "two instances"
    const key = freshKey("instances")
    yield* write(left, key, 0, sessionRecord(key, 1))
    yield* same(law, yield* read(right, key), sessionRecord(key, 1))
    yield* write(right, key, 1, sessionRecord(key, 2))
    const late = yield* left.compareAndSet(key, 1, sessionRecord(key, 2, { commitId: "late" }))
    yield* holds(law, !late, "an older version overwrote what the other instance wrote")
    yield* same(law, yield* read(left, key), sessionRecord(key, 2))
    const contested = freshKey("instances")
    const wins = yield* Effect.all(
      Array.from({ length: 8 }, (_, index) => contend(index % 2 === 0 ? left : right, contested, `${index}`, 5)),
      { concurrency: "unbounded" }
    )
    yield* agrees(law, left, contested, wins.flat())
    if (left.presence !== undefined && right.presence !== undefined) {
      yield* holds(law, left.presence.owner !== right.presence.owner, "both have the same owner's name")
      yield* holds(law, yield* left.presence.isAlive(right.presence.owner), "the other's owner is called gone")
    }
  })

export const manyAccounts: Law = {
  name: "10,000 accounts are all there, each its own",
  run: Effect.gen(function*() {
    const law = "10,000 accounts"
    const store = yield* TokenStore
    const { account: realm } = freshKey("many")
    const keys = Array.from(
      { length: 10_000 },
      (_, index): RecordKey => ({ provider: "laws", realm, account: `${index}` })
    )
    yield* Effect.forEach(
      keys,
      (key) => write(store, key, 0, sessionRecord(key, 1, { commitId: `of-${key.account}` })),
      { concurrency: 16, discard: true }
    )
    yield* Effect.forEach(
      keys,
      (key) =>
        Effect.flatMap(
          read(store, key),
          (found) =>
            holds(law, found?.commitId === `of-${key.account}`, `account ${key.account} has not its own record`)
        ),
      { concurrency: 16, discard: true }
    )
  })
}

export const laws: ReadonlyArray<Law> = [contention, firstWrite, interrupted, changes]
