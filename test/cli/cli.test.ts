/** The everyday path: sign in, use the token in another program. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import { filesOf, patience, place, placewise } from "./program.ts"

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

  it.scopedLive("prints help that names every command", () =>
    Effect.gen(function*() {
      const { run } = yield* place
      const help = yield* run(["--help"])
      expect(help.code).toBe(0)
      for (const name of ["sign-in", "token", "status", "refresh", "sign-out", "call", "sandbox"]) {
        expect(help.stdout).toMatch(new RegExp(`^  ${name} `, "m"))
      }
      const signIn = yield* run(["sign-in", "priava", "--help"])
      expect(signIn.stdout).toContain("effect-auth sign-in priava [options]")
      expect(signIn.stdout).toContain("EFFECT_AUTH_PRIAVA_CLIENT_SECRET")

      expect(signIn.stdout).not.toMatch(/\u001b/)
      expect((yield* run(["help"])).stdout).toBe(help.stdout)
      expect((yield* run(["help", "sign-in", "priava"])).stdout).toBe(signIn.stdout)
      expect(yield* run(["-v"])).toEqual(yield* run(["--version"]))
      expect((yield* run(["-v"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    }), patience)
})
