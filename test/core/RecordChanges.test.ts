import * as RecordChanges from "@effect-auth/core/RecordChanges"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

const next = (stream: Stream.Stream<RecordChanges.RecordChange>, count: number) =>
  Effect.map(Stream.runCollect(Stream.take(stream, count)), (chunk) => Array.from(chunk))

/** All listeners have read what there is. */
const settled = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

const listening = { _tag: "Listening" } as const

describe("RecordChanges", () => {
  it.effect("a stream begins with Listening, at once where the subscription is there, else when it comes", () =>
    Effect.gen(function*() {
      const hub = RecordChanges.makeHub()
      const early = yield* Effect.fork(next(hub.changes, 1))
      yield* Effect.yieldNow()
      assert.isTrue(Option.isNone(yield* Fiber.poll(early)))
      hub.listening()
      assert.deepStrictEqual(yield* Fiber.join(early), [listening])
      assert.deepStrictEqual(yield* next(hub.changes, 1), [listening])
      hub.away()
      const late = yield* Effect.fork(next(hub.changes, 1))
      yield* Effect.yieldNow()
      hub.listening()
      assert.deepStrictEqual(yield* Fiber.join(late), [listening])
    }))

  it.effect("a listener hears Away only after Listening", () =>
    Effect.gen(function*() {
      const hub = RecordChanges.makeHub()
      const early = yield* Effect.fork(next(hub.changes, 3))
      yield* settled
      hub.away()
      yield* settled
      // It can't read this in time.
      hub.listening()
      hub.away()
      yield* settled
      hub.listening()
      yield* settled
      hub.away()
      yield* settled
      hub.listening()
      assert.deepStrictEqual(yield* Fiber.join(early), [listening, { _tag: "Away" }, listening])
    }))

  it.effect("of many changes of one record a listener that does not read hears the last", () =>
    Effect.gen(function*() {
      const hub = RecordChanges.makeHub()
      hub.listening()
      const heard = yield* hub.changes.pipe(
        Stream.tap((change) =>
          Effect.sync(() => {
            if (change._tag === "Listening") { for (const version of [1, 2, 3]) hub.changed(7, version) }
          })
        ),
        Stream.take(2),
        Stream.runCollect
      )
      assert.deepStrictEqual([...heard], [listening, { _tag: "Changed", hash: 7, version: 3 }])
    }))

  it.effect("a listener that falls behind by more than ten thousand records hears that it missed some", () =>
    Effect.gen(function*() {
      const hub = RecordChanges.makeHub()
      hub.listening()
      const heard = yield* hub.changes.pipe(
        Stream.tap((change) =>
          Effect.sync(() => {
            if (change._tag === "Listening" && !isFull) {
              for (let hash = 0; hash < 10_002; hash++) hub.changed(hash, 1)
            }
            isFull = true
          })
        ),
        Stream.take(3),
        Stream.runCollect
      )
      assert.deepStrictEqual([...heard], [listening, listening, { _tag: "Changed", hash: 10_001, version: 1 }])
    }))
})

let isFull = false
