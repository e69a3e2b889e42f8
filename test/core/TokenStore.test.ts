import { TokenStoreError } from "@effect-auth/core/AuthError"
import type { RecordKey } from "@effect-auth/core/RecordKey"
import type { SessionRecord } from "@effect-auth/core/SessionRecord"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as TokenStoreContender from "@effect-auth/testing/TokenStoreContender"
import * as TokenStoreLaws from "@effect-auth/testing/TokenStoreLaws"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

TokenStoreLaws.suite("memory", TokenStore.layerMemory)

const name = (key: RecordKey) => JSON.stringify([key.provider, key.realm, key.account])

/** A store that is wrong in one way. */
const broken = (change: (records: Map<string, SessionRecord>) => Partial<TokenStore.Service>) =>
  Layer.sync(TokenStore.TokenStore, () => {
    const records = new Map<string, SessionRecord>()
    return {
      get: (key) => Effect.sync(() => Option.fromNullable(records.get(name(key)))),
      compareAndSet: (key, expected, next) =>
        Effect.sync(() => {
          if ((records.get(name(key))?.version ?? 0) !== expected) return false
          records.set(name(key), next)
          return true
        }),
      ...change(records)
    }
  })

const brokenLaws = (layer: Layer.Layer<TokenStore.TokenStore>) =>
  Effect.filter(TokenStoreLaws.laws, (law) =>
    law.run.pipe(
      Effect.provide(Layer.fresh(layer)),
      Effect.timeout("5 seconds"),
      Effect.isFailure
    )).pipe(Effect.map((laws) => laws.map((law) => law.name)))

const rightStore = broken(() => ({}))

/** What `KeyValueStore.modify` does: get, then set. */
const getThenSet = broken((records) => ({
  compareAndSet: (key, expected, next) =>
    Effect.gen(function*() {
      if ((records.get(name(key))?.version ?? 0) !== expected) return false
      yield* Effect.yieldNow()
      records.set(name(key), next)
      return true
    })
}))

const unconditional = broken((records) => ({
  compareAndSet: (key, _, next) => Effect.sync(() => (records.set(name(key), next), true))
}))

const upsert = broken((records) => ({
  compareAndSet: (key, expected, next) =>
    Effect.sync(() => {
      if ((records.get(name(key))?.version ?? expected) !== expected) return false
      records.set(name(key), next)
      return true
    })
}))

const joined = broken((records) => {
  const plain = (key: RecordKey) => `${key.provider}/${key.realm}/${key.account}`
  return {
    get: (key) => Effect.sync(() => Option.fromNullable(records.get(plain(key)))),
    compareAndSet: (key, expected, next) =>
      Effect.sync(() => {
        if ((records.get(plain(key))?.version ?? 0) !== expected) return false
        records.set(plain(key), next)
        return true
      })
  }
})

const forgetful = broken((records) => ({
  get: (key) =>
    Effect.sync(() =>
      Option.map(Option.fromNullable(records.get(name(key))), ({ newer: _, ...known }) => known as SessionRecord)
    )
}))

const deaf = broken(() => ({ changes: Stream.concat(Stream.make({ _tag: "Listening" } as const), Stream.never) }))

const listing = (scan: NonNullable<TokenStore.Service["scan"]>) => broken(() => ({ scan }))

const listsNothing = listing(() => Effect.succeed({ keys: [] }))

const erasesNothing = broken(() => ({ erase: () => Effect.succeed(true) }))

const robber = broken(() => ({
  presence: { owner: "me", isAlive: (owner) => Effect.succeed(owner === "me") }
}))

