/** A client whose keepers refuse, fail, pause, lie, or know more than it. */
import type { AccessToken } from "@effect-auth/core/AccessToken"
import { TokenStoreError } from "@effect-auth/core/AuthError"
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import * as TokenStore from "@effect-auth/core/TokenStore"
import type * as RemoteSessions from "@effect-auth/remote/RemoteSessions"
import * as RemoteTelemetry from "@effect-auth/remote/RemoteTelemetry"
import { SessionRpcs, type Token } from "@effect-auth/remote/SessionRpcs"
import * as UnixSocket from "@effect-auth/remote/UnixSocket"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import * as RpcServer from "@effect/rpc/RpcServer"
import { assert, describe, it } from "@effect/vitest"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Net from "node:net"
import * as world from "./world.ts"

type Provider = ScriptedProvider.ScriptedProvider<world.Credentials>["provider"]

/** A client of the keepers behind these sockets. */
const clientOf = (
  provider: Provider,
  paths: ReadonlyArray<string>,
  options: Partial<RemoteSessions.Options<world.Credentials>> = {}
) =>
  world.client(provider, {
    endpoints: paths.map((path) => UnixSocket.endpoint(path, world.bearer)),
    credentials: Schema.encode(world.credentials),
    events: false,
    ...options
  })

const signedIn = (options: world.KeeperOptions = {}) =>
  Effect.gen(function*() {
    const keeper = yield* world.keeper(options)
    const local = yield* keeper.sessions.get("anna")
    const first = yield* local.signIn(world.right)
    return { ...keeper, local, first }
  })

/** The session ids of a client's token and of another one. */
const isSameSession = (one: AccessToken, other: AccessToken): boolean => one.session === other.session

const failed = { kind: "unknown" }

/** A keeper that answers as it is told, and counts what it was asked. */
const scriptedKeeper = (
  answers: Partial<Record<"AccessToken" | "Refresh" | "SignIn", () => Effect.Effect<Token, typeof failed>>>,
  hello: Effect.Effect<unknown, typeof failed> = Effect.void
) =>
  Effect.gen(function*() {
    const path = yield* world.socketPath
    const asked: Array<string> = []
    const answer = (name: "AccessToken" | "Refresh" | "SignIn") => () =>
      Effect.suspend(() => {
        asked.push(name)
        return answers[name]?.() ?? Effect.fail(failed)
      })
    const handlers = SessionRpcs.toLayer({
      Hello: () =>
        Effect.suspend(() => {
          asked.push("Hello")
          return Effect.as(hello, { oldest: 1, newest: 1, calls: ["AccessToken", "Refresh", "SignIn"] })
        }),
      AccessToken: answer("AccessToken"),
      Renew: () => Effect.fail(failed),
      Refresh: answer("Refresh"),
      State: () => Effect.fail(failed),
      SignOut: () => Effect.fail(failed),
      SignIn: answer("SignIn"),
      Events: () => Stream.fail(failed)
    })
    yield* Layer.build(
      RpcServer.layer(SessionRpcs).pipe(Layer.provide(handlers), Layer.provide(UnixSocket.layerServer(path)))
    )
    return { path, asked }
  })

const wireToken = (session: string, generation: number, subject?: string): Token => ({
  value: Redacted.make(`${session}-${generation}`),
  session,
  generation,
  freshFor: 60_000,
  left: 3_600_000,
  subject
})

/** Takes every connection and answers nothing. */
const paused = Effect.gen(function*() {
  const path = yield* world.socketPath
  yield* Effect.acquireRelease(
    Effect.promise(() =>
      new Promise<Net.Server>((resolve) => {
        const server = Net.createServer((connection) => {
          connection.on("error", () => {})
          connection.resume()
        })
        server.listen(path, () => resolve(server))
      })
    ),
    (server) => Effect.sync(() => server.close())
  )
  return path
})

