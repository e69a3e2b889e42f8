/** Where a command could wait for ever, or end with a stack trace. */
import { describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as ChildProcess from "node:child_process"
import * as Fs from "node:fs"
import { type Ended, patience, pitchpoint, place, program } from "./program.ts"

/** Longer than any wait that the program allows itself, with the start of a process. */
const soon = Duration.seconds(60)

const ending = (run: Effect.Effect<Ended>) =>
  Effect.timeoutTo(run, {
    duration: soon,
    onSuccess: (ended) => ended,
    onTimeout: (): Ended => ({ code: null, stdout: "", stderr: "it did not end" })
  })

const stackTrace = /\n\s+at .*:\d+/

describe("it ends", () => {
  it.scopedLive("with a home where no folder can be made", () =>
    Effect.gen(function*() {
      if (!Fs.existsSync("/proc/self")) return expect(process.platform).not.toBe("linux")
      const { run } = yield* place
      const { flags, sandbox, secrets: stdin } = yield* pitchpoint()
      const env = { HOME: "/proc", EFFECT_AUTH_HOME: "", XDG_CONFIG_HOME: "" }
      const status = yield* ending(run(["status"], { env }))
      expect(status).toMatchObject({ code: 0, stdout: expect.stringContaining("no accounts") })
      const signIn = yield* ending(run(["sign-in", "pitchpoint", ...flags, "--stdin"], { env, stdin }))
      expect(signIn).toMatchObject({ code: 17, stdout: "" })
      expect(signIn.stderr).toContain("/proc/.config/effect-auth: it can't be made there (ENOENT)")
      expect(signIn.stderr).toContain("EFFECT_AUTH_HOME")
      expect((yield* sandbox.counters).requests).toBe(0)
    }), patience)

  it.scopedLive(
    "with a pipe that stays open: as soon as its lines are there, else with a message",
    () =>
      Effect.gen(function*() {
        const { run } = yield* place
        const { flags, sandbox, secrets: stdin } = yield* pitchpoint()
        const signIn = ["sign-in", "pitchpoint", ...flags, "--stdin"]
        const [enough, none, half, body] = yield* Effect.all(
          [
            run([...signIn], { stdin, isPipeLeftOpen: true }),
            run([...signIn, "--account", "none"], { isPipeLeftOpen: true }),
            run([...signIn, "--account", "half"], { stdin: "correct ho", isPipeLeftOpen: true }),
            run(["call", "pitchpoint", "POST", "/x", "--data", "@-"], { isPipeLeftOpen: true })
          ].map(ending),
          { concurrency: 2 }
        )
        expect(enough).toMatchObject({ code: 0, stderr: "" })
        for (const waited of [none, half, body]) {
          expect(waited).toMatchObject({ code: 2, stdout: "" })
          expect(waited?.stderr).toContain("waiting for standard input")
          expect(waited?.stderr).toContain("the pipe is still open")
          expect(waited?.stderr).not.toContain("correct ho")
        }
        expect((yield* sandbox.counters).requests).toBe(1)
      }),
    patience
  )

  it.scopedLive("without a terminal, whatever would ask there", () =>
    Effect.gen(function*() {
      const { run } = yield* place
      for (const args of [["--wizard"], ["status", "--wizard"], ["sign-in", "pitchpoint", "--wizard"]]) {
        expect([args, yield* ending(run(args, { isPipeLeftOpen: true }))]).toMatchObject([args, {
          code: 2,
          stdout: ""
        }])
      }
      const asked = yield* ending(run(["sign-in", "pitchpoint", "--username", "a"], { isPipeLeftOpen: true }))
      expect(asked).toMatchObject({ code: 3, stderr: expect.stringContaining("EFFECT_AUTH_PITCHPOINT_PASSWORD") })
    }), patience)
})

describe("standard input", () => {
  it.scopedLive(
    "a byte order mark is no part of a password, and UTF-16 is read where it says so",
    () =>
      Effect.gen(function*() {
        const { run } = yield* place
        const { flags, secrets } = yield* pitchpoint()
        const signIn = (stdin: Uint8Array) => run(["sign-in", "pitchpoint", ...flags, "--stdin"], { stdin })
        expect((yield* signIn(Buffer.from(`\ufeff${secrets}`))).code).toBe(0)
        expect((yield* signIn(Buffer.from(`\ufeff${secrets}`, "utf16le"))).code).toBe(0)
        const other = yield* signIn(Buffer.from("correct h\u00f6rse\n", "latin1"))
        expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining("neither UTF-8 nor UTF-16") })
        const more = yield* signIn(Buffer.from(`${secrets}${secrets}`))
        expect(more).toMatchObject({ code: 2, stderr: expect.stringContaining("must hold one line") })
      }),
    patience
  )
})

describe("a full disk", () => {
  it.scopedLive("is said in one line, by every command", () =>
    Effect.gen(function*() {
      if (!Fs.existsSync("/dev/full")) return expect(process.platform).not.toBe("linux")
      const { env, run } = yield* place
      const { flags, secrets: stdin } = yield* pitchpoint()
      expect((yield* run(["sign-in", "pitchpoint", ...flags, "--stdin"], { stdin })).code).toBe(0)
      const path = "/riskinsight-services-ws/resources/v1/orders/query"
      const full = Fs.openSync("/dev/full", "w")
      const into = (args: ReadonlyArray<string>) =>
        Effect.async<{ readonly code: number | null; readonly stderr: string }>((resume) => {
          const child = ChildProcess.spawn(process.execPath, [...program, ...args], {
            env,
            stdio: ["ignore", full, "pipe"]
          })
          let stderr = ""
          child.stderr?.on("data", (chunk) => stderr += String(chunk))
          child.on("close", (code) => resume(Effect.succeed({ code, stderr })))
        })
      const commands = [
        ["--help"],
        ["--version"],
        ["token", "--help"],
        ["token", "pitchpoint"],
        ["status", "--json"],
        ["call", "pitchpoint", "POST", path, "-d", "{}"],
        ["--completions", "bash"]
      ]
      for (const args of commands) {
        const ended = yield* into(args)
        expect([args, ended.code]).toEqual([args, 1])
        expect(ended.stderr).toContain("the disk is full (ENOSPC)")
        expect(ended.stderr).not.toMatch(stackTrace)
        expect(ended.stderr.trim().split("\n")).toHaveLength(1)
      }
      Fs.closeSync(full)
    }), patience)
})
