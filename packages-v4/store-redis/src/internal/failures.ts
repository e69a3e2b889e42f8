/**
 * Turns an error of Redis into a `TokenStoreError` with a code, without commands, arguments and texts of the server.
 */
import { TokenStoreError } from "@effect-auth/core/AuthError"
import type { RecordKey } from "@effect-auth/core/RecordKey"
import * as Predicate from "effect/Predicate"

export const isTimeout = (error: unknown): boolean => Predicate.isObject(error) && error.message === "Command timed out"

/**
 * The code of an error: the first word of an error reply (`OOM`, `READONLY`, `NOAUTH`), or the code of a socket error.
 */
const codeOf = (error: unknown): string | undefined => {
  if (!Predicate.isObject(error)) return undefined
  if (typeof error.code === "string" && /^[A-Z0-9_]{2,40}$/.test(error.code)) return error.code
  if (typeof error.message !== "string") return undefined
  if (isTimeout(error)) return "the command timed out"
  // An error of a script has the code ERR. The words are those of Redis 6, 7.0 and 7.2.
  if (/-NOPERM |The user executing the script can't|ACL failure in script/.test(error.message)) return "NOPERM"
  return /^[A-Z]{3,20}(?= )/.exec(error.message)?.[0]
}

export const replyCode = codeOf

export type Failure = (error: unknown) => TokenStoreError

/** Makes the failure of a call about one record. */
export const ofRecord = (key: RecordKey, operation: "read" | "write" | "erase"): Failure => (error) =>
  new TokenStoreError({
    provider: key.provider,
    account: key.account,
    operation,
    reason: "unavailable",
    detail: typeof error === "string" ? error : codeOf(error) ?? "Redis did not answer"
  })

/** Makes the failure of a call without a record: connecting, asking for an owner, listing, a pending sign-in. */
export const ofStore = (operation: "open" | "presence" | "scan" | "read" | "write"): Failure => (error) =>
  new TokenStoreError({
    provider: "redis",
    account: "",
    operation,
    reason: "unavailable",
    detail: typeof error === "string" ? error : codeOf(error) ?? "Redis did not answer"
  })

/** Makes the failure of wrong settings of this store or of the server. */
export const misconfigured = (detail: string, operation: "open" | "scan" = "open"): TokenStoreError =>
  new TokenStoreError({ provider: "redis", account: "", operation, reason: "misconfigured", detail })

/** Answers and errors that a new connection does not change, and what to do. */
const lasting: ReadonlyArray<readonly [code: RegExp, advice: string]> = [
  [/^(?:WRONGPASS|NOAUTH)$/, "user or password is wrong or missing"],
  [/^NOPERM$/, "the user has too few rights (the README lists them)"],
  [/^ENOTFOUND$/, "no such host"],
  [
    /^(?:EPROTO|ERR_SSL_\w+|ERR_TLS_\w+)$/,
    "the server has no TLS, or another version of it; rediss:// is for TLS only"
  ],
  [
    /^(?:CERT_\w+|\w+_CERT(?:IFICATE)?(?:_\w+)?|UNABLE_TO_\w+|\w+_SIGNATURE(?:_\w+)?)$/,
    "the certificate is not trusted"
  ],
  [/^(?:ENOENT|EACCES|ENOTDIR|ENOTSOCK)$/, "the socket can't be opened"]
]

/** The reason why a new connection can't help; `undefined` if it can. */
export const refusal = (error: unknown): string | undefined => {
  const code = codeOf(error)
  const advice = lasting.find(([pattern]) => pattern.test(code ?? ""))?.[1]
  if (advice !== undefined) return `${advice} (${code})`
  const message = Predicate.isObject(error) ? error.message : undefined
  return typeof message === "string" && /^Protocol error, got /.test(message)
    ? "the server at this address is not Redis"
    : undefined
}