describe("a remote refresh", () => {
  const withSubjects = Effect.gen(function*() {
    const keeper = yield* world.keeper()
    yield* keeper.script.enqueue(
      "signIn",
      ...["A", "A", "B"].map((subject) => ScriptedProvider.ok({ subject }))
    )
    const local = yield* keeper.sessions.get("anna")
    yield* local.signIn(world.right)
    const remote = yield* (yield* clientOf(keeper.script.provider, [keeper.path])).get("anna")
    return { keeper, local, remote, held: yield* remote.accessToken }
  })

  it.scopedLive("of a session that another user's sign-in replaced fails, as a local one does", () =>
    Effect.gen(function*() {
      const { held, local, remote } = yield* withSubjects
      yield* local.signIn(world.right)
      const same = yield* remote.refresh
      assert.deepStrictEqual([same.subject, isSameSession(same, held)], ["A", false])
      yield* local.signIn(world.right)
      const error = yield* Effect.flip(remote.refresh)
      assert.deepStrictEqual([error._tag, "reason" in error && error.reason], [
        "AccessTokenRejected",
        "session-changed"
      ])
      assert.strictEqual((yield* remote.accessToken).subject, "B")
    }))

  it.scopedLive("does not hand over what another keeper mistook for it", () =>
    Effect.gen(function*() {
      const keeper = yield* scriptedKeeper({
        AccessToken: () => Effect.succeed(wireToken("one", 1, "A")),
        Refresh: () => Effect.succeed(wireToken("two", 1, "B"))
      })
      const script = yield* ScriptedProvider.make<world.Credentials>()
      const remote = yield* (yield* clientOf(script.provider, [keeper.path])).get("anna")
      yield* remote.accessToken
      assert.strictEqual((yield* Effect.flip(remote.refresh))._tag, "AccessTokenRejected")
    }))
})

describe("a call with side effects", () => {
  it.scopedLive("is not repeated at another keeper when one failed at it", () =>
    Effect.gen(function*() {
      const keepers = yield* Effect.all([scriptedKeeper({}), scriptedKeeper({}), scriptedKeeper({})])
      const script = yield* ScriptedProvider.make<world.Credentials>()
      const remote = yield* (yield* clientOf(script.provider, keepers.map(({ path }) => path))).get("anna")
      assert.strictEqual((yield* Effect.flip(remote.signIn(world.right)))._tag, "TokenStoreError")
      assert.strictEqual((yield* Effect.flip(remote.refresh))._tag, "TokenStoreError")
      const asked = keepers.flatMap((keeper) => keeper.asked).filter((name) => name !== "Hello")
      assert.deepStrictEqual(asked.sort(), ["Refresh", "SignIn"])
    }))
})

describe("a caller that can't be interrupted", () => {
  it.scopedLive("is answered by another keeper when its own stalls, and so is everybody else", () =>
    Effect.gen(function*() {
      const keeper = yield* signedIn()
      const cables = yield* Effect.all([world.cable(keeper.path), world.cable(keeper.path)])
      const sessions = yield* clientOf(keeper.script.provider, cables.map(({ path }) => path))
      const remote = yield* sessions.get("anna")
      yield* (yield* sessions.get("zoe")).state
      for (const cable of cables) if (cable.bytes().length > 0) cable.stall()
      const first = yield* Effect.fork(Effect.uninterruptible(remote.accessToken))
      const second = yield* Effect.fork(remote.accessToken)
      const third = yield* Effect.fork(Effect.uninterruptible(remote.state))
      yield* Effect.sleep(3_000)
      const exits = yield* Effect.all([Fiber.poll(first), Fiber.poll(second), Fiber.poll(third)])
      assert.deepStrictEqual(exits.map((exit) => exit._tag === "Some" && exit.value._tag), [
        "Success",
        "Success",
        "Success"
      ])
    }))
})

