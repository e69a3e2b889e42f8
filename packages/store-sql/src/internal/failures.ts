/**
 * Turns an error of a database into a `TokenStoreError` with a code, without statements, parameters and texts of the
 * server.
 */
import { TokenStoreError } from "@effect-auth/core/AuthError"
import type { RecordKey } from "@effect-auth/core/RecordKey"
import * as Predicate from "effect/Predicate"

/** The code of a driver's error, such as `SQLITE_BUSY`, `57P01` or `ECONNREFUSED`. */
export const codeOf = (error: unknown, depth = 0): string | undefined => {
  if (!Predicate.isRecord(error)) return undefined
  // The driver of PostgreSQL gives this error no code.
  if (error.message === "The server does not support SSL connections") return "NO_TLS"
  if (typeof error.code === "string" && /^[A-Z0-9_]{2,40}$/.test(error.code)) return error.code
  return depth < 3 ? codeOf(error.cause, depth + 1) ?? codeOf(error.reason, depth + 1) : undefined
}

/** Whether the file is not a database, or is damaged. */
export const isDamage = (code: string | undefined): boolean =>
  code !== undefined && (code.startsWith("SQLITE_CORRUPT") || code.startsWith("SQLITE_NOTADB"))

/** Whether the table is not there. SQLite has no code for this, only words. */
export const isMissing = (error: unknown, depth = 0): boolean =>
  Predicate.isRecord(error) && depth < 5 && (
    error.code === "42P01" || error.code === "ER_NO_SUCH_TABLE" || /no such table/.test(String(error.message)) ||
    isMissing(error.cause, depth + 1) || isMissing(error.reason, depth + 1)
  )

/** Whether nothing was written and the same statement can succeed in a moment: a lock, or a serialization failure. */
export const isContention = (error: unknown): boolean => {
  const code = codeOf(error)
  return code !== undefined &&
    (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED") || code === "40001" || code === "40P01" ||
      code === "ER_LOCK_DEADLOCK" || code === "ER_LOCK_WAIT_TIMEOUT" || code === "ER_CHECKREAD")
}

/** The failure of this module inside an error of the client. */
export const ownOf = (error: unknown, depth = 0): TokenStoreError | undefined =>
  error instanceof TokenStoreError
    ? error
    : Predicate.isRecord(error) && depth < 3
    ? ownOf(error.cause, depth + 1) ?? ownOf(error.reason, depth + 1)
    : undefined

const otherColumns = "the table has other columns than this store needs: give the name of another table"

/** The meaning of each code, and what to do. */
const words: Readonly<Record<string, string>> = {
  FILE_REPLACED: "the database's file was deleted or replaced while it was open; the next call opens what is there now",
  NO_CONNECTION:
    "NO_CONNECTION: the database did not answer in time. If the call is inside a transaction of the application, move it outside: the transaction may hold the only connection",
  ECONNREFUSED: "ECONNREFUSED: no server listens at this host and port",
  ENOTFOUND: "ENOTFOUND: there is no host of this name",
  NO_TLS: "NO_TLS: the server has no TLS: set it up there, or leave out ssl",
  HANDSHAKE_NO_SSL_SUPPORT: "HANDSHAKE_NO_SSL_SUPPORT: the server has no TLS: set it up there, or leave out ssl",
  HANDSHAKE_SSL_ERROR:
    "HANDSHAKE_SSL_ERROR: TLS failed: the certificate is not trusted, or is for another name (ssl: { ca })",
  ERR_TLS_CERT_ALTNAME_INVALID: "ERR_TLS_CERT_ALTNAME_INVALID: the certificate is for another name",
  "28P01": "28P01: PostgreSQL refused the user or the password",
  "28000": "28000: PostgreSQL refuses this user from this host (pg_hba.conf)",
  "3D000": "3D000: PostgreSQL has no database of this name",
  "3F000": "3F000: the schema of the table does not exist: create it",
  "42P01":
    "42P01: the table does not exist: drop its migrations table too (its name ends with _migrations), and open the store again",
  "42703": `42703: ${otherColumns}`,
  "42804": `42804: ${otherColumns}`,
  "42P10": `42P10: ${otherColumns}`,
  ER_BAD_FIELD_ERROR: `ER_BAD_FIELD_ERROR: ${otherColumns}`,
  SQLITE_ERROR: `SQLITE_ERROR: SQLite refused a statement; perhaps ${otherColumns}`,
  "42501": "42501: this role lacks a right: grant it, or use a table in a schema of its own",
  "53300": "53300: PostgreSQL has no free connection: lower maxConnections, or raise max_connections of the server",
  ER_ACCESS_DENIED_ERROR: "ER_ACCESS_DENIED_ERROR: MySQL refused the user, the password, or this user from this host",
  ER_DBACCESS_DENIED_ERROR: "ER_DBACCESS_DENIED_ERROR: this user has no right to use the database: grant it",
  ER_TABLEACCESS_DENIED_ERROR: "ER_TABLEACCESS_DENIED_ERROR: this user lacks a right on the table: grant it",
  ER_BAD_DB_ERROR: "ER_BAD_DB_ERROR: MySQL has no database of this name",
  ER_CON_COUNT_ERROR:
    "ER_CON_COUNT_ERROR: MySQL has no free connection: lower maxConnections, or raise max_connections of the server",
  ER_NO_SUCH_TABLE:
    "ER_NO_SUCH_TABLE: the table does not exist: drop its migrations table too (its name ends with _migrations), and open the store again",
  "25006": "25006: this server is read-only: connect to the primary",
  ER_OPTION_PREVENTS_STATEMENT: "ER_OPTION_PREVENTS_STATEMENT: this server is read-only: connect to the primary",
  ER_READ_ONLY_MODE: "ER_READ_ONLY_MODE: this server is read-only: connect to the primary",
  ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION:
    "ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION: transactions on this server are read-only: connect to the primary",
  LOG_REPLACED: "the database's log (-wal) was deleted while it was open: start this process again"
}

