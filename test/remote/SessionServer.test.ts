import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Callers from "@effect-auth/remote/Callers"
import * as Endpoint from "@effect-auth/remote/Endpoint"
import * as RemoteTelemetry from "@effect-auth/remote/RemoteTelemetry"
import { SessionRpcs } from "@effect-auth/remote/SessionRpcs"
import * as SessionServer from "@effect-auth/remote/SessionServer"
import * as UnixSocket from "@effect-auth/remote/UnixSocket"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as RpcServer from "@effect/rpc/RpcServer"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Fs from "node:fs/promises"
import * as Net from "node:net"
import { served } from "./httpKeeper.ts"
import * as world from "./world.ts"

const refusals = (reason: string) =>
  Effect.map(
    Metric.value(Metric.tagged(RemoteTelemetry.refusals, RemoteTelemetry.names.reason, reason)),
    ({ count }) => count
  )

/** How many refusals of this kind an effect causes. */
const counted = <A, E, R>(reason: string, effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const before = yield* refusals(reason)
    yield* effect
    return (yield* refusals(reason)) - before
  })

const other = Redacted.make("another-bearer")

const signedIn = (options: world.KeeperOptions = {}) =>
  Effect.tap(
    world.keeper(options),
    ({ sessions }) => Effect.flatMap(sessions.get("anna"), (anna) => anna.signIn(world.right))
  )

const of = (
  keeper: Effect.Effect.Success<ReturnType<typeof world.keeper>>,
  bearer: Redacted.Redacted<string>,
  account = "anna"
) =>
  Effect.flatMap(
    world.client(keeper.script.provider, { endpoints: [UnixSocket.endpoint(keeper.path, bearer)], events: false }),
    ({ get }) => get(account)
  )

describe("a keeper's settings", () => {
  const digest = "ab".repeat(32)
  const caller = (...bearers: ReadonlyArray<string>) => ({ name: "x", bearers, accounts: "all" as const })
  const bearer = "digest".repeat(8)
  const wrong: Readonly<Record<string, readonly [Partial<SessionServer.Options>, RegExp]>> = {
    "a bearer in the place of its digest": [{ callers: [caller(digest), caller(bearer)] }, /bearer 1 of caller 2/],
    "an empty digest": [{ callers: [caller(digest, "")] }, /bearer 2 of caller 1/],
    "a digest that is too short": [{ callers: [caller("zz")] }, /bearer 1 of caller 1/],
    "one bearer of two callers": [
      { callers: [caller(digest), { ...caller(digest.toUpperCase()), operations: ["signOut"] }] },
      /callers 1 and 2 have the same bearer/
    ],
    "a limit that is no number": [{ concurrentCalls: NaN }, /concurrentCalls has to be/],
    "a limit below zero": [{ listenersOfOne: -1 }, /listenersOfOne has to be/]
  }
  for (const [name, [options, why]] of Object.entries(wrong)) {
    it.scoped(`${name} is refused when the keeper is made, and no text of it is shown`, () =>
      Effect.gen(function*() {
        const given = { callers: [], ...options }
        const made = [Effect.asVoid(SessionServer.make([], given)), Effect.asVoid(SessionServer.handlers([], given))]
        for (const one of made) {
          const failure = yield* Effect.flip(one)
          assert.deepInclude({ ...failure }, { _tag: "AuthMisconfigured", operation: "serve", reason: "options" })
          assert.match(failure.message, why)
          assert.notInclude(failure.message, bearer)
        }
      }))
  }

  it.scoped("sessions that are there twice are refused", () =>
    Effect.gen(function*() {
      const { sessions } = yield* Effect.provide(world.scripted(), TokenStore.layerMemory)
      const kept = yield* SessionServer.fromSessions(sessions)
      const failure = yield* Effect.flip(SessionServer.make([kept, { ...kept, realm: "other" }, kept], { callers: [] }))
      assert.match(failure.message, /sessions 1 and 3 are of the same provider and realm/)
    }))

  it.scoped("two digests of one caller, in capitals too, are accepted", () =>
    Effect.gen(function*() {
      const callers = [caller(digest, digest.toUpperCase(), "cd".repeat(32))]
      const { underWay } = yield* SessionServer.make([], { callers, listeners: 0 })
      assert.strictEqual(yield* underWay, 0)
    }))

  it.scoped("a client without endpoints is refused when it is made", () =>
    Effect.gen(function*() {
      const script = yield* ScriptedProvider.make<world.Credentials>()
      const failure = yield* Effect.flip(world.client(script.provider, { endpoints: [] }))
      assert.deepInclude({ ...failure }, { _tag: "AuthMisconfigured", operation: "connect" })
    }))
})

