import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { paced } from "../support/processes/pace.ts"
import type { WorkerConfig } from "../support/processes/protocol.ts"
import { bundledScript, sqliteStore } from "../support/processes/suite.ts"
import { startWorker } from "../support/processes/workers.ts"
import { startOidcServer } from "./oidcServer.ts"
import { adopted } from "./standardProvider.ts"

const script = bundledScript(new URL("./oidcWorker.ts", import.meta.url))

const processes = 4
const lifetimes = 6

describe("four processes at an independent strict server (oidc-provider)", () => {
  it.scopedLive("keep one rotating session for six lifetimes", () =>
    Effect.gen(function*() {
      const store = yield* sqliteStore
      const failures: Array<string> = []
      let calls = 0
      const start = (name: string, issuer: string) => {
        const config: WorkerConfig = {
          name,
          store,
          host: issuer,
          accounts: [],
          every: 200,
          refresh: { mode: "scheduled", deadline: 10_000, commitPatience: 3_000, claimTtl: 20_000 }
        }
        return startWorker(script(), config, (message) => {
          if (message.said === "worked") calls += message.calls
          if (message.said === "failed" && isWatching) {
            failures.push(message.result.ok ? `HTTP ${message.result.status}` : message.result.tag)
          }
        })
      }
      let isWatching = false
      const probe = yield* startOidcServer(60)
      const [, pace] = yield* Effect.scoped(paced(start("probe", probe.issuer)))
      const lifetime = Math.ceil(2 * pace)
      const server = yield* startOidcServer(lifetime)
      yield* Effect.forEach(
        Array.from({ length: processes }),
        (_, index) => start(`p${index}`, server.issuer),
        { concurrency: "unbounded" }
      )
      yield* adopted(store, server.issuer, yield* server.mint, lifetime)
      yield* Effect.sleep(500)
      isWatching = true
      yield* Effect.sleep(lifetimes * lifetime * 1_000)
      console.log(
        `oidc-provider, SQLite: ${processes} processes, ${lifetimes} lifetimes of ${lifetime} s, `
          + `${server.seen.exchanges} exchanges, ${server.seen.refused} refused, ${server.seen.revokedGrants} grants revoked, ${calls} calls`
      )
      assert.deepStrictEqual(failures, [], "no call fails")
      assert.strictEqual(server.seen.refused, 0)
      assert.strictEqual(server.seen.revokedGrants, 0)
      assert.isAtLeast(server.seen.exchanges, 5)
      assert.isAtMost(server.seen.exchanges, Math.ceil(lifetimes / 0.7) + 1)
      assert.isAbove(calls, 0)
    }), 240_000)
})
