/** No change of a token that a client holds is lost. */
import { SessionRpcs } from "@effect-auth/remote/SessionRpcs"
import * as UnixSocket from "@effect-auth/remote/UnixSocket"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import * as RpcServer from "@effect/rpc/RpcServer"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as world from "./world.ts"

/** Looks until it holds, for two seconds. */
const soon = (holds: () => boolean) =>
  Effect.sync(holds).pipe(
    Effect.delay(20),
    Effect.repeat({ until: (does) => does }),
    Effect.timeoutOption(2_000),
    Effect.map(holds)
  )

describe("what changes at a keeper", () => {
  it.scopedLive("more sign-outs at once than events that wait are all heard", () =>
    Effect.gen(function*() {
      const keeper = yield* world.keeper()
      const names = Array.from({ length: 1_200 }, (_, index) => `account-${index}`)
      const sessions = yield* world.client(keeper.script.provider, { endpoints: [keeper.endpoint] })
      const held = yield* Effect.forEach(names, sessions.get)
      const kept = yield* Effect.forEach(names, keeper.sessions.get)
      yield* Effect.forEach(kept, (auth) => auth.signIn(world.right), { concurrency: 200, discard: true })
      const clock = yield* Effect.clock
      const served = () => held.filter((auth) => auth.unsafePeek(clock) !== undefined).length
      // On a busy machine a keeper can be left for its late answer, and what was held is asked for again.
      const watching = Effect.forEach(held, world.watched, { concurrency: 200, discard: true })
      yield* Effect.repeat(watching, { until: () => served() === names.length })
      yield* Effect.forEach(kept, (auth) => auth.signOut, { concurrency: "unbounded", discard: true })
      yield* soon(() => served() === 0)
      assert.strictEqual(served(), 0)
    }), 30_000)

  it.scopedLive("a token that another client had renewed is not served by those who hold the old one", () =>
    Effect.gen(function*() {
      const keeper = yield* world.keeper()
      yield* (yield* keeper.sessions.get("anna")).signIn(world.right)
      const client = Effect.flatMap(
        world.client(keeper.script.provider, { endpoints: [keeper.endpoint] }),
        ({ get }) => get("anna")
      )
      const [one, two] = yield* Effect.all([client, client])
      const token = yield* world.watched(one)
      yield* world.watched(two)
      const renewed = yield* two.renew(token, { wasAccepted: true })
      const clock = yield* Effect.clock
      assert.isTrue(yield* soon(() => one.unsafePeek(clock)?.generation !== token.generation))
      assert.strictEqual((yield* one.accessToken).generation, renewed.generation)
    }))

  it.scopedLive("a client that hears that everything changed asks before it uses any token, and serves it if nobody answers", () =>
    Effect.gen(function*() {
      const path = yield* world.socketPath
      const goOn = yield* Deferred.make<void>()
      let asked = 0
      let isAway = false
      const token = () =>
        Effect.suspend(() =>
          isAway ? Effect.never : Effect.succeed({
            value: Redacted.make("the token"),
            session: "one",
            generation: ++asked,
            left: 60_000,
            freshFor: 50_000,
            scopes: undefined,
            subject: undefined,
            principal: undefined
          })
        )
      const refused = () => Effect.fail({ kind: "refused" })
      const handlers = SessionRpcs.toLayer({
        Hello: () => Effect.succeed({ oldest: 1, newest: 1, calls: ["AccessToken", "Events"] }),
        AccessToken: token,
        Renew: refused,
        Refresh: refused,
        State: refused,
        SignOut: refused,
        SignIn: refused,
        Events: () =>
          Stream.concat(
            Stream.make({ _tag: "Listening", account: "" }),
            Stream.fromEffect(Effect.as(Deferred.await(goOn), { _tag: "EverythingChanged", account: "" }))
          ).pipe(Stream.concat(Stream.never))
      })
      yield* Layer.build(
        RpcServer.layer(SessionRpcs).pipe(Layer.provide(handlers), Layer.provide(UnixSocket.layerServer(path)))
      )
      const { provider } = yield* ScriptedProvider.make<world.Credentials>()
      const sessions = yield* world.client(provider, { endpoints: [UnixSocket.endpoint(path, world.bearer)] })
      const accounts = yield* Effect.forEach(["anna", "ben", "carl"], sessions.get)
      const [anna, ben, carl] = yield* Effect.forEach(accounts, world.watched)
      const clock = yield* Effect.clock
      yield* Deferred.succeed(goOn, undefined)
      assert.isTrue(yield* soon(() => accounts.every((auth) => auth.unsafePeek(clock) === undefined)))
      assert.isAbove((yield* accounts[0]!.accessToken).generation, anna!.generation)
      assert.isAbove((yield* accounts[1]!.accessToken).generation, ben!.generation)
      isAway = true
      assert.strictEqual((yield* accounts[2]!.accessToken).generation, carl!.generation)
    }))
})
