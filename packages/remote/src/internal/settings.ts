/** Checks what a program was given. A fault names a position, and never a text, which may be a secret in the wrong place. */
import { AuthMisconfigured } from "@effect-auth/core/AuthError"
import * as Effect from "effect/Effect"
import type { Caller } from "../Callers.ts"
import type { Kept } from "../SessionServer.ts"

export const misconfigured = (operation: "serve" | "connect", errorDescription: string): AuthMisconfigured =>
  new AuthMisconfigured({ provider: "keeper", account: "", operation, reason: "options", errorDescription })

const faultOfCallers = (callers: ReadonlyArray<Caller>): string | undefined => {
  const owners = new Map<string, number>()
  for (const [index, { bearers }] of callers.entries()) {
    for (const [place, bearer] of bearers.entries()) {
      const digest = bearer.trim().toLowerCase()
      if (!/^[0-9a-f]{64}$/.test(digest)) {
        return `bearer ${place + 1} of caller ${index + 1} has to be its SHA-256 digest in 64 hexadecimal digits`
      }
      const owner = owners.get(digest) ?? index
      if (owner !== index) return `callers ${owner + 1} and ${index + 1} have the same bearer: give each one its own`
      owners.set(digest, index)
    }
  }
  return undefined
}

const faultOfKept = (kept: ReadonlyArray<Kept>): string | undefined => {
  for (const [index, { provider, realm }] of kept.entries()) {
    const before = kept.findIndex((other) => other.provider === provider && other.realm === realm)
    if (before < index) return `sessions ${before + 1} and ${index + 1} are of the same provider and realm`
  }
  return undefined
}

const faultOfLimits = (limits: Readonly<Record<string, number>>): string | undefined => {
  const wrong = Object.keys(limits).find((name) => !(limits[name]! >= 0))
  return wrong === undefined ? undefined : `${wrong} has to be a number of 0 or more`
}

export const checked = (
  kept: ReadonlyArray<Kept>,
  callers: ReadonlyArray<Caller>,
  limits: Readonly<Record<string, number>>
): Effect.Effect<void, AuthMisconfigured> => {
  const fault = faultOfKept(kept) ?? faultOfCallers(callers) ?? faultOfLimits(limits)
  return fault === undefined ? Effect.void : Effect.fail(misconfigured("serve", fault))
}
