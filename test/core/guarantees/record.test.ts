/** What stands on the record after each way in which an exchange ends, also when somebody else wrote meanwhile. */
import * as AuthService from "@effect-auth/core/AuthService"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import type { RefreshOptions } from "@effect-auth/core/RefreshOptions"
import type { SessionRecord } from "@effect-auth/core/SessionRecord"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as session from "./session.ts"
import { away as failed, key } from "./sharedStore.ts"

/** Which calls fail: one write, that arrives or not; all writes; one write that arrives, and everything after it. `forgets`: there is no record. */
type Failing = "none" | "before" | "after" | "writes" | "gone" | "everything" | "forgets"

/** One session on demand, its record, and what somebody else does to it. */
const setup = Effect.fnUntraced(function*(
  options: ScriptedProvider.Options = {},
  refresh: RefreshOptions = {}
) {
  const inner = yield* TokenStore.makeMemory
  const control = { failing: "none" as Failing }
  const next: Record<Failing, Failing> = {
    none: "none",
    before: "none",
    after: "none",
    writes: "writes",
    gone: "everything",
    everything: "everything",
    forgets: "forgets"
  }
  const store: TokenStore.Service = {
    ...inner,
    presence: { owner: "here", isAlive: () => Effect.succeed(true) },
    get: (key) =>
      Effect.suspend(() => {
        if (control.failing === "forgets") return Effect.succeedNone
        return control.failing === "everything" ? failed : inner.get(key)
      }),
    compareAndSet: (key, expected, record) =>
      Effect.suspend(() => {
        const { failing } = control
        control.failing = next[failing]
        const written = inner.compareAndSet(key, expected, record)
        if (failing === "none") return written
        if (failing === "forgets") return Effect.succeed(false)
        return failing === "after" || failing === "gone" ? Effect.zipRight(written, failed) : failed
      })
  }
  const script = yield* ScriptedProvider.make<string>(options)
  const service = Effect.provideService(
    AuthService.make(script.provider, { refresh: { mode: "onDemand", ...refresh } }),
    TokenStore.TokenStore,
    store
  )
  const auth = yield* service
  yield* auth.signIn("secret")
  const record = Effect.map(inner.get(key), Option.getOrThrow)
  const edit = (change: Partial<SessionRecord> | ((current: SessionRecord) => Partial<SessionRecord>)) =>
    Effect.flatMap(Effect.orDie(record), (current) => {
      const changed = typeof change === "function" ? change(current) : change
      return Effect.orDie(
        inner.compareAndSet(key, current.version, { ...current, ...changed, version: current.version + 1 })
      )
    })
  /** A step before whose answer somebody else writes. */
  const meanwhile = (change: Parameters<typeof edit>[0], step = ScriptedProvider.ok()): ScriptedProvider.Step => ({
    ...step,
    run: (ok) => Effect.zipRight(edit(change), step.run(ok))
  })
  return { auth, control, edit, meanwhile, record, script, service }
})

const theirs = { id: "theirs", owner: "elsewhere", at: 0, ttl: 20_000, kind: "refresh" } as const

const newer = (current: SessionRecord): Partial<SessionRecord> => ({
  generation: current.generation + 1,
  claim: undefined,
  tokens: { ...current.tokens!, accessToken: Redacted.make("theirs"), refreshToken: Redacted.make("their-refresh") }
})

/** The tags of what happens from now on. */
const tagsOf = Effect.fnUntraced(function*(auth: AuthService.AuthService<string>) {
  const tags: Array<string> = []
  yield* Effect.forkScoped(Stream.runForEach(auth.events, ({ _tag }) => Effect.sync(() => void tags.push(_tag))))
  yield* TestClock.adjust("0 millis")
  return tags
})