describe("a refusal", () => {
  it.scopedLive("of one account ends no call for another", () =>
    Effect.gen(function*() {
      const keeper = yield* signedIn({ callers: [{ ...world.goodCaller, accounts: ["anna"] }] })
      const sessions = yield* clientOf(keeper.script.provider, [keeper.path])
      const [anna, bob] = yield* Effect.all([sessions.get("anna"), sessions.get("bob")])
      yield* keeper.script.enqueue("refresh", ScriptedProvider.after("500 millis"))
      const refreshing = yield* Effect.fork(anna.refresh)
      yield* Effect.sleep(200)
      assert.strictEqual((yield* Effect.flip(bob.accessToken))._tag, "AuthMisconfigured")
      assert.strictEqual((yield* Fiber.join(refreshing)).generation, 2)
    }))

  it.scopedLive("by one keeper costs no live token while the other one is away", () =>
    Effect.gen(function*() {
      const keeper = yield* signedIn()
      const path = yield* world.socketPath
      yield* world.serve(keeper.sessions, path, { callers: [] })
      const cable = yield* world.cable(keeper.path)
      const sessions = yield* clientOf(keeper.script.provider, [cable.path, path], { events: true })
      const remote = yield* sessions.get("anna")
      yield* Effect.sleep(100)
      const token = yield* remote.accessToken
      cable.cut(true)
      yield* Effect.sleep(200)
      for (let count = 0; count < 3; count++) {
        assert.strictEqual(yield* remote.accessToken, token)
        yield* Effect.sleep(200)
      }
      assert.strictEqual((yield* Effect.flip((yield* sessions.get("ben")).accessToken))._tag, "TokenStoreError")
    }))

  it.scopedLive("of the whole caller reads its bearer again", () =>
    Effect.gen(function*() {
      let bearer = "old"
      let opened = ""
      // The keeper forgets the old bearer after the first call.
      let takes = "old"
      const taking = Effect.suspend(() => opened === takes ? Effect.void : Effect.fail({ kind: "refused" }))
      const keeper = yield* scriptedKeeper({
        AccessToken: () => Effect.as(taking, wireToken("one", 1))
      }, taking)
      const script = yield* ScriptedProvider.make<world.Credentials>()
      const reading = Effect.sync(() => {
        opened = bearer
        return Redacted.make(bearer)
      })
      const sessions = yield* clientOf(script.provider, [], { endpoints: [UnixSocket.endpoint(keeper.path, reading)] })
      yield* (yield* sessions.get("anna")).accessToken
      takes = bearer = "new"
      const ben = yield* sessions.get("ben")
      assert.strictEqual((yield* Effect.flip(ben.accessToken))._tag, "AuthMisconfigured")
      yield* Effect.sleep(100)
      assert.strictEqual((yield* ben.accessToken).session, "one")
    }))

  it.scopedLive("of a refresh costs no live token", () =>
    Effect.gen(function*() {
      const keeper = yield* signedIn({ callers: [{ ...world.goodCaller, operations: ["read"] }] })
      const remote = yield* (yield* clientOf(keeper.script.provider, [keeper.path])).get("anna")
      const token = yield* remote.accessToken
      assert.strictEqual((yield* Effect.flip(remote.refresh))._tag, "AuthMisconfigured")
      assert.strictEqual(remote.unsafePeek(yield* Effect.clock), token)
    }))
})

