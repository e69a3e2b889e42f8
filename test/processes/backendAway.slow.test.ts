import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import pg from "pg"
import { type Backend, backendAway } from "../support/processes/away.ts"
import { startProxy } from "../support/processes/proxy.ts"
import { postgresStore } from "../support/processes/sharedStores.ts"
import { workerScript } from "../support/processes/suite.ts"
import * as backends from "../support/stores/backends.ts"
import { isInstalled, redisServer } from "../support/stores/redisServer.ts"

const script = workerScript()
const postgres = await backends.postgres()
const isRedisMissing = process.env.CI !== "true" && !isInstalled

const runs = (title: string, backend: Effect.Effect<Backend, never, Scope>) =>
  it.scopedLive(title, () =>
    Effect.map(
      Effect.flatMap(backend, (backend) => backendAway(script(), backend)),
      ({ exchanges, pace, refusals, served }) =>
        console.log(
          `${title}: ${served} calls served, ${refusals} refused, ${exchanges} exchanges (pace ${pace.toFixed(1)})`
        )
    ), 240_000)

describe.skipIf(isRedisMissing)("Redis away for two seconds in the middle of a refresh", () => {
  runs(
    "killed, and started again with what it had written",
    Effect.map(redisServer, (server) => ({
      store: { kind: "redis", url: server.url, prefix: "away" },
      isSilent: true,
      away: Effect.acquireRelease(server.kill, () => server.start)
    }))
  )
  runs(
    "stopped, and going on",
    Effect.map(redisServer, (server) => ({
      store: { kind: "redis", url: server.url, prefix: "away" },
      isSilent: true,
      away: Effect.acquireRelease(server.pause, () => server.resume)
    }))
  )
})

/** The database as seen through a proxy, under a name of its own. */
const through = (port: number, name: string) => {
  const url = new URL(postgres.url)
  url.hostname = "127.0.0.1"
  url.port = String(port)
  url.searchParams.set("application_name", name)
  return url.href
}

/** Ends the connections of that name, again and again. */
const terminating = (name: string) =>
  Effect.gen(function*() {
    const client = yield* Effect.acquireRelease(
      Effect.promise(async () => {
        const client = new pg.Client(postgres.url)
        await client.connect()
        return client
      }),
      (client) => Effect.promise(() => client.end())
    )
    const end = Effect.promise(() =>
      client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", [name])
    )
    yield* end
    yield* Effect.forkScoped(Effect.forever(Effect.zipRight(end, Effect.sleep(20))))
  })

describe.skipIf(postgres.isSkipped)("PostgreSQL away for two seconds in the middle of a refresh", () => {
  const target = new URL(postgres.url)
  const proxy = startProxy({ target: { host: target.hostname, port: Number(target.port || 5432) } })
  const store = Effect.flatMap(proxy, (proxy) =>
    Effect.map(postgresStore(postgres.url), (store) => {
      const name = `away_${store.table}`.slice(0, 60)
      return { proxy, name, store: { ...store, url: through(proxy.port, name) } }
    }))
  runs(
    "cut off",
    Effect.map(store, ({ proxy, store }) => ({
      store,
      isSilent: true,
      away: Effect.acquireRelease(proxy.sever, () => proxy.restore)
    }))
  )
  runs(
    "ending every connection",
    Effect.map(store, ({ name, store }) => ({ store, isSilent: false, away: terminating(name) }))
  )
})
