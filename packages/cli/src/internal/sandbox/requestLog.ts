/** One line on standard error for each request to a sandbox. Tokens appear as numbers, never as texts. */
import type * as Sandbox from "@effect-auth/testing/Sandbox"
import type * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Output from "../output.ts"

/** A longer part of a path may be a token that somebody put there. */
const longestSegment = 40

const segment = (text: string, sandbox: Pick<Sandbox.Sandbox, "authority">): string =>
  text.length > longestSegment || sandbox.authority.describe(text) !== "unknown" ? "…" : text

const pathOf = (path: string, sandbox: Pick<Sandbox.Sandbox, "authority">): string =>
  path.split("/").map((part) => segment(part, sandbox)).join("/")

const time = (at: number): string => new Date(at).toTimeString().slice(0, 8)

export const lineOf = (entry: Sandbox.Entry, sandbox: Pick<Sandbox.Sandbox, "authority" | "name">): string => {
  const { access, at, fault, grant, issued, method, path, refresh, refused, revoked, sent, spent } = entry
  const notes = [
    access === undefined || access === "none" ? undefined : access,
    grant === undefined ? undefined : `grant ${grant.slice(0, longestSegment)}`,
    refresh,
    issued === undefined ? undefined : `issued pair ${issued}`,
    revoked === undefined ? undefined : `revoked ${revoked}`,
    spent === true ? "DOUBLE SPEND" : undefined,
    refused === undefined ? undefined : `refused: ${refused}`,
    fault === undefined ? undefined : `fault: ${fault}`
  ].filter((note) => note !== undefined)
  return `${time(at)} ${sandbox.name.padEnd(10)} ${sent ?? "---"} ${method} ${pathOf(path, sandbox)}` +
    (notes.length === 0 ? "" : `  (${notes.join(", ")})`)
}

/** Prints until it is interrupted. */
export const follow = (sandbox: Sandbox.Sandbox): Effect.Effect<void> =>
  Stream.runForEach(sandbox.ended, (entry) => Output.say(lineOf(entry, sandbox)))
