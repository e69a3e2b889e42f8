/** One line on standard error for each request to a sandbox. Tokens appear as numbers, never as texts. */
import type * as Sandbox from "@effect-auth/testing/Sandbox"
import type * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Output from "../output.ts"

const time = (at: number): string => new Date(at).toTimeString().slice(0, 8)

const lineOf = (entry: Sandbox.Entry, sandbox: Pick<Sandbox.Sandbox, "name">): string => {
  const { access, at, fault, grant, issued, method, path, refresh, refused, revoked, sent, spent } = entry
  const notes = [
    access === undefined || access === "none" ? undefined : access,
    grant === undefined ? undefined : `grant ${grant}`,
    refresh,
    issued === undefined ? undefined : `issued pair ${issued}`,
    revoked === undefined ? undefined : `revoked ${revoked}`,
    spent === true ? "DOUBLE SPEND" : undefined,
    refused === undefined ? undefined : `refused: ${refused}`,
    fault === undefined ? undefined : `fault: ${fault}`
  ].filter((note) => note !== undefined)
  return `${time(at)} ${sandbox.name.padEnd(10)} ${sent ?? "---"} ${method} ${path}` +
    (notes.length === 0 ? "" : `  (${notes.join(", ")})`)
}

/** Prints until it is interrupted. */
export const follow = (sandbox: Sandbox.Sandbox): Effect.Effect<void> =>
  Stream.runForEach(sandbox.ended, (entry) => Output.say(lineOf(entry, sandbox)))
