/** What a database's error becomes: a code, and never a statement, a parameter or a text of the server. */
import { TokenStoreError } from "@effect-auth/core/AuthError"
import type { RecordKey } from "@effect-auth/core/RecordKey"
import * as Predicate from "effect/Predicate"

/** The code of a driver's error, such as `SQLITE_BUSY`, `57P01` or `ECONNREFUSED`. */
export const codeOf = (error: unknown, depth = 0): string | undefined => {
  if (!Predicate.isRecord(error)) return undefined
  if (typeof error.code === "string" && /^[A-Z0-9_]{2,40}$/.test(error.code)) return error.code
  return depth < 3 ? codeOf(error.cause, depth + 1) : undefined
}

/** What the file holds is no database, or not a whole one. */
export const isDamage = (code: string | undefined): boolean =>
  code !== undefined && (code.startsWith("SQLITE_CORRUPT") || code.startsWith("SQLITE_NOTADB"))

/** Nothing was written, and the same statement can win in a moment: locked, or a serialization failure. */
export const isContention = (error: unknown): boolean => {
  const code = codeOf(error)
  return code !== undefined &&
    (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED") || code === "40001" || code === "40P01")
}

/** The failure of a call about one record. */
export const ofRecord =
  (key: RecordKey, operation: "read" | "write" | "watch") => (error: unknown): TokenStoreError => {
    const code = codeOf(error)
    return new TokenStoreError({
      provider: key.provider,
      account: key.account,
      operation,
      reason: isDamage(code) ? "corrupt" : "unavailable",
      detail: code ?? "the database did not answer"
    })
  }

/** The failure of what is about no record: opening the store, or asking for an owner. */
export const ofStore =
  (backend: string, operation: string, more: Partial<Pick<TokenStoreError, "reason" | "detail">> = {}) =>
  (error?: unknown): TokenStoreError => {
    const code = codeOf(error)
    return new TokenStoreError({
      provider: backend,
      account: "",
      operation,
      reason: more.reason ?? (isDamage(code) ? "corrupt" : "unavailable"),
      detail: more.detail ?? code ?? "the database did not answer"
    })
  }
