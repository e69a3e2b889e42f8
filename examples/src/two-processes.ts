/**
 * Two processes share one member's session through an SQLite database: `tsx examples/src/two-processes.ts`. The parent
 * plays the server, whose access tokens live for two seconds and which ends a session when a refresh token comes twice.
 */
import * as Placewise from "@effect-auth/placewise/Placewise"
import { PlacewiseClient } from "@effect-auth/placewise/Placewise"
import { PlacewiseAuth } from "@effect-auth/placewise/PlacewiseAuth"
import * as SqliteTokenStore from "@effect-auth/store-sql/SqliteTokenStore"
import * as PlacewiseSandbox from "@effect-auth/testing/PlacewiseSandbox"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { layerClient, serve } from "./demo/http.ts"

// #region member
const member = (host: string, filename: string) =>
  Placewise.layer({
    host,
    club: PlacewiseSandbox.defaults.club,
    clientToken: Redacted.make(PlacewiseSandbox.defaults.clientToken),
    userAgent: "two-processes/1.0",
    productName: "sandbox"
  }, { account: "member-42" }).pipe(Layer.provide([SqliteTokenStore.layer({ filename }), layerClient]))

/** What each process does: it calls the API, and knows nothing of the other one. */
const work = Effect.gen(function*() {
  const client = yield* PlacewiseClient
  const call = Effect.flatMap(client.get("/members/me/rewards-program/status"), (response) => response.text)
  yield* Effect.repeat(call, Schedule.spaced("100 millis").pipe(Schedule.upTo("8 seconds")))
})
// #endregion

/** A copy of this program, as a process of its own. */
const child = (host: string, filename: string) =>
  Effect.acquireUseRelease(
    Effect.sync(() =>
      spawn(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), host, filename], {
        stdio: "inherit"
      })
    ),
    (running) => Effect.promise(() => once(running, "exit")),
    (running) => Effect.sync(() => running.kill("SIGKILL"))
  )

const parent = Effect.gen(function*() {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "two-processes-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  )
  const filename = join(folder, "store", "sessions.db")
  const sandbox = yield* PlacewiseSandbox.make({ tokens: { accessLifetime: "2 seconds", reuse: "revoke-family" } })
  const host = yield* serve(sandbox)
  const signIn = Effect.flatMap(PlacewiseAuth, (auth) =>
    auth.signIn({
      _tag: "Password",
      identifier: { email: "ola@example.com" },
      password: Redacted.make("correct horse")
    }))
  yield* Effect.provide(signIn, member(host, filename))
  yield* Effect.all([child(host, filename), child(host, filename)], { concurrency: 2 })
  const counters = yield* sandbox.counters
  const { granted, refused } = Sandbox.exchanges(counters, "refresh_token")
  yield* Console.log(`calls by status: ${JSON.stringify(counters.calls)}`)
  yield* Console.log(`refresh tokens: ${granted} exchanged, ${refused} refused, ${counters.spent} presented twice`)
})

const [host, filename] = process.argv.slice(2)

const program: Effect.Effect<void, unknown> = host === undefined || filename === undefined
  ? Effect.scoped(parent)
  : Effect.provide(work, member(host, filename))

NodeRuntime.runMain(program)
