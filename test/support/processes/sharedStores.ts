/** The stores on a shared backend, each run with names of its own there that are removed after it. */
import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import { Redis } from "ioredis"
import * as Mysql from "mysql2/promise"
import pg from "pg"
import * as backends from "../stores/backends.ts"
import type { StoreSpec } from "../stores/spec.ts"

let runs = 0

const removeKeys = async (url: string, prefix: string) => {
  const redis = new Redis(url)
  const keys = await redis.keys(`${prefix}*`)
  if (keys.length > 0) await redis.del(keys)
  redis.disconnect()
}

const removeTable = async (url: string, table: string) => {
  const client = new pg.Client(url)
  await client.connect()
  await client.query(`DROP TABLE IF EXISTS "${table}", "${table}_migrations"`)
  await client.end()
}

const redisStore = (url: string) =>
  Effect.acquireRelease(
    Effect.sync((): StoreSpec & { readonly kind: "redis" } => ({
      kind: "redis",
      url,
      prefix: `${backends.runName}_${++runs}`
    })),
    ({ prefix }) => Effect.promise(() => removeKeys(url, prefix))
  )

export const postgresStore = (url: string) =>
  Effect.acquireRelease(
    Effect.sync((): StoreSpec & { readonly kind: "postgres" } => ({
      kind: "postgres",
      url,
      table: `${backends.runName}_${++runs}`
    })),
    ({ table }) => Effect.promise(() => removeTable(url, table))
  )

const mysqlStore = (url: string) =>
  Effect.acquireRelease(
    Effect.sync((): StoreSpec & { readonly kind: "mysql" } => ({
      kind: "mysql",
      url,
      table: `${backends.runName}_${++runs}`
    })),
    ({ table }) =>
      Effect.promise(async () => {
        const client = await Mysql.createConnection(url)
        await client.query(`DROP TABLE IF EXISTS ${table}, ${table}_migrations`)
        await client.end()
      })
  )

export interface SharedStore {
  readonly name: string
  readonly isSkipped: boolean
  readonly store: Effect.Effect<StoreSpec, never, Scope>
}

export const sharedStores = async (): Promise<ReadonlyArray<SharedStore>> => {
  const [mysql, postgres, redis] = await Promise.all([backends.mysql(), backends.postgres(), backends.redis()])
  return [
    { name: "PostgreSQL", isSkipped: postgres.isSkipped, store: postgresStore(postgres.url) },
    { name: "MySQL", isSkipped: mysql.isSkipped, store: mysqlStore(mysql.url) },
    { name: "Redis", isSkipped: redis.isSkipped, store: redisStore(redis.url) }
  ]
}
