import type { AccessToken } from "@effect-auth/core/AccessToken"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as SessionServer from "@effect-auth/remote/SessionServer"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import { tokenOf } from "../../../packages/remote/src/internal/answers.ts"
import * as limits from "../../../packages/remote/src/internal/limits.ts"
import { Watch } from "../../../packages/remote/src/internal/watch.ts"
import * as world from "../world.ts"

describe("the tokens that a keeper watches", () => {
  it.scopedLive("beyond the limit those that are watched stay, and a further one is known as not watched; logged once", () =>
    Effect.gen(function*() {
      const { sessions } = yield* Effect.provide(world.scripted(), TokenStore.layerMemory)
      const kept = yield* SessionServer.fromSessions(sessions)
      const auth = yield* sessions.get("anna")
      const told: Array<string> = []
      const logged: Array<unknown> = []
      const watch = new Watch((_, account) => Effect.sync(() => told.push(account)))
      const add = (account: string, generation = 1) =>
        watch.add({ kept, account, auth, session: "s", generation, wasFresh: true, expiresAt: Infinity }, undefined)
      const listening = Logger.replace(Logger.defaultLogger, Logger.make(({ message }) => logged.push(message)))
      yield* Effect.gen(function*() {
        for (let index = 0; index < limits.mostWatched; index++) assert.isTrue(yield* add(`a${index}`))
        assert.deepStrictEqual(logged, [])
        assert.isFalse(yield* add("one too many"))
        assert.isFalse(yield* add("another"))
        assert.isTrue(yield* add("a0", 2))
      }).pipe(Effect.provide(listening))
      assert.deepStrictEqual(told, ["a0"])
      assert.lengthOf(logged, 1)
      // Nobody is signed in, so every watched token counts as replaced.
      yield* watch.look
      assert.lengthOf(told, limits.mostWatched + 1)
      assert.include(told, "a99999")
      assert.notInclude(told, "another")
      assert.isTrue(yield* add("another"))
    }))

  it.scopedLive("a token that was not fresh is watched to its end, and leaves without a report", () =>
    Effect.gen(function*() {
      const { sessions } = yield* Effect.provide(world.scripted(), TokenStore.layerMemory)
      const kept = yield* SessionServer.fromSessions(sessions)
      const auth = yield* sessions.get("anna")
      const told: Array<string> = []
      const watch = new Watch((_, account) => Effect.sync(() => told.push(account)))
      const now = yield* Clock.currentTimeMillis
      const add = (account: string, expiresAt: number) =>
        watch.add({ kept, account, auth, session: "s", generation: 1, wasFresh: false, expiresAt }, undefined)
      yield* add("lives", now + 3_600_000)
      for (let index = 1; index < limits.mostWatched; index++) yield* add(`a${index}`, now - 1)
      yield* watch.look
      assert.deepStrictEqual(told, [])
      for (let index = 1; index < limits.mostWatched; index++) assert.isTrue(yield* add(`b${index}`, now - 1))
      // The one that lives is watched still.
      assert.isFalse(yield* add("one too many", now))
    }))

  it("a client asks again for a token that is not watched as often as one that hears nothing", () => {
    const token: AccessToken = {
      value: Redacted.make("token"),
      session: "s",
      generation: 1,
      expiresAt: 3_600_000,
      scopes: undefined,
      subject: undefined,
      principal: undefined
    }
    const at = { wall: 0, fresh: true, dueAt: undefined }
    assert.strictEqual(tokenOf(token, { ...at, isWatched: true }).freshFor, limits.longestFresh)
    assert.strictEqual(tokenOf(token, { ...at, isWatched: false }).freshFor, limits.pollEach)
    assert.strictEqual(tokenOf(token, { ...at, isWatched: false, dueAt: 5_000 }).freshFor, 5_000)
  })
})
