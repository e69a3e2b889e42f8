/** What goes wrong, and what happens at once: each exit code, races, tampering, a real terminal. */
import * as Faults from "@effect-auth/testing/Faults"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as ChildProcess from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { filesOf, patience, pitchpoint, place, placewise, program } from "./program.ts"

const tagOf = (stderr: string): string => JSON.parse(stderr.trim().split("\n").at(-1) ?? "")._tag

describe("exit codes", () => {
  it.scopedLive("2, 3, 13, 15 and 16: the sign-in can't be made", () =>
    Effect.gen(function*() {
      const { home, run } = yield* place
      const { flags, sandbox, url } = yield* placewise()
      const signIn = ["sign-in", "placewise", "--json"]
      const closed = "http://127.0.0.1:1"

      const [flag, provider, lines, secret, password, client, down] = yield* Effect.all([
        run([...signIn, "--host", url, "--stdin"], { stdin: "a\nb\n" }),
        run(["token", "nobody"]),
        run([...signIn, ...flags, "--stdin"], { stdin: "only one\n" }),
        run([...signIn, ...flags]),
        run([...signIn, ...flags, "--stdin"], { stdin: "sandbox-client-token\nwrong horse\n" }),
        run([...signIn, ...flags, "--stdin"], { stdin: "another-client-token\ncorrect horse\n" }),
        run([...signIn, ...flags.map((flag) => flag === url ? closed : flag), "--stdin"], {
          stdin: "sandbox-client-token\ncorrect horse\n"
        })
      ], { concurrency: 2 })

      expect([flag.code, tagOf(flag.stderr)]).toEqual([2, "UsageError"])
      expect(flag.stderr).toContain("EFFECT_AUTH_PLACEWISE_CLUB")
      expect(provider.code).toBe(2)
      expect([lines.code, tagOf(lines.stderr)]).toEqual([2, "UsageError"])
      expect([secret.code, tagOf(secret.stderr)]).toEqual([3, "SecretMissing"])
      expect(secret.stderr).toContain("EFFECT_AUTH_PLACEWISE_CLIENT_TOKEN")
      expect([password.code, tagOf(password.stderr)]).toEqual([13, "TokenRequestRejected"])
      expect([client.code, tagOf(client.stderr)]).toEqual([15, "AuthMisconfigured"])
      expect([down.code, tagOf(down.stderr)]).toEqual([16, "ProviderUnavailable"])
      for (const { stderr, stdout } of [flag, lines, secret, password, client, down]) {
        expect(stdout).toBe("")
        for (const text of ["wrong horse", "correct horse", "client-token\n", "another-client-token", "only one"]) {
          expect(stderr).not.toContain(text)
        }
      }
      // A refused password leaves the options behind, and no secret and no session.
      const kept = JSON.parse(Fs.readFileSync(Path.join(home, "accounts", "placewise.default.json"), "utf8"))
      expect(kept).toMatchObject({ options: { club: "infinity-mall" }, sealed: {}, signedIn: false })
      expect((yield* sandbox.counters).requests).toBe(2)
    }), patience)

  it.scopedLive("11, 15, 16, 22: the session or the call ends badly", () =>
    Effect.gen(function*() {
      const { run } = yield* place
      const { flags, sandbox, secrets } = yield* placewise()
      yield* run(["sign-in", "placewise", ...flags, "--stdin"], { stdin: secrets })

      const elsewhere = yield* run(["call", "placewise", "GET", "http://127.0.0.1:1/members/me", "--json"])
      expect([elsewhere.code, tagOf(elsewhere.stderr)]).toEqual([15, "AuthMisconfigured"])

      yield* sandbox.faults.next("api", Faults.status(404))
      const missing = yield* run(["call", "placewise", "GET", "/members/me/rewards-program/status", "--json"])
      expect([missing.code, tagOf(missing.stderr)]).toEqual([22, "HttpStatus"])
      expect(JSON.parse(missing.stdout)).toMatchObject({ status: 404 })

      yield* sandbox.faults.next("api", Faults.reset("before"))
      const broken = yield* run(["call", "placewise", "GET", "/members/me/rewards-program/status", "--json"])
      expect([broken.code, tagOf(broken.stderr)]).toEqual([16, "CallFailed"])

      yield* sandbox.revokeAll
      const dead = yield* run(["refresh", "placewise", "--json"])
      expect([dead.code, tagOf(dead.stderr)]).toEqual([11, "RefreshTokenRejected"])
      for (const ended of [elsewhere, missing, broken, dead]) {
        expect(ended.stderr).not.toMatch(/c0ffee|sandbox-client-token|correct horse/)
      }
    }), patience)

  it.scopedLive("17: the key is gone, another key, an altered account, an open folder", () =>
    Effect.gen(function*() {
      const { home, run } = yield* place
      const { flags, sandbox, secrets } = yield* placewise()
      yield* run(["sign-in", "placewise", ...flags, "--stdin"], { stdin: secrets })
      const before = (yield* sandbox.counters).requests

      const EFFECT_AUTH_KEY = Buffer.alloc(32, 7).toString("base64")
      const other = yield* run(["status", "--json"], { env: { EFFECT_AUTH_KEY } })
      expect([other.code, tagOf(other.stderr)]).toEqual([17, "TokenStoreError"])
      expect(JSON.parse(other.stdout)).toMatchObject([{ state: "Unreadable", reason: "missing-key" }])

      // Whoever can change the host must not be sent the client token.
      const file = Path.join(home, "accounts", "placewise.default.json")
      const account = JSON.parse(Fs.readFileSync(file, "utf8"))
      const altered = { ...account, options: { ...account.options, host: "http://127.0.0.1:1" } }
      Fs.writeFileSync(file, JSON.stringify(altered))
      const moved = yield* run(["refresh", "placewise", "--json"])
      expect(moved.code).toBe(17)
      expect(JSON.parse(moved.stderr)).toMatchObject({ _tag: "TokenStoreError", reason: "tampered" })

      Fs.rmSync(Path.join(home, "key"))
      const gone = yield* run(["status", "--json"])
      expect(JSON.parse(gone.stderr)).toMatchObject({ _tag: "TokenStoreError", reason: "missing-key" })
      expect(Fs.existsSync(Path.join(home, "key"))).toBe(false)

      const open = Path.join(Path.dirname(home), "open")
      Fs.mkdirSync(open, { mode: 0o755 })
      Fs.writeFileSync(Path.join(open, "notes.txt"), "")
      const refused = yield* run(["sign-in", "placewise", ...flags, "--stdin", "--json", "--store", open], {
        stdin: secrets
      })
      expect(JSON.parse(refused.stderr)).toMatchObject({ _tag: "TokenStoreError", reason: "permissions" })
      expect(Fs.readdirSync(open)).toEqual(["notes.txt"])
      expect((yield* sandbox.counters).requests).toBe(before)
    }), patience)
})