const said = (code: string | undefined): string =>
  code === undefined ? "the database did not answer" : words[code] ?? code

/** Whether the server has no free connection. One may be free in a moment. */
export const isFull = (error: unknown): boolean =>
  fullCodes.some((code) => codeOf(error) === code || (error instanceof TokenStoreError && error.detail === words[code]))

const fullCodes = ["53300", "ER_CON_COUNT_ERROR", "ER_TOO_MANY_USER_CONNECTIONS"]

const readOnlyCodes = [
  "25006",
  "ER_OPTION_PREVENTS_STATEMENT",
  "ER_READ_ONLY_MODE",
  "ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION"
]

/** Whether the server is read-only. After a failover a new connection may lead to the new primary. */
export const isReadOnly = (error: unknown): boolean => readOnlyCodes.includes(codeOf(error) ?? "")

/** Makes the failure of a call about one record. */
export const ofRecord =
  (key: RecordKey, operation: "read" | "write" | "erase") => (error: unknown): TokenStoreError => {
    const code = codeOf(error)
    const own = ownOf(error)
    return new TokenStoreError({
      provider: key.provider,
      account: key.account,
      operation,
      reason: own?.reason ?? (isDamage(code) ? "corrupt" : "unavailable"),
      detail: own?.detail ?? said(code)
    })
  }

/** Codes that come again until a setting, the server or the table is changed. */
const lasting: ReadonlyArray<readonly [reason: "misconfigured" | "permissions", codes: RegExp]> = [
  ["permissions", /^(42501|ER_(TABLE|COLUMN)ACCESS_DENIED_ERROR)$/],
  ["misconfigured", /^(28000|28P01|3D000|3F000|ER_(DB)?ACCESS_DENIED\w*|ER_BAD_DB_ERROR)$/],
  ["misconfigured", /^(42P01|42703|42804|42P10|ER_NO_SUCH_TABLE|ER_BAD_FIELD_ERROR|SQLITE_ERROR)$/],
  ["misconfigured", /^(NO_TLS|HANDSHAKE_NO_SSL_SUPPORT|ERR_TLS_\w+|CERT_\w+|\w+_CERT(_\w+)?|UNABLE_TO_\w+)$/]
]

/** Only at opening. In a later call such a code may pass, because an administrator is changing something: it can be tried again. */
const reasonAtOpen = (operation: string, code: string | undefined) =>
  operation === "open" || operation === "migrate"
    ? lasting.find(([, codes]) => codes.test(code ?? ""))?.[0] ?? "unavailable"
    : "unavailable"

/** Makes the failure of a call without a record: opening the store, or asking for an owner. */
export const ofStore =
  (backend: string, operation: string, more: Partial<Pick<TokenStoreError, "reason" | "detail">> = {}) =>
  (error?: unknown): TokenStoreError => {
    const code = codeOf(error)
    const own = ownOf(error)
    return new TokenStoreError({
      provider: backend,
      account: "",
      operation,
      reason: more.reason ?? own?.reason ?? (isDamage(code) ? "corrupt" : reasonAtOpen(operation, code)),
      detail: more.detail ?? own?.detail ?? said(code)
    })
  }