describe("a keeper's callers", () => {
  it.scopedLive("an unknown caller is refused, counted, and told nothing", () =>
    Effect.gen(function*() {
      const keeper = yield* signedIn()
      const stranger = yield* of(keeper, other)
      const count = yield* counted(
        "caller",
        Effect.gen(function*() {
          const error = yield* Effect.flip(stranger.accessToken)
          assert.strictEqual(error._tag, "AuthMisconfigured")
          assert.notInclude(JSON.stringify(error), "another-bearer")
        })
      )
      assert.isAbove(count, 0)
    }))

  it.scopedLive("a caller reads only, and only its accounts; each refusal is the same", () =>
    Effect.gen(function*() {
      const reader = { ...world.goodCaller, operations: undefined, accounts: ["anna"] }
      const keeper = yield* signedIn({ callers: [reader] })
      const anna = yield* of(keeper, world.bearer)
      const ben = yield* of(keeper, world.bearer, "ben")
      assert.strictEqual(Redacted.value((yield* anna.accessToken).value), "access-1")
      assert.strictEqual((yield* anna.state)._tag, "Active")
      const messages: Array<string> = []
      const account = yield* counted(
        "account",
        Effect.map(Effect.flip(ben.accessToken), (error) => messages.push(error.message))
      )
      assert.strictEqual(account, 1)
      messages.push((yield* Effect.flip(anna.refresh)).message)
      assert.strictEqual(new Set(messages.map((message) => message.replace(/\w+:/, ""))).size >= 1, true)
      assert.strictEqual((yield* Effect.flip(anna.signOut))._tag, "TokenStoreError")
      assert.strictEqual((yield* (yield* keeper.sessions.get("anna")).state)._tag, "Active")
      assert.strictEqual(yield* keeper.script.count("refresh"), 0)
    }))

  it.scopedLive("a caller that sends a call that it was not told of is refused by the keeper too", () =>
    Effect.gen(function*() {
      const keeper = yield* signedIn({ callers: [{ ...world.goodCaller, operations: ["read"] }] })
      const answers = yield* raw(keeper.path, world.bearer, [
        request("1", "Refresh", { account: "anna" }),
        request("2", "SignOut", { account: "anna" }),
        request("3", "SignIn", { account: "anna", credentials: { password: "x" } }),
        request("4", "Nonsense", {})
      ])
      const kinds = answers.filter((answer) => answer._tag === "Exit").map((answer) => answer.exit.cause?.error?.kind)
      assert.deepStrictEqual(kinds, ["refused", "refused", "refused"])
      assert.strictEqual(yield* keeper.script.count("refresh"), 0)
      assert.strictEqual(yield* keeper.script.count("signIn"), 1)
    }))

  it.scopedLive("a caller has tokens for further APIs only if it may, and others reach no session", () =>
    Effect.gen(function*() {
      const { sessions } = yield* Effect.provide(world.scripted(), TokenStore.layerMemory)
      yield* (yield* sessions.get("anna")).signIn(world.right)
      const asked: Array<string> = []
      const kept = yield* SessionServer.fromSessions(sessions)
      const withResources: SessionServer.Kept = {
        ...kept,
        get: (account) =>
          Effect.map(sessions.get(account), (auth) => ({
            ...auth,
            forResource: (resource: string) => {
              asked.push(resource)
              return auth
            }
          }))
      }
      const path = yield* world.socketPath
      const callers = [{ ...world.goodCaller, resources: ["https://one.example.com"] }]
      yield* Layer.build(
        SessionServer.layer([withResources], { callers }).pipe(Layer.provide(UnixSocket.layerServer(path)))
      )
      const ask = (id: string, resource: string) => request(id, "AccessToken", { account: "anna", resource })
      const count = yield* counted(
        "resource",
        Effect.map(
          raw(path, world.bearer, [ask("1", "https://one.example.com"), ask("2", "https://two.example.com")]),
          (answers) => assert.sameMembers(answers.map(({ exit }) => exit.cause?.error?.kind), [undefined, "refused"])
        )
      )
      assert.strictEqual(count, 1)
      assert.deepStrictEqual(asked, ["https://one.example.com"])
    }))

  it.scopedLive("over HTTP a header inside the message is not a caller", () =>
    Effect.gen(function*() {
      const keeper = yield* signedIn()
      const url = yield* served(keeper.sessions)
      const body = request("1", "AccessToken", { account: "anna" }, world.bearer)
      const count = yield* counted(
        "forged",
        Effect.gen(function*() {
          for (const headers of [{}, { authorization: "Bearer of-somebody-else" }]) {
            const answer = yield* Effect.promise(() =>
              fetch(url, { method: "POST", headers: { ...headers, "content-type": "application/ndjson" }, body })
            )
            const text = yield* Effect.promise(() => answer.text())
            assert.include(text, "\"refused\"")
            assert.notInclude(text, "access-1")
          }
        })
      )
      assert.strictEqual(count, 2)
    }))

  it.scopedLive("the folder of the socket is its owner's alone, and the file too", () =>
    Effect.gen(function*() {
      const keeper = yield* world.keeper()
      const stats = yield* Effect.promise(() => Fs.stat(keeper.path))
      assert.strictEqual(stats.mode & 0o777, 0o600)
      const open = yield* world.folder
      yield* Effect.promise(() => Fs.chmod(open, 0o755))
      const error = yield* Effect.flip(Layer.build(UnixSocket.layerServer(`${open}/keeper.sock`)))
      assert.strictEqual(error._tag, "AuthMisconfigured")
      const second = yield* Effect.flip(Layer.build(UnixSocket.layerServer(keeper.path)))
      assert.include(second.message, "another keeper")
    }))

  it.scopedLive("a socket file that a killed keeper left is replaced", () =>
    Effect.gen(function*() {
      const path = yield* world.socketPath
      yield* Effect.promise(async () => {
        const left = Net.createServer().listen(path)
        await new Promise((resolve) => left.once("listening", resolve))
        await Fs.rename(path, `${path}.left`)
        await new Promise((resolve) => left.close(resolve))
        await Fs.rename(`${path}.left`, path)
      })
      yield* Layer.build(UnixSocket.layerServer(path))
      assert.isTrue((yield* Effect.promise(() => Fs.stat(path))).isSocket())
    }))
})