describe("arguments and streams", () => {
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
})

describe("at once and again", () => {
  it.scopedLive(
    "nothing that is printed or kept tells a secret, and signing out revokes",
    () =>
      Effect.gen(function*() {
        const { home, printed, run } = yield* place
        const { flags, sandbox, secrets } = yield* placewise()
        yield* run(["sign-in", "placewise", ...flags, "--stdin", "--log-level", "trace"], { stdin: secrets })
        yield* sandbox.expireAccessTokens
        const call = yield* run(["call", "placewise", "GET", "/members/me/rewards-program/status"])
        expect(JSON.parse(call.stdout)).toMatchObject({ membership: true, balance: 120 })
        expect(Sandbox.exchanges(yield* sandbox.counters, "refresh_token")).toMatchObject({ granted: 1, refused: 0 })

        const status = yield* run(["status", "--json"])
        expect(JSON.parse(status.stdout)).toEqual([
          expect.objectContaining({ provider: "placewise", account: "default", state: "Active", freshness: "fresh" })
        ])
        expect((yield* run(["status"])).stdout).toMatch(
          /\nplacewise +127\.0\.0\.1:\d+\/infinity-mall +default +active +23 h/
        )
        expect((yield* run(["refresh", "placewise", "--log-level", "trace"])).stdout).toContain("refreshed, 23 h")

        for (const file of filesOf(home)) {
          const text = Fs.readFileSync(file, "latin1")
          for (const secret of ["sandbox-client-token", "correct horse", "-c0ffee"]) {
            expect([file, text.includes(secret)]).toEqual([file, false])
          }
        }
        const signedOut = yield* run(["sign-out", "placewise", "--json", "--log-level", "trace"])
        expect(JSON.parse(signedOut.stdout)).toMatchObject({ revocation: "revoked" })
        expect((yield* sandbox.counters).revocations).toBeGreaterThan(0)
        expect((yield* run(["token", "placewise"])).code).toBe(10)
        expect(printed()).not.toMatch(/sandbox-client-token|correct horse|c0ffee/)
      }),
    patience
  )

  it.scopedLive("two tokens at once from an expired one: one exchange, one token", () =>
    Effect.gen(function*() {
      const { run } = yield* place
      const { flags, sandbox, secrets } = yield* placewise({ accessLifetime: "5 seconds" })
      yield* run(["sign-in", "placewise", ...flags, "--stdin"], { stdin: secrets })
      yield* Effect.sleep("5 seconds")
      yield* sandbox.faults.next("refresh", Faults.delay("2 seconds"))
      const both = yield* Effect.all([run(["token", "placewise"]), run(["token", "placewise"])], { concurrency: 2 })
      expect(both.map((ended) => ended.code)).toEqual([0, 0])
      expect(both[0].stdout).toBe("placewise-access-3-c0ffee\n")
      expect(both[1].stdout).toBe(both[0].stdout)
      const { exchanges, spent } = yield* sandbox.counters
      expect(exchanges["refresh_token"]).toEqual({ granted: 1, refused: 0, unhandled: 0 })
      expect(spent).toBe(0)
    }), patience)

  it.scopedLive("first use at once makes one key", () =>
    Effect.gen(function*() {
      const { run } = yield* place
      const { flags, secrets } = yield* pitchpoint()
      const signIn = (account: string) =>
        run(["sign-in", "pitchpoint", ...flags, "--account", account, "--stdin"], { stdin: secrets })
      const both = yield* Effect.all([signIn("a"), signIn("B")], { concurrency: 2 })
      expect(both.map((ended) => ended.code)).toEqual([0, 0])
      const status = yield* run(["status", "--json"])
      expect(JSON.parse(status.stdout)).toMatchObject([
        { account: "B", state: "Active" },
        { account: "a", state: "Active" }
      ])
      const which = yield* run(["token", "pitchpoint", "--json"])
      expect([which.code, tagOf(which.stderr)]).toEqual([2, "UsageError"])
      expect((yield* run(["token", "pitchpoint", "--account", "B"])).stdout).toMatch(/^pitchpoint-access-\d+-c0ffee\n$/)
    }), patience)

  it.scopedLive(
    "options and client token are remembered; a password in the environment signs in again",
    () =>
      Effect.gen(function*() {
        const { run } = yield* place
        const placewiseServer = yield* placewise()
        const first = yield* run(["sign-in", "placewise", ...placewiseServer.flags, "--stdin"], {
          stdin: placewiseServer.secrets
        })
        expect(first.code).toBe(0)
        const again = yield* run(["sign-in", "placewise", "--stdin"], { stdin: "correct horse\n" })
        expect(again).toMatchObject({ code: 0, stderr: "" })
        const other = yield* run(["sign-in", "placewise", "--host", "http://127.0.0.1:1", "--stdin"], {
          stdin: "correct horse\n"
        })
        // The kept client token is not for another host: it is asked for again.
        expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("client token, then password")])
        const second = yield* run(["sign-in", "placewise", "--club", "other-mall", "--stdin"], {
          stdin: "correct horse\n"
        })
        expect([second.code, second.stderr]).toEqual([2, expect.stringContaining("sign it out first")])

        const service = yield* pitchpoint({ refreshLifetime: "none", accessLifetime: "1 second" })
        yield* run(["sign-in", "pitchpoint", ...service.flags, "--stdin"], { stdin: service.secrets })
        yield* Effect.sleep("1 second")
        expect((yield* run(["token", "pitchpoint"])).code).toBe(10)
        const env = { EFFECT_AUTH_PITCHPOINT_PASSWORD: "correct horse" }
        expect((yield* run(["token", "pitchpoint"], { env })).code).toBe(0)
        expect(Sandbox.exchanges(yield* service.sandbox.counters, "password").granted).toBe(2)

        expect((yield* run(["sign-out", "placewise", "--forget"])).code).toBe(0)
        const left = yield* run(["status", "--json"])
        expect(JSON.parse(left.stdout).map((account: { readonly provider: string }) => account.provider)).toEqual([
          "pitchpoint"
        ])
      }),
    patience
  )

  it.scopedLive("a body from standard input reaches the server", () =>
    Effect.gen(function*() {
      const { run } = yield* place
      const { flags, sandbox, secrets } = yield* pitchpoint()
      yield* run(["sign-in", "pitchpoint", ...flags, "--stdin"], { stdin: secrets })
      const path = "/riskinsight-services-ws/resources/v1/orders/query"
      const good = yield* run(["call", "pitchpoint", "post", path, "--data", "@-"], { stdin: "{\"limit\":7}" })
      expect([good.code, JSON.parse(good.stdout)]).toEqual([0, expect.objectContaining({ results: [] })])
      const bad = yield* run(["call", "pitchpoint", "POST", path, "-d", "not json", "-H", "X-Trace: 1"])
      expect(bad.code).toBe(22)
      expect((yield* sandbox.counters).calls).toMatchObject({ 200: 1 })
    }), patience)
})