describe("a commit", () => {
  it.scoped("keeps what others wrote since the claim", () =>
    Effect.gen(function*() {
      const { auth, meanwhile, record, script } = yield* setup()
      yield* script.enqueue("refresh", meanwhile({ later: "field" }))
      assert.strictEqual((yield* auth.refresh).generation, 2)
      assert.deepInclude(yield* record, { later: "field", generation: 2, claim: undefined })
    }))

  it.scoped("gives way to a newer generation, and adopts it (G24)", () =>
    Effect.gen(function*() {
      const { auth, meanwhile, record, script } = yield* setup()
      yield* script.enqueue("refresh", meanwhile(newer))
      assert.strictEqual(Redacted.value((yield* auth.refresh).value), "theirs")
      assert.strictEqual(Redacted.value((yield* record).tokens!.refreshToken!), "their-refresh")
    }))

  it.scoped("brings back a session whose outcome was taken for unknown, and none that was refused", () =>
    Effect.gen(function*() {
      const { auth, meanwhile, record, script } = yield* setup()
      yield* script.enqueue(
        "refresh",
        meanwhile({ claim: undefined, state: { _tag: "ended", reason: "outcome-unknown" } })
      )
      assert.strictEqual((yield* auth.refresh).generation, 2)
      const refused = { _tag: "ended", reason: "refresh-token-rejected" } as const
      yield* script.enqueue("refresh", meanwhile({ claim: undefined, state: refused }))
      assert.strictEqual((yield* Effect.flip(auth.refresh))._tag, "RefreshTokenRejected")
      assert.deepInclude(yield* record, { generation: 2, state: refused })
    }))

  it.scoped("ends the claim, the doubt, the backoff and the refusal", () =>
    Effect.gen(function*() {
      const { auth, edit, record } = yield* setup()
      const retry = { failures: 3, at: -60_000, delay: 1, floor: 0 }
      yield* edit({ doubt: { since: 1 }, retry, refusal: { error: "400 odd", at: 0 }, sealed: "old" })
      yield* auth.renew(yield* auth.accessToken)
      assert.deepInclude(yield* record, {
        generation: 2,
        claim: undefined,
        doubt: undefined,
        retry: undefined,
        refusal: undefined,
        sealed: undefined
      })
    }))

  for (const failing of ["before", "after"] as const) {
    it.scoped(`is not degraded by one write that fails ${failing} it arrives, nor is a claim`, () =>
      Effect.gen(function*() {
        const { auth, control, record, script } = yield* setup()
        const tags = yield* tagsOf(auth)
        yield* script.enqueue("refresh", {
          run: (ok) => Effect.zipLeft(ok, Effect.sync(() => control.failing = failing))
        })
        assert.isTrue(Exit.isSuccess(yield* session.within(auth.refresh, "1 second")))
        control.failing = failing
        const again = yield* session.within(auth.refresh, "1 second")
        assert.isTrue(Exit.isSuccess(again) && again.value.generation === 3)
        assert.strictEqual(yield* script.count("refresh"), 2)
        assert.strictEqual((yield* record).generation, 3)
        assert.deepStrictEqual(tags, ["Refreshing", "Refreshed", "Refreshing", "Refreshed"])
      }))
  }

  it.scoped("while it can't be written nothing is exchanged and nothing goes back; then it is no longer degraded", () =>
    Effect.gen(function*() {
      const { auth, control, record, script } = yield* setup()
      yield* script.enqueue("refresh", {
        run: (ok) => Effect.zipLeft(ok, Effect.sync(() => control.failing = "writes"))
      })
      assert.isTrue(Exit.isSuccess(yield* session.within(auth.refresh, "5 seconds")))
      assert.strictEqual((yield* Effect.flip(auth.refresh))._tag, "TokenStoreError")
      assert.strictEqual((yield* auth.accessToken).generation, 2)
      assert.strictEqual((yield* record).generation, 1)
      control.failing = "none"
      yield* TestClock.adjust("10 seconds")
      assert.deepInclude(yield* auth.state, { generation: 2, degraded: false })
      assert.strictEqual(yield* script.count("refresh"), 1)
    }))

  it.scoped("that a sign-in took the place of is not written any more", () =>
    Effect.gen(function*() {
      const { auth, control, record, script } = yield* setup()
      yield* script.enqueue("refresh", {
        run: (ok) => Effect.zipLeft(ok, Effect.sync(() => control.failing = "writes"))
      })
      assert.isTrue(Exit.isSuccess(yield* session.within(auth.refresh, "5 seconds")))
      control.failing = "none"
      const begun = yield* auth.signIn("secret")
      assert.deepInclude(yield* auth.state, { session: begun.session, degraded: false })
      const { version } = yield* record
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* record).version, version)
    }))

  it.scoped("counts a life on the monotonic clock from the send (G49)", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* setup()
      yield* script.enqueue("refresh", { ...ScriptedProvider.after("10 seconds"), response: { expiresIn: 100 } })
      yield* session.within(auth.refresh, "10 seconds")
      yield* TestClock.adjust("81 seconds")
      assert.deepInclude(yield* auth.state, { generation: 2, freshness: "dead" })
    }))

  it.scoped("needs no claim that lives (correctness rests on compare-and-set alone)", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* setup({}, { claimTtl: "1 millis" })
      yield* script.enqueue("refresh", ScriptedProvider.after("1 second"))
      const exit = yield* session.within(auth.refresh, "2 seconds")
      assert.isTrue(Exit.isSuccess(exit) && exit.value.generation === 2)
    }))
})

