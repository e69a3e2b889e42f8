/** The keeper's HTTP server: what it answers while it closes, and how long that takes. */
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as SessionServer from "@effect-auth/remote/SessionServer"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as ChildProcess from "node:child_process"
import * as Net from "node:net"
import * as Path from "node:path"
import { serve } from "../../../../packages/cli/src/internal/keeper/http.ts"
import * as world from "../../../remote/world.ts"

/** It runs in a fiber that is interrupted to stop it, as a signal does. */
const keeper = (tls: { readonly cert?: string; readonly key?: string } = {}) =>
  Effect.gen(function*() {
    const { script, sessions } = yield* Effect.provide(world.scripted(), TokenStore.layerMemory)
    yield* (yield* sessions.get("anna")).signIn(world.right)
    const listens = yield* Deferred.make<string>()
    const fiber = yield* Effect.gen(function*() {
      const kept = yield* SessionServer.fromSessions(sessions)
      const server = yield* SessionServer.make([kept], { callers: [world.goodCaller] })
      const where = { host: "127.0.0.1", port: 0, ...tls }
      yield* Deferred.succeed(listens, yield* Effect.orDie(serve(server, [kept], where)))
      return yield* Effect.never
    }).pipe(Effect.scoped, Effect.forkDaemon)
    return { script, url: yield* Deferred.await(listens), stop: Fiber.interrupt(fiber) }
  })

const post = (url: string, tag: string) => {
  const payload = { provider: "scripted", realm: "test", account: "anna" }
  return Effect.promise(() =>
    fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${Redacted.value(world.bearer)}` },
      body: `${JSON.stringify({ _tag: "Request", id: "1", tag, payload, headers: [] })}\n`,
      signal: AbortSignal.timeout(3_000)
    }).then((answer) => answer.text(), () => "no answer")
  )
}

const silent = (url: string) =>
  Effect.promise(() => {
    const { hostname, port } = new URL(url)
    return new Promise<Net.Socket>((resolve) => {
      const connection = Net.connect(Number(port), hostname, () => resolve(connection))
      connection.on("error", () => {})
    })
  })

const endsWithin = (stop: Effect.Effect<unknown>, millis: number) =>
  Effect.gen(function*() {
    const [took] = yield* Effect.timed(Effect.timeoutOption(Effect.disconnect(stop), millis + 2_000))
    assert.isBelow(Duration.toMillis(took), millis)
  })

describe("a keeper over HTTP that closes", () => {
  it.scopedLive("a connection of which nothing came does not hold it up", () =>
    Effect.gen(function*() {
      const { stop, url } = yield* keeper()
      assert.include(yield* post(url, "AccessToken"), "access-1")
      yield* silent(url)
      yield* endsWithin(stop, 1_500)
    }), 15_000)

  it.scopedLive("nor does one that shook no hand over TLS", () =>
    Effect.gen(function*() {
      const folder = yield* world.folder
      const cert = Path.join(folder, "cert.pem")
      const key = Path.join(folder, "key.pem")
      ChildProcess.execFileSync("openssl", [
        ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost".split(" "),
        ...["-keyout", key, "-out", cert]
      ], { stdio: "ignore" })
      const { stop, url } = yield* keeper({ cert, key })
      yield* silent(url)
      yield* endsWithin(stop, 1_500)
    }), 15_000)

  it.scopedLive(
    "answers what is under way, and everything else with \"closing\" and 503",
    () =>
      Effect.gen(function*() {
        const { script, stop, url } = yield* keeper()
        yield* script.enqueue("refresh", ScriptedProvider.after("1 second"))
        const slow = yield* Effect.fork(post(url, "Refresh"))
        yield* Effect.sleep(200)
        const closing = yield* Effect.fork(stop)
        yield* Effect.sleep(100)
        assert.include(yield* post(url, "AccessToken"), "\"closing\"")
        const health = yield* Effect.promise(() => fetch(`${url}/health`))
        assert.strictEqual(health.status, 503)
        assert.include(yield* Fiber.join(slow), "access-2")
        yield* Fiber.join(closing)
      }),
    15_000
  )
})
