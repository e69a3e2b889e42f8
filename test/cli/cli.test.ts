/** The everyday path: sign in, use the token in another program. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as ChildProcess from "node:child_process"
import * as Fs from "node:fs"
import { filesOf, patience, place, placewise, program } from "./program.ts"

const secrets = ["sandbox-client-token", "correct horse"]

describe("effect-auth", () => {
  it.scopedLive(
    "signs in, and hands out a token that works: on standard output, and nowhere else",
    () =>
      Effect.gen(function*() {
        const { home, printed, run } = yield* place
        const { flags, secrets: stdin, url } = yield* placewise()

        const nobody = yield* run(["token", "placewise", "--json"])
        expect(nobody.code).toBe(10)
        expect(nobody.stdout).toBe("")
        expect(JSON.parse(nobody.stderr)).toMatchObject({ _tag: "SignInRequired", provider: "placewise" })
        expect(Fs.existsSync(home)).toBe(false)

        const signedIn = yield* run(["sign-in", "placewise", ...flags, "--stdin", "--json"], { stdin })
        expect(signedIn).toMatchObject({ code: 0, stderr: "" })
        expect(JSON.parse(signedIn.stdout)).toMatchObject({ provider: "placewise", account: "default" })

        const token = yield* run(["token", "placewise"])
        expect(token).toEqual({ code: 0, stdout: "placewise-access-1-c0ffee\n", stderr: "" })
        const answer = yield* Effect.promise(() =>
          fetch(`${url}/v3/infinity-mall/members/me/rewards-program/status`, {
            headers: {
              Authorization: `Bearer ${token.stdout.trim()}`,
              "X-Client-Authorization": "sandbox-client-token",
              "X-User-Agent": "curl",
              "X-Product-Name": "sandbox"
            }
          })
        )
        expect(answer.status).toBe(200)

        for (const file of filesOf(home)) {
          expect([file, Fs.statSync(file).mode & 0o777]).toEqual([file, 0o600])
          const text = Fs.readFileSync(file, "latin1")
          for (const secret of [...secrets, "-c0ffee"]) expect([file, text.includes(secret)]).toEqual([file, false])
        }

        for (const secret of secrets) expect(printed()).not.toContain(secret)
        expect(printed().match(/-c0ffee/g)).toHaveLength(1)
      }),
    patience
  )

  it.scopedLive("takes no secret from the arguments, and does not repeat it", () =>
    Effect.gen(function*() {
      const { run } = yield* place
      const [long, short] = yield* Effect.all([
        run(["sign-in", "pitchpoint", "--username", "service@example.com", "--password=hunter2hunter2"]),
        run(["sign-in", "pitchpoint", "--username", "service@example.com", "--client-token", "hunter2hunter2"])
      ], { concurrency: 2 })
      for (const ended of [long, short]) {
        expect(ended).toMatchObject({ code: 2, stdout: "" })
        expect(ended.stderr).toContain("not taken from arguments")
        expect(ended.stderr).not.toContain("hunter2")
      }
    }), patience)

  it.scopedLive(
    "a fault of the arguments is told as JSON where that is asked for, and names the providers",
    () =>
      Effect.gen(function*() {
        const { run } = yield* place
        const [option, choice, secret, provider] = yield* Effect.all([
          run(["token", "placewise", "--bogus", "--json"]),
          run(["token", "nobody", "--json"]),
          run(["sign-in", "pitchpoint", "--json", "--password=hunter2hunter2"]),
          run(["sign-in", "nobody", "--json"])
        ], { concurrency: 2 })
        for (const ended of [option, choice, secret, provider]) {
          expect(ended).toMatchObject({ code: 2, stdout: "" })
          expect(JSON.parse(ended.stderr)).toEqual({ _tag: "UsageError", message: expect.any(String) })
        }
        expect(option.stderr).toContain("--bogus")
        for (const { stderr } of [choice, provider]) {
          expect(stderr).toContain("placewise, priava, pitchpoint, wallet-app")
        }
      }),
    patience
  )

  it.scopedLive("a reader that goes away ends it quietly; a disk that is full is told", () =>
    Effect.gen(function*() {
      const { env } = yield* place
      const into = (stdout: "pipe" | number, args: ReadonlyArray<string>) =>
        Effect.async<{ readonly code: number | null; readonly stderr: string }>((resume) => {
          const child = ChildProcess.spawn(process.execPath, [...program, ...args], {
            env,
            stdio: ["ignore", stdout, "pipe"]
          })
          let stderr = ""
          child.stdout?.destroy()
          child.stderr?.on("data", (chunk) => stderr += String(chunk))
          child.on("close", (code) => resume(Effect.succeed({ code, stderr })))
        })
      for (const args of [["--help"], ["status"], ["call", "--help"]]) {
        expect([args, yield* into("pipe", args)]).toEqual([args, { code: 0, stderr: "" }])
      }
      if (!Fs.existsSync("/dev/full")) return
      const full = Fs.openSync("/dev/full", "w")
      expect((yield* into(full, ["--help"])).code).toBe(1)
      expect(yield* into(full, ["status"])).toMatchObject({ code: 1, stderr: expect.stringContaining("ENOSPC") })
      Fs.closeSync(full)
    }), patience)

  it.scopedLive("prints help that names every command", () =>
    Effect.gen(function*() {
      const { run } = yield* place
      const help = yield* run(["--help"])
      expect(help.code).toBe(0)
      for (const name of ["sign-in", "token", "status", "refresh", "sign-out", "call", "sandbox"]) {
        expect(help.stdout).toMatch(new RegExp(`^  ${name} `, "m"))
      }
      const signIn = yield* run(["sign-in", "priava", "--help"])
      expect(signIn.stdout).toContain("$ effect-auth sign-in priava")
      expect(signIn.stdout).toContain("EFFECT_AUTH_PRIAVA_CLIENT_SECRET")

      expect(signIn.stdout).not.toMatch(/\u001b/)

      // One provider a line, not all of its options before what it is.
      expect((yield* run(["sign-in", "--help"])).stdout).toMatch(/^ {2}- wallet-app {2}Sign in as/m)
    }), patience)
})
