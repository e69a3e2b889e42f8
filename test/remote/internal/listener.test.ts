import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { Listener } from "../../../packages/remote/src/internal/listener.ts"
import type { Kept } from "../../../packages/remote/src/SessionServer.ts"

const kept: Kept = {
  provider: "scripted",
  realm: "test",
  get: () => Effect.succeed(undefined),
  overview: {
    provider: "scripted",
    all: Effect.succeed([]),
    one: () => Effect.succeed(undefined),
    listen: Effect.succeed(Stream.never)
  }
}

const listener = (mayHear: (account: string) => boolean = () => true) =>
  new Listener(kept, mayHear, { events: 4, changed: 3, atOnce: 2 })

/** All that is there, as far as so many takes go. */
const taken = (from: Listener, times: number) =>
  Effect.map(
    Effect.all(Array.from({ length: times }, () => from.next)),
    (all) => all.flatMap((chunk) => Chunk.toReadonlyArray(chunk)).map(({ _tag, account }) => `${_tag} ${account}`)
  )

const names = (count: number) => Array.from({ length: count }, (_, index) => `account-${index}`)

describe("a client that listens", () => {
  it.effect("an account that changed twice is told once, and changes come before events", () =>
    Effect.gen(function*() {
      const one = listener()
      one.event({ _tag: "Refreshed", account: "anna" })
      one.change("anna")
      one.change("ben")
      one.change("anna")
      assert.deepStrictEqual(yield* taken(one, 2), ["Changed anna", "Changed ben", "Refreshed anna"])
    }))

  it.effect("more changes than can wait are everything, told once; later ones are told again", () =>
    Effect.gen(function*() {
      const one = listener()
      for (const name of names(20)) one.change(name)
      assert.deepStrictEqual(yield* taken(one, 1), ["EverythingChanged "])
      one.change("anna")
      assert.deepStrictEqual(yield* taken(one, 1), ["Changed anna"])
    }))

  it.effect("of more events than can wait the oldest are lost, and no change", () =>
    Effect.gen(function*() {
      const one = listener()
      one.change("anna")
      for (const name of names(100)) one.event({ _tag: "Refreshed", account: name })
      const heard: Array<string> = []
      const hearing = yield* Effect.fork(Effect.forever(
        Effect.map(
          one.next,
          (notices) => heard.push(...Chunk.map(notices, ({ _tag, account }) => `${_tag} ${account}`))
        )
      ))
      yield* Effect.repeatN(Effect.yieldNow(), 100)
      yield* Fiber.interrupt(hearing)
      assert.strictEqual(heard[0], "Changed anna")
      assert.strictEqual(heard.at(-1), "Refreshed account-99")
      assert.isAtMost(heard.length, 1 + 2 * 4)
    }))

  it.effect("waits until there is something, and hears nothing of other accounts", () =>
    Effect.gen(function*() {
      const one = listener((account) => account === "anna")
      const next = yield* Effect.fork(one.next)
      one.change("ben")
      one.event({ _tag: "SignedOut", account: "ben" })
      yield* Effect.yieldNow()
      assert.strictEqual((yield* Fiber.poll(next))._tag, "None")
      one.event({ _tag: "SignedOut", account: "anna" })
      assert.deepStrictEqual(Chunk.toReadonlyArray(yield* Fiber.join(next)).map(({ account }) => account), ["anna"])
    }))
})
