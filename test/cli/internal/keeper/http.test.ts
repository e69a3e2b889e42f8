/** The keeper's HTTP server: what it answers while it closes, and how long that takes. */
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as SessionServer from "@effect-auth/remote/SessionServer"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as ChildProcess from "node:child_process"
import * as Net from "node:net"
import * as Path from "node:path"
import { serve } from "../../../../packages/cli/src/internal/keeper/http.ts"
import * as world from "../../../remote/world.ts"

const keeper = (tls: { readonly cert?: string; readonly key?: string } = {}) =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
    return yield* Effect.gen(function*() {
      const { script, sessions } = yield* Effect.provide(world.scripted(), TokenStore.layerMemory)
      yield* (yield* sessions.get("anna")).signIn(world.right)
      const kept = yield* SessionServer.fromSessions(sessions)
      const server = yield* SessionServer.make([kept], { callers: [world.goodCaller] })
      const where = { host: "127.0.0.1", port: 0, ...tls }
      return { script, scope, url: yield* serve(server, [kept], where) }
    }).pipe(Scope.extend(scope))
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

const closedWithin = (scope: Scope.CloseableScope, millis: number) =>
  Effect.gen(function*() {
    const [took] = yield* Effect.timed(
      Effect.timeoutOption(Effect.disconnect(Scope.close(scope, Exit.void)), millis + 2_000)
    )
    assert.isBelow(Duration.toMillis(took), millis)
  })

describe("a keeper over HTTP that closes", () => {
  it.scopedLive("a connection of which nothing came does not hold it up", () =>
    Effect.gen(function*() {
      const { scope, url } = yield* keeper()
      assert.include(yield* post(url, "AccessToken"), "access-1")
      yield* silent(url)
      yield* closedWithin(scope, 1_500)
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
      const { scope, url } = yield* keeper({ cert, key })
      yield* silent(url)
      yield* closedWithin(scope, 1_500)
    }), 15_000)

  it.scopedLive(
    "answers what is under way, and everything else with \"closing\" and 503",
    () =>
      Effect.gen(function*() {
        const { scope, script, url } = yield* keeper()
        yield* script.enqueue("refresh", ScriptedProvider.after("1 second"))
        const slow = yield* Effect.fork(post(url, "Refresh"))
        yield* Effect.sleep(200)
        const closing = yield* Effect.fork(Effect.disconnect(Scope.close(scope, Exit.void)))
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