describe("hearing", () => {
  it.scopedLive("goes on where the calls go when a keeper comes back", () =>
    Effect.gen(function*() {
      const script = yield* ScriptedProvider.make<world.Credentials>()
      const keepers = yield* Effect.provide(
        Effect.forEach([1, 2], () =>
          Effect.gen(function*() {
            const sessions = yield* AuthSessions.make(script.provider)
            const path = yield* world.socketPath
            yield* world.serve(sessions, path)
            return { sessions, cable: yield* world.cable(path) }
          })),
        TokenStore.layerMemory
      )
      const [one] = keepers
      yield* (yield* one!.sessions.get("anna")).signIn(world.right)
      const client = yield* clientOf(script.provider, keepers.map(({ cable }) => cable.path), { events: true })
      const zoe = yield* client.get("zoe")
      yield* Effect.sleep(200)
      yield* zoe.state
      const used = keepers.find(({ cable }) => cable.bytes().length > 0)!
      used.cable.cut(true)
      yield* zoe.state
      yield* Effect.sleep(300)
      used.cable.mend()
      yield* Effect.sleep(1_300)
      const anna = yield* client.get("anna")
      yield* anna.accessToken
      yield* Effect.sleep(200)
      yield* (yield* used.sessions.get("anna")).signOut
      yield* Effect.sleep(400)
      assert.strictEqual((yield* Effect.flip(anna.accessToken))._tag, "SignInRequired")
    }))

  it.scopedLive("begins again after a connection that was cut, also when nobody calls", () =>
    Effect.gen(function*() {
      const { local, path, script } = yield* signedIn()
      const cable = yield* world.cable(path)
      const remote = yield* (yield* clientOf(script.provider, [cable.path], { events: true })).get("anna")
      const seen: Array<string> = []
      yield* Effect.forkScoped(Stream.runForEach(remote.events, ({ _tag }) => Effect.sync(() => seen.push(_tag))))
      yield* Effect.sleep(200)
      cable.cut(true)
      yield* Effect.sleep(300)
      cable.mend()
      yield* Effect.sleep(1_000)
      yield* local.refresh
      yield* Effect.sleep(200)
      assert.deepStrictEqual(seen, ["Refreshing", "Refreshed"])
    }))

  it.scopedLive("asks a keeper that has no room less and less often", () =>
    Effect.gen(function*() {
      const { path, script } = yield* signedIn({ listeners: 0 })
      const busy = Metric.tagged(RemoteTelemetry.refusals, RemoteTelemetry.names.reason, "busy")
      const before = (yield* Metric.value(busy)).count
      yield* clientOf(script.provider, [path], { events: true })
      yield* Effect.sleep(2_000)
      const count = (yield* Metric.value(busy)).count - before
      assert.isAbove(count, 1)
      assert.isBelow(count, 9)
    }))
})

