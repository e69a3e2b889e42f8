/** What fails in the store of a browser. */
import { TokenStoreError } from "../../AuthError.ts"
import type { RecordKey } from "../../RecordKey.ts"

/** Makes the failures of one operation; without a key, of setting the store up. */
export const failures = (operation: string, key?: RecordKey) => (detail: string) =>
  new TokenStoreError({
    provider: key?.provider ?? "",
    account: key?.account ?? "",
    operation,
    reason: "unavailable",
    detail
  })

/** The name of what the browser threw, such as `QuotaExceededError`: its message may quote what was stored. */
export const nameOf = (thrown: unknown): string => thrown instanceof Error ? thrown.name : "failed"
