/** Lists the names of rows with the index of the primary key. */
import * as RecordKey from "@effect-auth/core/RecordKey"
import * as RecordPages from "@effect-auth/core/RecordPages"
import type * as TokenStore from "@effect-auth/core/TokenStore"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as SqlClient from "effect/sql/SqlClient"
import { ofStore } from "./failures.ts"
import type { Use } from "./records.ts"
import { digested } from "./rowKey.ts"

interface Named {
  readonly key: string
}

/** Digests come after all other names in the listing. No record key begins like a digest. */
const isDigested = (after: string | undefined): boolean => after?.startsWith(digested) === true && !after.includes("/")

export const makeScan = (use: Use, table: string): NonNullable<TokenStore.Service["scan"]> => (prefix, page) =>
  Effect.gen(function*() {
    const range = yield* RecordPages.check(prefix, page)
    const first = isDigested(range.after) ? { keys: [] } : RecordPages.fromSorted(
      yield* use((sql) => names(sql, table, range)),
      range.limit
    )
    if (first.next !== undefined) return first
    const limit = range.limit - first.keys.length
    if (limit === 0) return { ...first, next: digested }
    const rows = yield* use((sql) => longOnes(sql, table, { ...range, limit }))
    const some = rows.slice(0, limit)
    const last = some[some.length - 1]
    return {
      keys: [...first.keys, ...some.flatMap(({ record }) => keyIn(record, range.begin))],
      ...(rows.length > limit && last !== undefined ? { next: last.key } : {})
    }
  }).pipe(Effect.catchTag("SqlError", (error) => Effect.fail(ofStore("sql", "scan")(error))))

/** Byte order, because PostgreSQL's default order depends on a language. */
const ordered = (sql: SqlClient.SqlClient) =>
  sql.onDialectOrElse({ pg: () => sql`key COLLATE "C"`, orElse: () => sql`${sql("key")}` })

const names = (sql: SqlClient.SqlClient, table: string, { after, begin, limit }: RecordPages.Range) => {
  const key = ordered(sql)
  const isBehind = after !== undefined && after >= begin ? sql`${key} > ${after}` : sql`${key} >= ${begin}`
  // Names are ASCII, so all names with the prefix come before the prefix with 0x7f.
  const isWithin = sql`${isBehind} AND ${key} < ${`${begin}\x7f`}`
  return Effect.map(
    sql<Named>`SELECT ${sql("key")} FROM ${
      sql(table)
    } WHERE ${isWithin} AND NOT (${key} >= ${digested} AND ${key} < ${"sha256;"})
ORDER BY ${key} LIMIT ${limit + 1}`,
    (rows) => rows.map((row) => row.key)
  )
}

/** The rows with digests. Only their records hold the keys. */
const longOnes = (sql: SqlClient.SqlClient, table: string, { after, limit }: RecordPages.Range) => {
  const key = ordered(sql)
  return sql<Named & { readonly record: string }>`SELECT ${sql("key")}, record FROM ${sql(table)}
WHERE ${key} > ${isDigested(after) ? after : digested} AND ${key} < ${"sha256;"} ORDER BY ${key} LIMIT ${limit + 1}`
}

const keyIn = (record: string, begin: string): ReadonlyArray<RecordKey.RecordKey> => {
  const found = parsed(record)
  if (!Predicate.isObject(found)) return []
  const { account, provider, realm } = found
  if (typeof account !== "string" || typeof provider !== "string" || typeof realm !== "string") return []
  return RecordKey.toString({ provider, realm, account }).startsWith(begin) ? [{ provider, realm, account }] : []
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
