/** What an error of Redis becomes: a code, and never a command, an argument or a text of the server. */
import { TokenStoreError } from "@effect-auth/core/AuthError"
import type { RecordKey } from "@effect-auth/core/RecordKey"
import * as Predicate from "effect/Predicate"

export const isTimeout = (error: unknown): boolean => Predicate.isRecord(error) && error.message === "Command timed out"

/** An error reply begins with a code (`OOM`, `READONLY`, `NOAUTH`); an error of the socket has one. */
const codeOf = (error: unknown): string | undefined => {
  if (!Predicate.isRecord(error)) return undefined
  if (typeof error.code === "string" && /^[A-Z0-9_]{2,40}$/.test(error.code)) return error.code
  if (typeof error.message !== "string") return undefined
  if (isTimeout(error)) return "the command timed out"
  return /^[A-Z]{3,20}(?= )/.exec(error.message)?.[0]
}

export const replyCode = codeOf

export type Failure = (error: unknown) => TokenStoreError

/** The failure of a call about one record. */
export const ofRecord =
  (key: RecordKey, operation: "read" | "write" | "watch", reason: "unavailable" | "corrupt" = "unavailable"): Failure =>
  (error) =>
    new TokenStoreError({
      provider: key.provider,
      account: key.account,
      operation,
      reason,
      detail: typeof error === "string" ? error : codeOf(error) ?? "Redis did not answer"
    })

/** The failure of what is about no record: connecting, or asking for an owner. */
export const ofStore = (operation: "open" | "presence"): Failure => (error) =>
  new TokenStoreError({
    provider: "redis",
    account: "",
    operation,
    reason: "unavailable",
    detail: typeof error === "string" ? error : codeOf(error) ?? "Redis did not answer"
  })
