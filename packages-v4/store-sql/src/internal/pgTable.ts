/** Checks that this role sees every row of the table, because PostgreSQL hides rows without an error. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Effect from "effect/Effect"
import { ofStore } from "./failures.ts"
import type { Use } from "./records.ts"

interface Rights {
  readonly missing: string | null
  readonly hidden: string | null
}

const rights = `WITH needed(command, letter) AS (VALUES ('SELECT', 'r'), ('INSERT', 'a'), ('UPDATE', 'w'))
SELECT
  (SELECT string_agg(command, ', ') FROM needed WHERE NOT has_table_privilege(found.oid, command)) AS missing,
  (SELECT string_agg(command, ', ') FROM needed WHERE row_security_active(found.oid) AND NOT EXISTS (
    SELECT 1 FROM pg_policy WHERE polrelid = found.oid AND polpermissive AND polcmd IN ('*', letter::"char")
      AND EXISTS (SELECT 1 FROM unnest(polroles) AS role WHERE role = 0 OR pg_has_role(role, 'USAGE'))
  )) AS hidden
FROM (SELECT to_regclass($1) AS oid) AS found`

/** Fails if a right is missing, or if row level security could hide a row, so that it looks like "no session". */
export const refuseHidden = (use: Use, table: string): Effect.Effect<void, TokenStoreError> =>
  use((sql) => sql.unsafe<Rights>(rights, [table])).pipe(
    Effect.mapError(ofStore("postgresql", "open")),
    Effect.flatMap(([row]) => {
      const fail = (detail: string) => ofStore("postgresql", "open", { reason: "permissions", detail })()
      if (row?.missing !== null && row?.missing !== undefined) {
        return fail(`this role has no right to ${row.missing} the table ${table}: grant it`)
      }
      if (row?.hidden !== null && row?.hidden !== undefined) {
        return fail(
          `row level security of the table ${table} has no policy for ${row.hidden} of this role: create one, or turn it off`
        )
      }
      return Effect.void
    })
  )