describe("signing out and in", () => {
  it.scopedLive("a sign-out is made good when the keeper is back, and its token is not served again", () =>
    Effect.gen(function*() {
      const { local, path, script } = yield* signedIn()
      const cable = yield* world.cable(path)
      const remote = yield* (yield* clientOf(script.provider, [cable.path])).get("anna")
      yield* remote.accessToken
      cable.cut(true)
      assert.strictEqual((yield* Effect.flip(remote.signOut))._tag, "TokenStoreError")
      cable.mend()
      assert.strictEqual((yield* Effect.flip(remote.accessToken))._tag, "SignInRequired")
      yield* Effect.sleep(1_000)
      assert.strictEqual((yield* local.state)._tag, "SignedOut")
    }))

  it.scopedLive("a sign-out that comes late ends only the session that was left", () =>
    Effect.gen(function*() {
      const { local, path, script } = yield* signedIn()
      const cable = yield* world.cable(path)
      const remote = yield* (yield* clientOf(script.provider, [cable.path])).get("anna")
      yield* remote.accessToken
      cable.cut(true)
      yield* Effect.flip(remote.signOut)
      const next = yield* local.signIn(world.right)
      cable.mend()
      yield* Effect.sleep(1_000)
      assert.isTrue(isSameSession(yield* remote.accessToken, next))
      assert.strictEqual((yield* local.state)._tag, "Active")
    }))

  it.scopedLive("a late sign-out spares a session that began after the client asked for the state", () =>
    Effect.gen(function*() {
      const path = yield* world.socketPath
      const { script, sessions } = yield* Effect.provide(world.scripted(), TokenStore.layerMemory)
      const local = yield* sessions.get("anna")
      const first = yield* local.signIn(world.right)
      const unavailable = new TokenStoreError({
        provider: "p",
        account: "anna",
        operation: "signOut",
        reason: "unavailable"
      })
      let signOuts = 0
      let signIns = 0
      const auth: typeof local = {
        ...local,
        signOut: Effect.suspend(() => ++signOuts === 1 ? Effect.fail(unavailable) : local.signOut),
        // Somebody signs in while the answer is under way.
        state: Effect.tap(local.state, () => ++signIns === 1 ? Effect.orDie(local.signIn(world.right)) : Effect.void)
      }
      yield* world.serve({ ...sessions, get: () => Effect.succeed(auth) }, path)
      const remote = yield* (yield* clientOf(script.provider, [path])).get("anna")
      yield* remote.accessToken
      yield* Effect.flip(remote.signOut)
      yield* Effect.sleep(1_500)
      assert.isAtLeast(signIns, 1)
      const state = yield* local.state
      assert.strictEqual(state._tag, "Active")
      assert.isFalse(isSameSession(yield* remote.accessToken, first))
    }))

  it.scopedLive("a sign-out of a client that names no session ends the session of the account", () =>
    Effect.gen(function*() {
      const { local, path, script } = yield* signedIn()
      const remote = yield* (yield* clientOf(script.provider, [path])).get("anna")
      yield* remote.accessToken
      yield* local.signIn(world.right)
      assert.strictEqual(yield* remote.signOut, "revoked")
      assert.strictEqual((yield* local.state)._tag, "SignedOut")
    }))

  it.scopedLive("a caller that leaves its sign-in leaves no token of the session before", () =>
    Effect.gen(function*() {
      const { local, path, script } = yield* signedIn({ signIn: true })
      const remote = yield* (yield* clientOf(script.provider, [path])).get("anna")
      const before = yield* remote.accessToken
      yield* script.enqueue("signIn", ScriptedProvider.after("300 millis"))
      yield* Effect.timeoutOption(remote.signIn(world.right), 100)
      yield* Effect.sleep(500)
      const after = yield* remote.accessToken
      assert.isFalse(isSameSession(after, before))
      assert.isTrue(isSameSession(after, yield* local.accessToken))
    }))

  it.scopedLive("a sign-in without an answer leaves no token of the session before", () =>
    Effect.gen(function*() {
      const { local, path, script } = yield* signedIn({ signIn: true })
      const cable = yield* world.cable(path)
      const remote = yield* (yield* clientOf(script.provider, [cable.path])).get("anna")
      const before = yield* remote.accessToken
      yield* script.enqueue("signIn", ScriptedProvider.after("200 millis"))
      const signingIn = yield* Effect.fork(Effect.flip(remote.signIn(world.right)))
      yield* Effect.sleep(100)
      cable.cut()
      assert.strictEqual((yield* Fiber.join(signingIn))._tag, "TokenStoreError")
      yield* Effect.sleep(300)
      assert.isFalse(isSameSession(yield* local.accessToken, before))
      assert.isFalse(isSameSession(yield* remote.accessToken, before))
    }))
})

/** A clock that runs so many times as fast: the waits of a client are shorter. */
const fast = (times: number) =>
  Effect.map(Effect.clock, (right): Clock.Clock => ({
    ...right,
    unsafeCurrentTimeMillis: () => right.unsafeCurrentTimeMillis() * times,
    unsafeCurrentTimeNanos: () => right.unsafeCurrentTimeNanos() * BigInt(times),
    currentTimeMillis: Effect.map(right.currentTimeMillis, (now) => now * times),
    currentTimeNanos: Effect.map(right.currentTimeNanos, (now) => now * BigInt(times)),
    sleep: (duration) => right.sleep(Duration.times(duration, 1 / times))
  }))