const request = (id: string, tag: string, payload: object, bearer?: Redacted.Redacted<string>): string =>
  `${
    JSON.stringify({
      _tag: "Request",
      id,
      tag,
      payload: { provider: "scripted", realm: "test", ...payload },
      headers: bearer === undefined ? [] : [["authorization", `Bearer ${Redacted.value(bearer)}`]]
    })
  }\n`

/** Writes lines to a socket as they are, and yields what came back in half a second. */
const raw = (path: string, bearer: Redacted.Redacted<string>, lines: ReadonlyArray<string>) =>
  Effect.promise(() =>
    new Promise<ReadonlyArray<any>>((resolve) => {
      const connection = Net.connect(path)
      let text = ""
      connection.on("data", (chunk) => {
        text += String(chunk)
      })
      const header = JSON.stringify([["authorization", `Bearer ${Redacted.value(bearer)}`]])
      connection.on("data", (chunk) => {
        // The next part of a stream comes when this one was acknowledged.
        for (const [, requestId] of String(chunk).matchAll(/"_tag":"Chunk","requestId":"(\d+)"/g)) {
          connection.write(`${JSON.stringify({ _tag: "Ack", requestId })}\n`)
        }
      })
      for (const line of lines) connection.write(`${line.trim().replace("\"headers\":[]", `"headers":${header}`)}\n`)
      setTimeout(() => {
        connection.destroy()
        resolve(text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line)))
      }, 500)
    })
  )