describe("a claim", () => {
  it.scoped("that was written although the store said no sends nothing, and is no doubt afterwards", () =>
    Effect.gen(function*() {
      const { auth, control, record, script } = yield* setup()
      control.failing = "gone"
      const exit = yield* session.within(auth.refresh, "10 seconds")
      assert.isTrue(Exit.isFailure(exit))
      assert.isDefined((yield* record).claim)
      assert.strictEqual(yield* script.count("refresh"), 0)
      control.failing = "none"
      assert.strictEqual((yield* auth.refresh).generation, 2)
      assert.strictEqual(yield* script.count("refresh"), 1)
    }))

  it.scoped("that its owner left behind is doubt: not tried while the token lives, and not forgotten when it is tried", () =>
    Effect.gen(function*() {
      const { auth, edit, record, script } = yield* setup()
      yield* edit({ claim: { ...theirs, owner: "here", at: 7 } })
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Effect.flip(auth.refresh))._tag, "ProviderUnavailable")
      assert.deepInclude(yield* record, { claim: undefined, doubt: { since: 7 } })
      yield* script.enqueue("refresh", session.dead)
      const error = yield* Effect.flip(auth.renew(yield* auth.accessToken))
      assert.strictEqual(error._tag, "RefreshOutcomeUnknown")
      assert.strictEqual(yield* script.count("refresh"), 1)
    }))

  it.scoped("that its owner left behind is doubt also for who has to try at once", () =>
    Effect.gen(function*() {
      const { auth, edit, script } = yield* setup()
      yield* edit({ claim: { ...theirs, owner: "here" } })
      yield* script.enqueue("refresh", session.dead)
      assert.strictEqual((yield* Effect.flip(auth.renew(yield* auth.accessToken)))._tag, "RefreshOutcomeUnknown")
    }))

  it.scoped("for a sign-in is no doubt about the refresh token", () =>
    Effect.gen(function*() {
      const { auth, edit } = yield* setup()
      yield* edit({ claim: { ...theirs, owner: "here", kind: "signIn" } })
      assert.strictEqual((yield* auth.refresh).generation, 2)
    }))

  it.scoped("of another owner is waited for until its ttl, by our own clock, and each claim anew", () =>
    Effect.gen(function*() {
      const { auth, edit, script } = yield* setup({ rotation: "static" })
      yield* edit({ claim: theirs })
      yield* TestClock.adjust("1 hour")
      const waiting = yield* Effect.fork(auth.refresh)
      yield* TestClock.adjust("15 seconds")
      yield* edit({ claim: { ...theirs, id: "another" } })
      yield* TestClock.adjust("1 second")
      yield* TestClock.adjust("18 seconds")
      assert.strictEqual(yield* script.count("refresh"), 0)
      // Beyond 40 seconds a flight gives up.
      yield* TestClock.adjust("4 seconds")
      assert.strictEqual(yield* script.count("refresh"), 1)
      assert.strictEqual((yield* Fiber.join(waiting)).generation, 2)
    }))

  it.scoped("is not waited for when closing", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { auth, edit } = yield* Scope.extend(setup(), scope)
      yield* edit({ claim: theirs })
      const waiting = yield* Effect.fork(Effect.flip(auth.refresh))
      yield* TestClock.adjust("1 second")
      assert.isTrue(Exit.isSuccess(yield* session.within(Scope.close(scope, Exit.void), "1 millis")))
      const error = yield* Fiber.join(waiting)
      assert.isTrue(error._tag === "ProviderUnavailable" && error.reason === "closing")
    }))
})