describe("a slow answer", () => {
  it.scopedLive("is waited for although somebody else stopped wondering about its keeper", () =>
    Effect.gen(function*() {
      const keeper = yield* scriptedKeeper({
        AccessToken: () => Effect.delay(Effect.succeed(wireToken("quick", 1)), 600),
        Refresh: () => Effect.delay(Effect.succeed(wireToken("slow", 1)), 1_500)
      }, Effect.sleep(200))
      const script = yield* ScriptedProvider.make<world.Credentials>()
      const sessions = yield* clientOf(script.provider, [keeper.path])
      const [quick, slow] = yield* Effect.all([sessions.get("quick"), sessions.get("slow")])
      const asking = yield* Effect.fork(quick.accessToken)
      const refreshing = yield* Effect.fork(slow.refresh)
      yield* Fiber.join(asking)
      assert.strictEqual((yield* Fiber.join(refreshing)).session, "slow")
    }))

  it.scopedLive("that comes too late fails its own caller, and nobody else", () =>
    Effect.gen(function*() {
      const keeper = yield* scriptedKeeper({
        AccessToken: () => Effect.never,
        Refresh: () => Effect.delay(Effect.succeed(wireToken("slow", 1)), 600)
      })
      const script = yield* ScriptedProvider.make<world.Credentials>()
      yield* Effect.gen(function*() {
        const sessions = yield* clientOf(script.provider, [keeper.path])
        const [never, slow] = yield* Effect.all([sessions.get("never"), sessions.get("slow")])
        const asking = yield* Effect.fork(Effect.flip(never.accessToken))
        // 20 seconds of the client are 2.
        yield* Effect.sleep(17_000)
        const refreshing = yield* Effect.fork(slow.refresh)
        assert.strictEqual((yield* Fiber.join(asking))._tag, "TokenStoreError")
        assert.strictEqual((yield* Fiber.join(refreshing)).session, "slow")
      }).pipe(Effect.provide(Layer.setClock(yield* fast(10))))
    }))
})

describe("a client that is closed", () => {
  it.scopedLive("leaves nobody waiting, before and after", () =>
    Effect.gen(function*() {
      const keeper = yield* scriptedKeeper({ AccessToken: () => Effect.never })
      const script = yield* ScriptedProvider.make<world.Credentials>()
      const scope = yield* Scope.make()
      // Layers are made where nothing is interrupted.
      const making = Effect.uninterruptible(clientOf(script.provider, [keeper.path], { events: true }))
      const client = yield* Scope.extend(making, scope)
      const [anna, ben] = yield* Effect.all([client.get("anna"), client.get("ben")])
      const asking = yield* Effect.fork(Effect.flip(Effect.uninterruptible(anna.accessToken)))
      yield* Effect.sleep(100)
      yield* Effect.timeoutFail(Scope.close(scope, Exit.void), { duration: "1 second", onTimeout: () => "still open" })
      assert.strictEqual((yield* Fiber.join(asking))._tag, "TokenStoreError")
      for (const call of [ben.accessToken, ben.state, ben.signOut]) {
        assert.strictEqual(
          (yield* Effect.flip<unknown, { readonly _tag: string }, never>(call))._tag,
          "TokenStoreError"
        )
      }
    }), 5_000)
})

describe("a paused keeper", () => {
  it.scopedLive("holds up no more than one call beside another one", () =>
    Effect.gen(function*() {
      const keeper = yield* world.keeper()
      // Whichever of them a client begins with.
      const clients = yield* Effect.all(
        [1, 2, 3, 4, 5, 6].map(() =>
          Effect.flatMap(paused, (path) => clientOf(keeper.script.provider, [path, keeper.path]))
        )
      )
      const slow = yield* Effect.forEach(clients, (client) =>
        Effect.gen(function*() {
          let count = 0
          for (let index = 0; index < 30; index++) {
            const nobody = yield* client.get(`nobody-${index}`)
            const [took] = yield* Effect.timed(Effect.flip(nobody.accessToken))
            if (Duration.toMillis(took) > 500) count++
            yield* Effect.sleep(100)
          }
          return count
        }), { concurrency: "unbounded" })
      assert.isTrue(slow.every((count) => count <= 1), String(slow))
    }))
})
