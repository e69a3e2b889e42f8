/** In a real terminal: `script` of util-linux runs the program in a pseudo-terminal. */
import * as Faults from "@effect-auth/testing/Faults"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as ChildProcess from "node:child_process"
import { patience, type Place, place, placewise, program } from "./program.ts"

const isThere = ChildProcess.spawnSync("script", ["--version"]).stdout?.includes("util-linux") === true

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

interface Typing {
  /** What has to be on the screen first. */
  readonly after: string
  readonly type: string
}

/** Types into the program's terminal, and tells what its screen showed. */
const inTerminal = ({ env }: Place, args: ReadonlyArray<string>, typing: ReadonlyArray<Typing>) =>
  Effect.async<{ readonly code: number | null; readonly screen: string }>((resume) => {
    const command = [process.execPath, ...program, ...args].map(quoted).join(" ")
    const child = ChildProcess.spawn("script", ["-qefc", command, "/dev/null"], {
      env: { ...env, TERM: "xterm-256color", SHELL: "/bin/sh" }
    })
    const left = [...typing]
    let screen = ""
    let seen = 0
    child.stdout.on("data", (chunk) => {
      screen += String(chunk)
      const next = left[0]
      const at = next === undefined ? -1 : screen.indexOf(next.after, seen)
      if (next === undefined || at < 0) return
      seen = at + next.after.length
      left.shift()
      child.stdin.write(next.type)
    })
    child.on("close", (code) => resume(Effect.succeed({ code, screen })))
    child.stdin.on("error", () => {})
    return Effect.sync(() => child.kill("SIGKILL"))
  })

describe.skipIf(!isThere && process.env["CI"] !== "true")("in a terminal", () => {
  it.scopedLive("asks for secrets without showing them, and shows that it is at work", () =>
    Effect.gen(function*() {
      const here = yield* place
      const { flags, sandbox } = yield* placewise()
      yield* sandbox.faults.next("sign-in", Faults.delay("1500 millis"))
      const { code, screen } = yield* inTerminal(here, ["sign-in", "placewise", ...flags], [
        { after: "client token (not shown): ", type: "sandbox-client-tokenX\u007f\r" },
        { after: "password (not shown): ", type: "mistyped\u0015correct horse\r" }
      ])
      expect(code).toBe(0)
      expect(screen).toContain("placewise default: signed in")
      expect(screen).toContain("placewise: signing in …")
      for (const typed of ["sandbox-client", "correct", "horse", "mistyped", "*"]) expect(screen).not.toContain(typed)
      // Nothing at all between the question and the next one, not even a sign for each letter.
      expect(screen).toMatch(/^placewise: client token \(not shown\): \r\nplacewise: password \(not shown\): \r\n/)
    }), patience)

  it.scopedLive("Ctrl-C at a question ends it, with nothing sent", () =>
    Effect.gen(function*() {
      const here = yield* place
      const { flags, sandbox } = yield* placewise()
      const { code } = yield* inTerminal(here, ["sign-in", "placewise", ...flags], [
        { after: "client token (not shown): ", type: "half a sec\u0003" }
      ])
      expect(code).toBe(130)
      expect((yield* sandbox.counters).requests).toBe(0)
    }), patience)
})