describe("a keeper over HTTP", () => {
  it.scopedLive("answers like one on a socket", () =>
    Effect.gen(function*() {
      const keeper = yield* signedIn()
      const url = yield* served(keeper.sessions)
      const endpoint = yield* Endpoint.http(url, world.bearer)
      const remote = yield* (yield* world.client(keeper.script.provider, { endpoints: [endpoint] })).get("anna")
      const token = yield* remote.accessToken
      assert.strictEqual(Redacted.value(token.value), "access-1")
      assert.strictEqual(Redacted.value((yield* remote.renew(token, { wasAccepted: true })).value), "access-2")
      assert.strictEqual((yield* remote.state)._tag, "Active")
    }).pipe(Effect.provide(FetchHttpClient.layer)))

  for (
    const url of [
      "http://keeper.example.com/",
      "ftp://keeper.example.com/",
      "keeper.example.com",
      "https://anna:secret@keeper.example.com/",
      "https://keeper.example.com/?key=secret"
    ]
  ) {
    it.effect(`is asked only over https, or on this machine, and not at ${url}`, () =>
      Effect.gen(function*() {
        const failure = yield* Effect.flip(Endpoint.http(url, world.bearer))
        assert.strictEqual(failure._tag, "AuthMisconfigured")
        assert.notInclude(failure.message, "keeper.example.com")
        assert.include(failure.message, "https")
      }).pipe(Effect.provide(FetchHttpClient.layer)))
  }
})

describe("a keeper's notices", () => {
  it.scopedLive("a token that was handed out just before somebody listens is watched too", () =>
    Effect.gen(function*() {
      const keeper = yield* signedIn()
      const lines = [request("1", "AccessToken", { account: "anna" }), request("2", "Events", {})]
      const answers = yield* Effect.fork(raw(keeper.path, world.bearer, lines))
      yield* Effect.sleep(200)
      yield* (yield* keeper.sessions.get("anna")).refresh
      const notices = (yield* Fiber.join(answers)).flatMap(({ values }) => values ?? [])
      assert.includeDeepMembers(notices, [{ _tag: "Listening", account: "" }, { _tag: "Changed", account: "anna" }])
    }))
})

describe("a keeper's limits", () => {
  it.scopedLive(
    "calls beyond the limit are answered with busy, and a client tries again",
    () =>
      Effect.gen(function*() {
        const keeper = yield* signedIn({ concurrentCallsOfOne: 2 })
        yield* keeper.script.enqueue("refresh", ScriptedProvider.after("700 millis"))
        const anna = yield* of(keeper, world.bearer)
        const renewing = yield* Effect.fork(anna.renew(yield* anna.accessToken, { wasAccepted: true }))
        const others = yield* Effect.all([of(keeper, world.bearer, "ben"), of(keeper, world.bearer)])
        const count = yield* counted(
          "busy",
          Effect.gen(function*() {
            const forcing = yield* Effect.fork(others[1].refresh)
            yield* Effect.sleep(100)
            // It waits until the others have gone.
            assert.strictEqual((yield* Effect.flip(others[0].accessToken))._tag, "SignInRequired")
            yield* Fiber.join(forcing)
          })
        )
        assert.isAbove(count, 0)
        assert.strictEqual(Redacted.value((yield* Fiber.join(renewing)).value), "access-2")
      }),
    15_000
  )

  it.scopedLive("an exchange that hangs is a typed busy for those who wait too long", () =>
    Effect.gen(function*() {
      const keeper = yield* signedIn({
        concurrentCallsOfOne: 1,
        sessions: { refresh: { closePatience: 100 } }
      })
      yield* keeper.script.enqueue("refresh", ScriptedProvider.never)
      const anna = yield* of(keeper, world.bearer)
      yield* Effect.fork(anna.renew(yield* anna.accessToken, { wasAccepted: true }))
      yield* Effect.sleep(100)
      const ben = yield* of(keeper, world.bearer, "ben")
      const error = yield* Effect.flip(ben.accessToken)
      assert.strictEqual(error._tag, "ProviderUnavailable")
      assert.isTrue(error._tag === "ProviderUnavailable" && error.reason === "busy" && error.retryAfter !== undefined)
    }), 15_000)

  it.scopedLive("one caller can't take the places of all who listen", () =>
    Effect.gen(function*() {
      const digest = yield* Callers.digest(other)
      const callers = [world.goodCaller, { ...world.goodCaller, name: "other", bearers: [digest] }]
      const keeper = yield* signedIn({ callers, listenersOfOne: 1 })
      const kindsOf = (bearer: Redacted.Redacted<string>, ids: ReadonlyArray<string>) =>
        Effect.map(
          raw(keeper.path, bearer, ids.map((id) => request(id, "Events", {}))),
          (answers) => answers.map(({ _tag, exit }) => exit?.cause?.error?.kind ?? _tag)
        )
      const [one, two] = yield* Effect.all([kindsOf(world.bearer, ["1", "2"]), kindsOf(other, ["1"])], {
        concurrency: "unbounded"
      })
      assert.sameMembers(one, ["Chunk", "busy"])
      assert.deepStrictEqual(two, ["Chunk"])
      // Who leaves makes room.
      assert.deepStrictEqual(yield* kindsOf(world.bearer, ["1"]), ["Chunk"])
    }))

  it.scopedLive("a message without an end closes the connection", () =>
    Effect.gen(function*() {
      const keeper = yield* world.keeper()
      const closed = yield* Effect.promise(() =>
        new Promise<boolean>((resolve) => {
          const connection = Net.connect(keeper.path)
          connection.on("error", () => resolve(true))
          connection.on("close", () => resolve(true))
          connection.write("x".repeat(1_000_000))
          setTimeout(() => resolve(false), 3_000)
        })
      )
      assert.isTrue(closed)
    }))
})