describe("what others wrote", () => {
  it.scoped("is adopted and told once; what is there at the start is not told", () =>
    Effect.gen(function*() {
      const { auth, script, service } = yield* setup()
      const other = yield* service
      const tags = yield* tagsOf(other)
      yield* other.accessToken
      assert.deepStrictEqual(tags, [])
      const rejected = yield* auth.accessToken
      yield* auth.renew(rejected)
      assert.strictEqual((yield* other.renew(rejected)).generation, 2)
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(tags, ["Adopted"])
      assert.strictEqual(yield* script.count("refresh"), 1)
    }))

  it.scoped("is the truth also when the record is gone", () =>
    Effect.gen(function*() {
      const { auth, control } = yield* setup()
      control.failing = "forgets"
      const error = yield* Effect.flip(auth.refresh)
      assert.isTrue(error._tag === "SignInRequired" && error.reason === "never")
      assert.strictEqual((yield* auth.state)._tag, "SignedOut")
    }))
})

describe("a backoff that is waited out", () => {
  it.scoped("G28: an end that comes meanwhile is told as the end", () =>
    Effect.gen(function*() {
      const { auth, edit } = yield* setup()
      yield* TestClock.adjust("2 hours")
      yield* edit({ retry: { failures: 1, at: 2 * session.hour, delay: 1_000, floor: 0 } })
      const waiting = yield* Effect.fork(Effect.flip(auth.accessToken))
      yield* TestClock.adjust("500 millis")
      yield* edit({ retry: undefined, state: { _tag: "ended", reason: "refresh-token-rejected" } })
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(waiting))._tag, "RefreshTokenRejected")
    }))
})

