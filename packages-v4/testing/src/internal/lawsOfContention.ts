/** The laws about concurrent writers: only one write wins each version. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import type { RecordKey } from "@effect-auth/core/RecordKey"
import { type Service, TokenStore } from "@effect-auth/core/TokenStore"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Law } from "../TokenStoreLaws.ts"
import { contend, type Task, type Win } from "./contend.ts"
import { fails, freshKey, holds, type LawBroken, read, same, sessionRecord, write } from "./lawSupport.ts"

/**
 * Checks that exactly one write won each version from 1 to the last, that no count is lost, and that the stored record
 * is from the last winner.
 */
const agrees = Effect.fnUntraced(function*(
  law: string,
  store: Service,
  key: RecordKey,
  wins: ReadonlyArray<Win>
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
  yield* holds(law, found?.count === wins.length, `${wins.length} writes won, and ${String(found?.count)} are counted`)
})

const contention: Law = {
  name: "16 fibers that write one record never win the same version",
  run: Effect.gen(function*() {
    const store = yield* TokenStore
    const key = freshKey("contention")
    const wins = yield* Effect.all(
      Array.from({ length: 16 }, (_, index) => contend(store, { key, name: `fiber-${index}`, wins: 4 })),
      { concurrency: "unbounded" }
    )
    yield* agrees("contention", store, key, wins.flat())
  })
}

export const processes = (start: (task: string) => Effect.Effect<string, unknown>): Law => ({
  name: "8 processes that write one record never win the same version",
  run: Effect.gen(function*() {
    const law = "processes"
    const store = yield* TokenStore
    const key = freshKey("processes")
    const answers = yield* Effect.all(
      Array.from(
        { length: 8 },
        (_, index) => start(JSON.stringify({ key, name: `process-${index}`, wins: 15 } satisfies Task))
      ),
      { concurrency: "unbounded" }
    ).pipe(Effect.mapError((cause) => fails(law, `a process did not come to its end: ${String(cause)}`)))
    const wins: ReadonlyArray<Win> = answers.flatMap((answer) => JSON.parse(answer))
    yield* holds(law, wins.length === 8 * 15, `${wins.length} writes are reported, where ${8 * 15} have won`)
    yield* agrees(law, store, key, wins)
  })
})

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
      const writer = yield* Effect.forkChild(store.compareAndSet(key, version, sessionRecord(key, version + 1)))
      const reader = yield* Effect.forkChild(store.get(key))
      if (round % 2 === 0) yield* Effect.yieldNow
      yield* Fiber.interruptAll([writer, reader])
      const found = yield* read(store, key)
      yield* holds(law, found?.version === version || found?.version === version + 1, "a version was skipped")
      yield* same(law, found, sessionRecord(key, found?.version ?? 0))
    }
    const version = (yield* read(store, key))?.version ?? 0
    yield* write(store, key, version, sessionRecord(key, version + 1))
  }).pipe(
    Effect.timeoutOrElse({
      duration: Duration.seconds(20),
      orElse: () => Effect.fail(fails("interruption", "the store hangs after interrupted calls"))
    })
  )
}

/** Two instances write the same record, first in turn, then at the same time. */
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
      Array.from(
        { length: 8 },
        (_, index) => contend(index % 2 === 0 ? left : right, { key: contested, name: `${index}`, wins: 5 })
      ),
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

export const laws: ReadonlyArray<Law> = [contention, firstWrite, interrupted]