describe("a keeper that closes", () => {
  it.scopedLive(
    "answers what is under way, takes no further call, and clients go on elsewhere",
    () =>
      Effect.gen(function*() {
        const made = yield* Effect.provide(world.scripted(), TokenStore.layerMemory)
        yield* (yield* made.sessions.get("anna")).signIn(world.right)
        const paths = yield* Effect.all([world.socketPath, world.socketPath])
        const scopes = yield* Effect.forEach(paths, (path) =>
          Effect.gen(function*() {
            const scope = yield* Scope.make()
            yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
            yield* Scope.extend(world.serve(made.sessions, path), scope)
            return scope
          }))
        const one = yield* (yield* world.client(made.script.provider, {
          endpoints: [UnixSocket.endpoint(paths[0], world.bearer)],
          events: false
        })).get("anna")
        const both = yield* (yield* world.client(made.script.provider, {
          endpoints: paths.map((path) => UnixSocket.endpoint(path, world.bearer))
        })).get("anna")
        yield* both.accessToken
        yield* made.script.enqueue("refresh", ScriptedProvider.after("500 millis"))
        const renewing = yield* Effect.fork(one.renew(yield* one.accessToken, { wasAccepted: true }))
        yield* Effect.sleep(100)
        const closing = yield* Effect.fork(Effect.timed(Scope.close(scopes[0]!, Exit.void)))
        yield* Effect.sleep(50)
        const late = yield* raw(paths[0], world.bearer, [request("1", "State", { account: "anna" })])
        assert.deepStrictEqual(late.map((answer) => answer.exit?.cause?.error?.kind), ["closing"])
        const [took] = yield* Fiber.join(closing)
        assert.isBelow(Duration.toMillis(took), 2_500)
        assert.strictEqual(Redacted.value((yield* Fiber.join(renewing)).value), "access-2")
        const [next, state] = yield* Effect.timed(both.state)
        assert.strictEqual(state._tag, "Active")
        assert.isBelow(Duration.toMillis(next), 1_000)
      }),
    20_000
  )
})

