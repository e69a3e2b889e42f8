/**
 * What one write and one read of a token store cost, in milliseconds: what a refresh pays beside its exchange (one write
 * to claim, one to commit). `DATABASE_URL` and `REDIS_URL` say where the servers are.
 */
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as RedisTokenStore from "@effect-auth/store-redis/RedisTokenStore"
import * as PostgresTokenStore from "@effect-auth/store-sql/PostgresTokenStore"
import * as SqliteTokenStore from "@effect-auth/store-sql/SqliteTokenStore"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"

const rounds = 300
const warmUp = 50

const key = { provider: "bench", realm: "stores", account: `${process.pid}-${performance.timeOrigin}` }

const record = (version: number): SessionRecord.SessionRecord => ({
  ...SessionRecord.empty(key),
  version,
  state: { _tag: "active" },
  tokens: {
    accessToken: Redacted.make("a".repeat(800)),
    refreshToken: Redacted.make("r".repeat(200)),
    obtainedAt: 0,
    lifetime: 3_600_000,
    refreshExpiresAt: 0
  }
})

const quantile = (times: ReadonlyArray<number>, part: number) =>
  ([...times].sort((left, right) => left - right)[Math.floor(times.length * part)] ?? NaN).toFixed(2)

const measure = Effect.fnUntraced(function*<E>(call: (round: number) => Effect.Effect<unknown, E>) {
  const times: Array<number> = []
  for (let round = 0; round < rounds; round++) {
    const since = performance.now()
    yield* call(round)
    if (round >= warmUp) times.push(performance.now() - since)
  }
  return `p50 ${quantile(times, 0.5)}  p95 ${quantile(times, 0.95)}`
})

const bench = (name: string, layer: Layer.Layer<TokenStore.TokenStore, unknown>) =>
  Effect.gen(function*() {
    const store = yield* TokenStore.TokenStore
    const write = yield* measure((round) => store.compareAndSet(key, round, record(round + 1)))
    const read = yield* measure(() => store.get(key))
    console.log(`${name.padEnd(10)}  compareAndSet ${write}    get ${read}`)
  }).pipe(
    Effect.provide(layer),
    Effect.catchAll((error) => Effect.sync(() => console.log(`${name.padEnd(10)}  ${String(error)}`)))
  )

const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-auth-bench-"))

await Effect.runPromise(Effect.ensuring(
  Effect.all([
    bench("memory", TokenStore.layerMemory),
    bench("SQLite", SqliteTokenStore.layer({ filename: Path.join(folder, "sessions.db") })),
    bench(
      "Redis",
      RedisTokenStore.layer({
        url: Redacted.make(process.env.REDIS_URL ?? "redis://127.0.0.1:6379"),
        timeToLive: "1 minute"
      })
    ),
    bench(
      "PostgreSQL",
      PostgresTokenStore.layer({
        url: Redacted.make(process.env.DATABASE_URL ?? "postgres://postgres@127.0.0.1:5432/test"),
        table: "effect_auth_bench"
      })
    )
  ]),
  Effect.sync(() => Fs.rmSync(folder, { recursive: true, force: true }))
))
