/** Tries a write that changes nothing, so that a store that can't be written is refused when it is opened. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Effect from "effect/Effect"
import { ofStore } from "./failures.ts"
import type { Backend } from "./migrations.ts"
import type { Use } from "./records.ts"

/**
 * Fails if a right or a column is missing, or if the server is read-only. On SQLite only the columns are read, because
 * a write would wait for the lock of another process; files without rights are refused earlier.
 */
export const refuseUnwritable = (use: Use, table: string, backend: Backend): Effect.Effect<void, TokenStoreError> =>
  use((sql) =>
    sql.onDialectOrElse({
      pg: () =>
        sql`INSERT INTO ${sql(table)} (key, version, record) SELECT '', 0, '' WHERE false
ON CONFLICT (key) DO UPDATE SET version = 0, record = '', updated_at = CURRENT_TIMESTAMP`,
      mysql: () =>
        sql`INSERT INTO ${sql(table)} (${sql("key")}, version, record) SELECT '', 0, '' FROM DUAL WHERE 1 = 0
ON DUPLICATE KEY UPDATE version = 0, record = '', updated_at = CURRENT_TIMESTAMP(6)`,
      orElse: () => sql`SELECT key, version, record, seq, updated_at FROM ${sql(table)} LIMIT 0`
    })
  ).pipe(Effect.mapError(ofStore(backend, "open")), Effect.asVoid)
