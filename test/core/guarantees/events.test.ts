/** Events of a session: each once, counted whether or not anybody listens; and the end of a session. */
import * as Telemetry from "@effect-auth/core/Telemetry"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import * as metrics from "../../support/metrics.ts"
import * as session from "./session.ts"
import { serviceOver, setup, shared } from "./sharedStore.ts"

/** How often each event of a provider was counted. */
const counted = (provider: string) =>
  Effect.map(metrics.all, (found) => {
    const counts: Record<string, unknown> = {}
    for (const { name, state, tags } of found) {
      if (name !== Telemetry.metrics.events || tags[Telemetry.attributes.provider] !== provider) continue
      counts[tags[Telemetry.attributes.event] ?? "?"] = state["count"]
    }
    return counts
  })

describe("events", () => {
  it.scoped("G54: are counted although nobody listens", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ name: "unheard", refresh: { mode: "onDemand" } })
      yield* auth.refresh
      yield* script.enqueue("refresh", session.down, session.dead)
      for (let n = 0; n < 3; n++) {
        yield* session.within(auth.refresh, "10 seconds")
        yield* TestClock.adjust("5 minutes")
      }
      yield* auth.signOut
      assert.deepStrictEqual(yield* counted("unheard"), {
        SignedIn: 1,
        Refreshing: 3,
        Refreshed: 1,
        RefreshFailed: 2,
        Ended: 1,
        SignedOut: 1
      })
    }).pipe(session.provided))

  it.scoped("G54: are counted once although two listen", () =>
    Effect.gen(function*() {
      const { auth } = yield* session.make({ name: "heard", refresh: { mode: "onDemand" } })
      const tags = [yield* session.tagsOf(auth), yield* session.tagsOf(auth)]
      yield* auth.refresh
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(tags, [["Refreshing", "Refreshed"], ["Refreshing", "Refreshed"]])
      assert.deepInclude(yield* counted("heard"), { Refreshing: 1, Refreshed: 1 })
    }).pipe(session.provided))
})

describe("an end", () => {
  it.scoped("is told once in each process, also where both ask again", () =>
    Effect.gen(function*() {
      const { auth, elsewhere, script } = yield* setup()
      yield* auth.signIn("secret")
      yield* elsewhere.accessToken
      const [here, there] = [yield* session.tagsOf(auth), yield* session.tagsOf(elsewhere)]
      yield* script.enqueue("refresh", session.dead)
      for (let n = 0; n < 3; n++) {
        yield* Effect.flip(auth.refresh)
        yield* Effect.flip(elsewhere.refresh)
        yield* TestClock.adjust("1 minute")
      }
      assert.deepStrictEqual(here, ["Refreshing", "Ended", "RefreshFailed"])
      assert.deepStrictEqual(there, ["Ended"])
    }))

  it.scoped("of another session is told too, where its life went unseen", () =>
    Effect.gen(function*() {
      const store = yield* shared()
      const script = yield* ScriptedProvider.make<string>()
      const [here, there] = [yield* serviceOver(script, store), yield* serviceOver(script, store)]
      yield* here.signIn("secret")
      yield* there.accessToken
      const tags = yield* session.tagsOf(there)
      for (let n = 0; n < 2; n++) {
        yield* script.enqueue("refresh", session.dead)
        yield* Effect.flip(here.refresh)
        yield* Effect.exit(there.refresh)
        yield* here.signIn("secret")
      }
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(tags.filter((tag) => tag === "Ended").length, 2)
    }))

  it.scoped("leaves the schedule: nothing is asked or read for it any more", () =>
    Effect.gen(function*() {
      const { auth, refreshes, script } = yield* session.make()
      yield* script.enqueue("refresh", ...session.times(50, session.dead))
      for (let n = 0; n < 120; n++) yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* auth.state)._tag, "Ended")
      assert.strictEqual(yield* refreshes, 1)
    }).pipe(session.provided))

  it.scoped("that a caller's refresh met takes away the timer of the schedule, too", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make()
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* TestClock.sleeps()).length, 1)
      yield* script.enqueue("refresh", session.dead)
      yield* Effect.flip(auth.refresh)
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual((yield* TestClock.sleeps()).length, 0)
    }).pipe(session.provided))
})