describe("versions", () => {
  /** A keeper of another version: it tells what it is told, and answers every token call in the same way. */
  const odd = (greeting: { readonly oldest: number; readonly newest: number; readonly calls: ReadonlyArray<string> }) =>
    Effect.gen(function*() {
      const path = yield* world.socketPath
      const asked: Array<string> = []
      const answer = (name: string) => () =>
        Effect.suspend(() => {
          asked.push(name)
          return Effect.fail({ kind: "a kind of the future", error: { a: 1 } })
        })
      const handlers = SessionRpcs.toLayer({
        Hello: () => Effect.succeed(greeting),
        AccessToken: answer("AccessToken"),
        Renew: answer("Renew"),
        Refresh: answer("Refresh"),
        State: answer("State"),
        SignOut: answer("SignOut"),
        SignIn: answer("SignIn"),
        Events: () => Stream.fail({ kind: "a kind of the future" })
      })
      yield* Layer.build(
        RpcServer.layer(SessionRpcs).pipe(
          Layer.provide(handlers),
          Layer.provide(UnixSocket.layerServer(path))
        )
      )
      const script = yield* ScriptedProvider.make<world.Credentials>()
      const sessions = yield* world.client(script.provider, {
        endpoints: [UnixSocket.endpoint(path, world.bearer)],
        events: false
      })
      return { asked, remote: yield* sessions.get("anna") }
    })

  it.scopedLive("a keeper that has no version in common is a fault of the configuration, and is asked nothing", () =>
    Effect.gen(function*() {
      const { asked, remote } = yield* odd({ oldest: 2, newest: 3, calls: ["AccessToken"] })
      const error = yield* Effect.flip(remote.accessToken)
      assert.strictEqual(error._tag, "AuthMisconfigured")
      assert.include(error.message, "2 to 3")
      assert.deepStrictEqual(asked, [])
    }))

  it.scopedLive("an older keeper is not sent a call that it does not know", () =>
    Effect.gen(function*() {
      const { asked, remote } = yield* odd({ oldest: 1, newest: 1, calls: ["AccessToken"] })
      assert.strictEqual((yield* Effect.flip(remote.refresh))._tag, "AuthMisconfigured")
      assert.deepStrictEqual(asked, [])
    }))

  it.scopedLive("a failure of a newer keeper is typed, and ends nothing else", () =>
    Effect.gen(function*() {
      const { asked, remote } = yield* odd({ oldest: 1, newest: 9, calls: ["AccessToken", "State"] })
      const errors = yield* Effect.all([Effect.flip(remote.accessToken), Effect.flip(remote.state)], {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(errors.map((error) => error._tag), ["TokenStoreError", "TokenStoreError"])
      assert.deepStrictEqual([...asked].sort(), ["AccessToken", "State"])
    }))

  it.scopedLive("other sessions than those of the keeper are told before anything is asked", () =>
    Effect.gen(function*() {
      const keeper = yield* signedIn()
      const remote = yield* (yield* world.client({ ...keeper.script.provider, realm: "another" }, {
        endpoints: [keeper.endpoint],
        events: false
      })).get("anna")
      const error = yield* Effect.flip(remote.accessToken)
      assert.strictEqual(error._tag, "AuthMisconfigured")
      assert.include(error.message, "does not keep these sessions")
    }))

  it.scopedLive("a defect in one answer ends no other call, and tells nothing of itself", () =>
    Effect.gen(function*() {
      const path = yield* world.socketPath
      const made = yield* Effect.provide(world.scripted(), TokenStore.layerMemory)
      yield* (yield* made.sessions.get("anna")).signIn(world.right)
      const broken: typeof made.sessions = {
        ...made.sessions,
        get: (account) =>
          account === "broken" ? Effect.die(new Error("secret of the keeper")) : made.sessions.get(account)
      }
      yield* world.serve(
        { ...broken, get: (account) => account === "" ? made.sessions.get("") : broken.get(account) },
        path
      )
      const cable = yield* world.cable(path)
      const sessions = yield* world.client(made.script.provider, {
        endpoints: [UnixSocket.endpoint(cable.path, world.bearer)]
      })
      yield* made.script.enqueue("refresh", ScriptedProvider.after("300 millis"))
      const anna = yield* sessions.get("anna")
      const renewing = yield* Effect.fork(anna.renew(yield* anna.accessToken, { wasAccepted: true }))
      const error = yield* Effect.flip((yield* sessions.get("broken")).accessToken)
      assert.strictEqual(error._tag, "TokenStoreError")
      const exit = yield* Fiber.await(renewing)
      assert.isTrue(Exit.isSuccess(exit), Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "")
      assert.notInclude(cable.bytes().toString("latin1"), "secret of the keeper")
    }))
})
