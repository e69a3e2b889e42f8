/** One store measured, in a process of its own. */
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as RedisTokenStore from "@effect-auth/store-redis/RedisTokenStore"
import * as PostgresTokenStore from "@effect-auth/store-sql/PostgresTokenStore"
import * as SqliteTokenStore from "@effect-auth/store-sql/SqliteTokenStore"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { Store, Times } from "./stores.ts"
import * as stub from "./stub.ts"

const rounds = 300
const warmUp = 50

const account = `${process.pid}-${performance.timeOrigin}`

const layerOf = (store: Store): Layer.Layer<TokenStore.TokenStore, unknown> => {
  switch (store.kind) {
    case "memory":
      return TokenStore.layerMemory
    case "sqlite":
      return SqliteTokenStore.layer({ filename: store.filename })
    case "postgres":
      return PostgresTokenStore.layer({ url: Redacted.make(store.url), table: "effect_auth_bench" })
    case "redis":
      return RedisTokenStore.layer({ url: Redacted.make(store.url), timeToLive: "1 minute" })
  }
}

/** It answers at once, with refresh tokens that end in a minute, so that Redis forgets them. */
const provider: AuthProvider<unknown> = {
  ...stub.provider,
  refresh: () =>
    Effect.map(stub.provider.signIn({}), (tokens) => ({ ...tokens, refreshExpiresAt: Date.now() + 60_000 }))
}

const key = { provider: "bench", realm: "stores", account }

/** As long as those of real servers. */
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

const measure = Effect.fnUntraced(function*<E>(call: (round: number) => Effect.Effect<unknown, E>) {
  const times: Array<number> = []
  for (let round = 0; round < rounds; round++) {
    const since = performance.now()
    yield* call(round)
    if (round >= warmUp) times.push(performance.now() - since)
  }
  return times
})

const program = Effect.gen(function*() {
  const store = yield* TokenStore.TokenStore
  const auth = yield* AuthService.make(provider, { account, refresh: { mode: "onDemand" } })
  yield* auth.signIn({})
  const times: Times = {
    refresh: yield* measure(() => auth.refresh),
    write: yield* measure((round) => store.compareAndSet(key, round, record(round + 1))),
    read: yield* measure(() => store.get(key))
  }
  return times
})

const store = JSON.parse(process.argv[2] ?? "") as Store

const result = await Effect.runPromise(
  program.pipe(
    Effect.scoped,
    Effect.provide(layerOf(store)),
    Effect.catchAll((error) => Effect.succeed(String(error)))
  )
)
process.send?.(result, () => process.exit(0))