describe("a release", () => {
  it.scoped("writes the doubt from when it was sent, and keeps an older one", () =>
    Effect.gen(function*() {
      const { auth, record, script } = yield* setup()
      yield* TestClock.adjust("5 seconds")
      yield* script.enqueue("refresh", session.lostAnswer, session.down)
      yield* Effect.exit(auth.refresh)
      assert.deepInclude(yield* record, { doubt: { since: 5_000 }, claim: undefined })
      yield* TestClock.adjust("2 hours")
      yield* Effect.fork(Effect.exit(auth.accessToken))
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* script.count("refresh"), 2)
      assert.deepInclude(yield* record, { doubt: { since: 5_000 }, claim: undefined })
    }))

  it.scoped("leaves another owner's claim alone", () =>
    Effect.gen(function*() {
      const { auth, meanwhile, record, script } = yield* setup()
      yield* script.enqueue("refresh", meanwhile({ claim: theirs }, session.badClient))
      yield* Effect.exit(auth.refresh)
      assert.deepInclude(yield* record, { claim: theirs, retry: undefined })
    }))

  for (const [how, step] of [["fails", session.down], ["is refused", session.dead]] as const) {
    it.scoped(`that ${how} after somebody else renewed the session serves theirs (G29)`, () =>
      Effect.gen(function*() {
        const { auth, meanwhile, record, script } = yield* setup()
        yield* script.enqueue("refresh", meanwhile(newer, step))
        assert.strictEqual(Redacted.value((yield* auth.refresh).value), "theirs")
        assert.deepInclude(yield* record, { generation: 2, state: { _tag: "active" } })
      }))
  }

  it.scoped("that ends the session leaves neither claim nor backoff nor refresh token", () =>
    Effect.gen(function*() {
      const { auth, edit, record, script } = yield* setup()
      const retry = { failures: 3, at: -60_000, delay: 1, floor: 0 }
      yield* edit({ retry, refusal: { error: "400 odd", at: 0 }, sealed: "old" })
      yield* script.enqueue("refresh", session.dead)
      assert.strictEqual((yield* Effect.flip(auth.refresh))._tag, "RefreshTokenRejected")
      const ended = yield* record
      assert.deepInclude(ended, { claim: undefined, retry: undefined, refusal: undefined, sealed: undefined })
      assert.isUndefined(ended.tokens?.refreshToken)
    }))

  it.scoped("in doubt is a refused token where tokens are reused", () =>
    Effect.gen(function*() {
      const { auth, edit, script } = yield* setup({ rotation: "static" })
      yield* edit({ doubt: { since: 0 } })
      yield* script.enqueue("refresh", session.dead)
      assert.strictEqual((yield* Effect.flip(auth.refresh))._tag, "RefreshTokenRejected")
    }))

  it.scoped("confirms a refusal only by the same one, however much failed in between", () =>
    Effect.gen(function*() {
      const { auth, record, script } = yield* setup()
      const other = ScriptedProvider.fail(
        new ExchangeFailure({ kind: "refused", sent: "answered", reason: "unknown", status: 400, error: "other" })
      )
      yield* script.enqueue("refresh", session.undocumented, other, session.badClient, other)
      for (const wait of ["3 hours", "2 hours", "3 hours"] as const) {
        yield* Effect.exit(auth.refresh)
        yield* TestClock.adjust(wait)
        assert.strictEqual((yield* record).state._tag, "active")
      }
      assert.strictEqual((yield* Effect.flip(auth.refresh))._tag, "RefreshTokenRejected")
    }))

  it.scoped("that could not be written is written before anything else is sent", () =>
    Effect.gen(function*() {
      const { auth, control, record, script, service } = yield* setup()
      const sibling = yield* service
      yield* sibling.accessToken
      const unwritten = (step: ScriptedProvider.Step): ScriptedProvider.Step => ({
        run: (ok) => Effect.ensuring(step.run(ok), Effect.sync(() => control.failing = "writes"))
      })
      yield* script.enqueue("refresh", unwritten(session.waitFor("5 minutes")))
      assert.isTrue(Exit.isFailure(yield* session.within(auth.refresh, "10 seconds")))
      assert.isDefined((yield* record).claim)
      control.failing = "none"
      // A sibling can't know what became of it, but waits for nobody.
      assert.isTrue(Exit.isFailure(yield* session.within(sibling.refresh, "1 second")))
      const error = yield* Effect.flip(auth.refresh)
      assert.strictEqual(error._tag, "ProviderUnavailable")
      assert.strictEqual(yield* script.count("refresh"), 1)
    }))

  it.scoped("that could not be written tells what it has to tell: no doubt, and the backoff", () =>
    Effect.gen(function*() {
      const { auth, control, record, script } = yield* setup()
      yield* script.enqueue("refresh", {
        run: (ok) =>
          Effect.ensuring(session.waitFor("5 minutes").run(ok), Effect.sync(() => control.failing = "writes"))
      })
      assert.isTrue(Exit.isFailure(yield* session.within(auth.refresh, "10 seconds")))
      control.failing = "none"
      const error = yield* Effect.flip(auth.refresh)
      assert.isTrue(error._tag === "ProviderUnavailable" && Duration.toMillis(error.retryAfter ?? 0) > 200_000)
      assert.deepInclude(yield* record, { claim: undefined, doubt: undefined })
      assert.strictEqual((yield* record).retry?.failures, 1)
      assert.strictEqual(yield* script.count("refresh"), 1)
    }))
})
