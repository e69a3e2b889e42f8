/** What a keeper and a client cost when they are asked for much, or by clients that behave badly. */
import * as UnixSocket from "@effect-auth/remote/UnixSocket"
import { assert, describe, it } from "@effect/vitest"
import type { Clock } from "effect/Clock"
import * as Clocks from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Net from "node:net"
import * as world from "./world.ts"

const signedIn = (options: world.KeeperOptions = {}) =>
  Effect.tap(
    world.keeper(options),
    ({ sessions }) => Effect.flatMap(sessions.get("anna"), (anna) => anna.signIn(world.right))
  )

const megabyte = 1_048_576

const memory = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().rss
}

const requests = (count: number, tag: string): string =>
  Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      _tag: "Request",
      id: String(index),
      tag,
      payload: { provider: "scripted", realm: "test", account: "anna" },
      headers: [["authorization", `Bearer ${Redacted.value(world.bearer)}`]]
    })).join("\n") + "\n"

/** A second client, which is served while the first one does harm. */
const bystander = (keeper: Effect.Effect.Success<ReturnType<typeof world.keeper>>) =>
  Effect.gen(function*() {
    const sessions = yield* world.client(keeper.script.provider, {
      endpoints: [UnixSocket.endpoint(keeper.path, world.bearer)],
      events: false
    })
    return yield* sessions.get("anna")
  })

describe("a flood", () => {
  for (const count of [20_000, 60_000]) {
    it.scopedLive(`${count} requests at once are all answered, in bounded memory`, () =>
      Effect.gen(function*() {
        const keeper = yield* signedIn()
        const flood = requests(count, "State")
        const before = memory()
        let highest = before
        const kinds = yield* Effect.promise(() =>
          new Promise<{ readonly ok: number; readonly busy: number; readonly other: number }>((resolve, reject) => {
            const found = { ok: 0, busy: 0, other: 0 }
            const connection = Net.connect(keeper.path)
            let rest = ""
            connection.on("data", (chunk) => {
              const lines = (rest + String(chunk)).split("\n")
              rest = lines.pop() ?? ""
              for (const line of lines) {
                if (line.includes("\"Success\"")) found.ok++
                else if (line.includes("\"busy\"")) found.busy++
                else found.other++
              }
              highest = Math.max(highest, process.memoryUsage().rss)
              if (found.ok + found.busy + found.other === count) {
                connection.destroy()
                resolve(found)
              }
            })
            connection.on("error", reject)
            connection.write(flood)
          })
        )
        console.log(`flood: ${JSON.stringify(kinds)}, ${Math.round((highest - before) / megabyte)} MB more`)
        assert.strictEqual(kinds.other, 0)
        assert.isAbove(kinds.ok, 0)
        // The client is in the same process, and so is its flood.
        assert.isBelow(highest - before, 250 * megabyte)
        const [took] = yield* Effect.timed((yield* bystander(keeper)).accessToken)
        assert.isBelow(Duration.toMillis(took), 500)
      }), 60_000)
  }

  it.scopedLive(
    "a client that does not read is disconnected, and others are served meanwhile",
    () =>
      Effect.gen(function*() {
        const keeper = yield* signedIn()
        const other = yield* bystander(keeper)
        yield* other.accessToken
        const before = memory()
        let highest = before
        const connection = Net.connect(keeper.path)
        connection.on("error", () => {})
        connection.pause()
        yield* Effect.addFinalizer(() => Effect.sync(() => connection.destroy()))
        const flood = requests(10_000, "State")
        const closed = yield* Effect.fork(Effect.promise(() =>
          new Promise<void>((resolve) => {
            // It does not read the end, and sees it only when it writes.
            const write = (): void => {
              if (connection.destroyed) resolve()
              else connection.write(flood, () => setTimeout(write, 20))
            }
            write()
          })
        ))
        let longest = 0
        for (let index = 0; index < 40; index++) {
          const [took] = yield* Effect.timed(other.state)
          longest = Math.max(longest, Duration.toMillis(took))
          highest = Math.max(highest, process.memoryUsage().rss)
          yield* Effect.sleep(50)
        }
        console.log(
          `slow reader: the other client waited for ${Math.round(longest)} ms at most, ` +
            `${Math.round((highest - before) / megabyte)} MB more`
        )
        assert.isBelow(longest, 2_000)
        assert.isBelow(highest - before, 100 * megabyte)
        yield* Effect.timeoutFail(Fiber.join(closed), { duration: "10 seconds", onTimeout: () => "still connected" })
      }),
    60_000
  )
})

describe("many accounts", () => {
  it.scopedLive("10,000 accounts are held, and only one of them changes", () =>
    Effect.gen(function*() {
      const count = 10_000
      const keeper = yield* world.keeper()
      const names = Array.from({ length: count }, (_, index) => `account-${index}`)
      yield* Effect.forEach(names, (name) =>
        Effect.flatMap(keeper.sessions.get(name), (auth) => auth.signIn(world.right)))
      const sessions = yield* world.client(keeper.script.provider, { endpoints: [keeper.endpoint] })
      yield* Effect.sleep(100)
      const [took] = yield* Effect.timed(Effect.forEach(names, (name) =>
        Effect.flatMap(sessions.get(name), (auth) =>
          auth.accessToken), { concurrency: 64 }))
      console.log(`10,000 accounts: ${Math.round(Duration.toMillis(took))} ms`)
      assert.strictEqual(yield* sessions.size, count)
      yield* (yield* keeper.sessions.get("account-7")).refresh
      yield* Effect.sleep(500)
      const clock = yield* Effect.clock
      const fresh = yield* Effect.filter(names, (name) =>
        Effect.map(sessions.get(name), (auth) =>
          auth.unsafePeek(clock) !== undefined))
      assert.strictEqual(fresh.length, count - 1)
      assert.notInclude(fresh, "account-7")
      const changed = yield* (yield* sessions.get("account-7")).accessToken
      assert.strictEqual(changed.generation, 2)
    }), 120_000)
})

/** A clock that is wrong by so many milliseconds. */
const skewed = (millis: number): Clock => {
  const right = Clocks.make()
  return {
    [Clocks.ClockTypeId]: Clocks.ClockTypeId,
    unsafeCurrentTimeMillis: () => right.unsafeCurrentTimeMillis() + millis,
    unsafeCurrentTimeNanos: () => right.unsafeCurrentTimeNanos(),
    currentTimeMillis: Effect.map(right.currentTimeMillis, (now) => now + millis),
    currentTimeNanos: right.currentTimeNanos,
    sleep: (duration) => right.sleep(duration)
  }
}

describe("clocks that differ", () => {
  for (const hours of [-5, 5]) {
    it.scopedLive(
      `a client whose clock is wrong by ${hours} hours serves tokens for as long as they live`,
      () =>
        Effect.gen(function*() {
          const keeper = yield* signedIn({ provider: { expiresIn: 4 } })
          yield* Effect.gen(function*() {
            const remote = yield* bystander(keeper)
            const clock = yield* Effect.clock
            const token = yield* remote.accessToken
            assert.isBelow(Math.abs(token.expiresAt - clock.unsafeCurrentTimeMillis() - 4_000), 500)
            assert.isDefined(remote.unsafePeek(clock))
            yield* Effect.sleep(4_500)
            const next = yield* remote.accessToken
            assert.isAbove(next.generation, token.generation)
            const state = yield* remote.state
            assert.isTrue(state._tag === "Active" && state.expiresAt > clock.unsafeCurrentTimeMillis())
          }).pipe(Effect.provide(Layer.setClock(skewed(hours * 3_600_000))))
        }),
      20_000
    )
  }
})