describe("the laws of a token store can be broken", () => {
  it.live("a right store breaks none", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* brokenLaws(rightStore), [])
    }), 30_000)

  it.live("get-then-set is no compare-and-set: contention tells", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* brokenLaws(getThenSet), [
        "16 fibers that write one record never win the same version",
        "of 32 first writes one wins"
      ])
    }), 60_000)

  it.live("nor for processes, who are told a task and answer: theirs tells", () =>
    Effect.gen(function*() {
      const isBroken = (layer: Layer.Layer<TokenStore.TokenStore>) =>
        Effect.gen(function*() {
          const store = yield* TokenStore.TokenStore
          const start = (task: string) =>
            Effect.provideService(TokenStoreContender.run(task), TokenStore.TokenStore, store)
          return yield* Effect.isFailure(TokenStoreLaws.lawOfProcesses(start).run)
        }).pipe(Effect.provide(layer))
      assert.isFalse(yield* isBroken(rightStore))
      assert.isTrue(yield* isBroken(getThenSet))
      const silent = TokenStoreLaws.lawOfProcesses(() => Effect.succeed("[]")).run
      assert.isTrue(yield* Effect.isFailure(Effect.provide(silent, rightStore)))
    }))

  const cases: ReadonlyArray<readonly [string, Layer.Layer<TokenStore.TokenStore>, string]> = [
    [
      "a store that always writes",
      unconditional,
      "versions are one more each, and any other expectation loses and changes nothing"
    ],
    [
      "a store that inserts whatever is expected",
      upsert,
      "an absent key has no record, and only version 0 expects that"
    ],
    ["a store that joins the parts of a key", joined, "providers, realms and accounts never touch each other"],
    [
      "a store that drops unknown fields",
      forgetful,
      "every field of a record comes back, and so do fields of a newer version"
    ],
    [
      "a store whose changes tell nothing",
      deaf,
      "where there are changes, all who listen hear of the last write, and of no other record's as this one's"
    ],
    [
      "a store that lists nothing",
      listsNothing,
      "where there is a list of records, it names each of a provider or realm, and no other, page by page"
    ],
    [
      "a store that erases nothing",
      erasesNothing,
      "where records can be erased, one is gone, its neighbours stay, and the next first write wins"
    ],
    [
      "a store that calls strangers gone",
      robber,
      "where there is presence, its own owner is there and a stranger is not called gone"
    ]
  ]
  for (const [what, layer, law] of cases) {
    it.live(`${what} is caught`, () =>
      Effect.gen(function*() {
        assert.include(yield* brokenLaws(layer), law)
      }), 60_000)
  }

  it.live(
    "outages: a right store passes; writes that succeed, hang or lose the record are caught",
    () =>
      Effect.gen(function*() {
        const during = (
          answer: Effect.Effect<boolean, TokenStoreError>,
          after: (records: Map<string, SessionRecord>) => void
        ) => {
          let down = false
          let all: Map<string, SessionRecord> = new Map()
          const layer = broken((records) => {
            all = records
            return {
              compareAndSet: (key, expected, next) =>
                Effect.suspend(() => {
                  if (down) return answer
                  if ((records.get(name(key))?.version ?? 0) !== expected) return Effect.succeed(false)
                  records.set(name(key), next)
                  return Effect.succeed(true)
                })
            }
          })
          const law = TokenStoreLaws.lawOfOutage({
            begin: Effect.sync(() => void (down = true)),
            within: "300 millis",
            end: Effect.sync(() => {
              down = false
              after(all)
            })
          })
          return Effect.isFailure(Effect.provide(law.run, layer))
        }
        const failing = Effect.fail(
          new TokenStoreError({ provider: "laws", account: "", operation: "write", reason: "unavailable" })
        )
        assert.isFalse(yield* during(failing, () => {}))
        assert.isTrue(yield* during(Effect.succeed(true), () => {}))
        assert.isTrue(yield* during(Effect.succeed(false), () => {}))
        assert.isTrue(yield* during(Effect.never, () => {}))
        assert.isTrue(yield* during(failing, (records) => records.clear()))
      }),
    60_000
  )

  it.live("a store that forgets at a restart is caught", () =>
    Effect.gen(function*() {
      for (const law of TokenStoreLaws.durableLaws(TokenStore.layerMemory)) {
        assert.isTrue(yield* Effect.isFailure(law.run), law.name)
      }
    }))
})
