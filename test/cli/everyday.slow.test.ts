/** The everyday commands, and their messages when something goes wrong. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as ChildProcess from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { fill } from "./internal/many.ts"
import { filesOf, patience, pitchpoint, place, placewise, program, walletApp } from "./program.ts"

const query = "/riskinsight-services-ws/resources/v1/orders/query"

describe("signing in", () => {
  it.scopedLive("the options are kept after a wrong password, and nothing else", () =>
    Effect.gen(function*() {
      const { home, run } = yield* place
      const { flags, secrets: stdin } = yield* placewise()
      const signIn = ["sign-in", "placewise", ...flags, "--stdin"]
      const wrong = yield* run(signIn, { stdin: "sandbox-client-token\nwrong horse\n" })
      expect(wrong).toMatchObject({ code: 13, stderr: expect.stringContaining("the options are kept") })
      for (const file of filesOf(Path.join(home, "accounts"))) {
        expect(Fs.readFileSync(file, "utf8")).not.toMatch(/wrong horse|sandbox-client-token/)
      }
      expect((yield* run(["token", "placewise"])).code).toBe(10)
      const again = yield* run(["sign-in", "placewise", "--stdin"], { stdin })
      expect(again).toMatchObject({ code: 0, stderr: "" })
      // An account that somebody is signed in to stays as it is.
      const file = Path.join(home, "accounts", "placewise.default.json")
      const before = Fs.readFileSync(file, "utf8")
      const later = yield* run(["sign-in", "placewise", "--locale", "no", "--stdin"], { stdin: "wrong horse\n" })
      expect(later.code).toBe(13)
      expect(Fs.readFileSync(file, "utf8")).toBe(before)
    }), patience)

  it.scopedLive("a connection that fails names host, port and cause", () =>
    Effect.gen(function*() {
      const { run } = yield* place
      const { flags, secrets: stdin, url } = yield* pitchpoint()
      expect((yield* run(["sign-in", "pitchpoint", ...flags, "--stdin"], { stdin })).code).toBe(0)
      const unused = ChildProcess.execFileSync(process.execPath, [
        "-e",
        "const s=require('net').createServer().listen(0,'127.0.0.1',()=>{console.log(s.address().port);s.close()})"
      ]).toString().trim()
      const to = (host: string, ...more: ReadonlyArray<string>) =>
        run(["sign-in", "pitchpoint", "--account", "x", "--host", host, "--username", "a", "--stdin", ...more], {
          stdin
        })
      const refused = yield* to(`http://127.0.0.1:${unused}`)
      expect(refused.code).toBe(16)
      expect(refused.stderr).toContain(`127.0.0.1:${unused}: the connection was refused (ECONNREFUSED)`)
      const unknown = yield* to("https://nobody.invalid", "--json")
      expect(JSON.parse(unknown.stderr)).toMatchObject({
        _tag: "ProviderUnavailable",
        detail: expect.stringMatching(/^nobody\.invalid:443: .*\((ENOTFOUND|EAI_AGAIN)\)$/)
      })
      const noTls = yield* to(url.replace("http:", "https:"))
      expect(noTls.stderr).toMatch(/127\.0\.0\.1:\d+: the server does not speak TLS there/)
    }), patience)

  it.scopedLive(
    "a refresh of a session without a refresh token says that the token lives",
    () =>
      Effect.gen(function*() {
        const { run } = yield* place
        const { flags, secrets: stdin } = yield* walletApp()
        expect((yield* run(["sign-in", "wallet-app", ...flags, "--stdin"], { stdin })).code).toBe(0)
        const refresh = yield* run(["refresh", "wallet-app"])
        expect(refresh).toMatchObject({ code: 10, stdout: "" })
        expect(refresh.stderr).toContain("the access token lives on")
        expect(refresh.stderr).not.toContain("expired")
        expect((yield* run(["token", "wallet-app"])).code).toBe(0)
      }),
    patience
  )
})

describe("from the environment alone", () => {
  it.scopedLive("a token, in each form, and a call: nothing is kept", () =>
    Effect.gen(function*() {
      const { home, run } = yield* place
      const { sandbox, url } = yield* pitchpoint()
      const env = {
        EFFECT_AUTH_PITCHPOINT_HOST: url,
        EFFECT_AUTH_PITCHPOINT_USERNAME: "service@example.com",
        EFFECT_AUTH_PITCHPOINT_PASSWORD: "correct horse"
      }
      expect(yield* run(["token", "pitchpoint"], { env })).toEqual({
        code: 0,
        stdout: "pitchpoint-access-1-c0ffee\n",
        stderr: ""
      })
      const kubectl = yield* run(["token", "pitchpoint", "--format", "kubectl"], { env })
      expect(JSON.parse(kubectl.stdout)).toMatchObject({ kind: "ExecCredential", status: { token: /-c0ffee$/ } })
      const call = yield* run(["call", "pitchpoint", "POST", query, "-d", "{}", "-H", "X-Trace: 1", "--include"], {
        env
      })
      expect(call.stdout).toMatch(
        /^HTTP 200 OK\n([a-z-]+: .*\n)*content-type: application\/json\n([a-z-]+: .*\n)*\n\{"count"/
      )
      const picked = yield* run(["call", "pitchpoint", "POST", query, "-d", "{}", "--query", "keys(@)[0]"], { env })
      expect(picked).toEqual({ code: 0, stdout: "count\n", stderr: "" })
      const number = yield* run(["call", "pitchpoint", "POST", query, "-d", "{}", "-q", "count", "--json"], { env })
      expect(JSON.parse(number.stdout)).toMatchObject({ status: 200, body: expect.any(Number) })
      const unread = yield* run(["call", "pitchpoint", "POST", query, "-d", "{}", "-q", "[0"], { env })
      expect(unread).toMatchObject({ code: 2, stdout: "" })
      expect(unread.stderr).toMatch(/--query is not a JMESPath expression/)
      const unfit = yield* run(["call", "pitchpoint", "POST", query, "-d", "{}", "-q", "length(count)"], { env })
      expect(unfit.stdout).toBe("")
      expect(unfit.stderr).toMatch(/--query: the expression does not fit/)
      expect((yield* sandbox.counters).exchanges["password"]).toMatchObject({ granted: 6 })

      // The names that the documentation gives to programs with the library, and a home that can't be used.
      const names = {
        PITCHPOINT_HOST: url,
        PITCHPOINT_USERNAME: "service@example.com",
        PITCHPOINT_PASSWORD: "correct horse"
      }
      const bare = yield* run(["token", "pitchpoint"], { env: { ...names, HOME: "/proc", EFFECT_AUTH_HOME: "" } })
      expect(bare.code).toBe(0)

      const half = yield* run(["token", "pitchpoint"], { env: { EFFECT_AUTH_PITCHPOINT_USERNAME: "a" } })
      expect(half).toMatchObject({ code: 10, stderr: expect.stringContaining("EFFECT_AUTH_PITCHPOINT_PASSWORD") })
      const wrong = yield* run(["token", "pitchpoint"], {
        env: { ...env, EFFECT_AUTH_PITCHPOINT_PASSWORD: "wrong horse" }
      })
      expect(wrong).toMatchObject({ code: 13, stdout: "" })
      expect(wrong.stderr).not.toContain("wrong horse")
      expect(Fs.existsSync(home)).toBe(false)
    }), patience)
})

describe("status", () => {
  it.scopedLive("one damaged account is one line, hides no other, and can be left", () =>
    Effect.gen(function*() {
      const { home, run } = yield* place
      yield* fill(home, 3)
      const damaged = Path.join(home, "accounts", "pitchpoint.account-00001.json")
      Fs.writeFileSync(damaged, "{\"format\":1")
      const status = yield* run(["status", "--json"])
      expect(status.code).toBe(17)
      expect(JSON.parse(status.stdout)).toMatchObject([
        { account: "account-00000", state: "Active" },
        { account: "account-00001", state: "Unreadable", reason: "corrupt" },
        { account: "account-00002", state: "Active" }
      ])
      expect((yield* run(["status"])).stdout.trim().split("\n")).toHaveLength(4)
      const token = yield* run(["token", "pitchpoint", "--account", "account-00002"])
      expect(token).toEqual({ code: 0, stdout: "token-of-account-00002\n", stderr: "" })
      const out = yield* run(["sign-out", "pitchpoint", "--account", "account-00001"])
      expect(out).toMatchObject({ code: 17, stderr: expect.stringContaining("--forget") })
      const left = yield* run(["sign-out", "pitchpoint", "--account", "account-00001", "--forget", "--json"])
      expect(JSON.parse(left.stdout)).toMatchObject({ forgotten: true })
      expect(Fs.existsSync(damaged)).toBe(false)
      const filtered = yield* run(["status", "pitchpoint", "--account", "*2", "--json"])
      expect(filtered.code).toBe(0)
      expect(JSON.parse(filtered.stdout)).toMatchObject([{ account: "account-00002" }])
      expect(JSON.parse((yield* run(["status", "priava", "--json"])).stdout)).toEqual([])
      expect(JSON.parse((yield* run(["status", "--state", "ended", "--json"])).stdout)).toEqual([])

      // The database itself.
      Fs.writeFileSync(Path.join(home, "sessions.db"), Buffer.alloc(8192, 7))
      const all = yield* run(["status", "--json"])
      expect(all.code).toBe(17)
      expect(JSON.parse(all.stdout)).toMatchObject([{ state: "Unreadable" }, { state: "Unreadable" }])
      expect(all.stderr).toContain("move it away and sign in again")
    }), patience)
})

/** Runs a shell in which a folder can only be read. */
const isolated = (folder: string, command: string, env: Readonly<Record<string, string>>) => {
  const script = `mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && ${command}`
  return ChildProcess.spawnSync("unshare", ["-Urm", "sh", "-c", script, "sh", folder], { env, encoding: "utf8" })
}

const canIsolate = isolated(Os.tmpdir(), "! touch \"$1/effect-auth-written\" 2>/dev/null", {}).status === 0

describe.skipIf(!canIsolate && process.env["CI"] !== "true")("a read-only file system", () => {
  it.scopedLive(
    "status, token and call work; what has to write says so, and sends nothing",
    () =>
      Effect.gen(function*() {
        const { env, home, run } = yield* place
        const { flags, sandbox, secrets: stdin } = yield* pitchpoint()
        expect((yield* run(["sign-in", "pitchpoint", ...flags, "--stdin"], { stdin })).code).toBe(0)
        const only = (args: ReadonlyArray<string>, input = "") =>
          Effect.async<ReturnType<typeof isolated>>((resume) => {
            const quoted = [process.execPath, ...program, ...args].map((word) => `'${word}'`).join(" ")
            const script = `mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && exec ${quoted}`
            const child = ChildProcess.execFile("unshare", ["-Urm", "sh", "-c", script, "sh", home], { env }, (
              error,
              stdout,
              stderr
            ) => resume(Effect.succeed({ status: error === null ? 0 : error.code, stdout, stderr } as never)))
            child.stdin?.end(input)
          })
        expect(yield* only(["status", "--json"])).toMatchObject({
          status: 0,
          stdout: expect.stringContaining("Active")
        })
        expect(yield* only(["token", "pitchpoint"])).toMatchObject({
          status: 0,
          stdout: "pitchpoint-access-1-c0ffee\n"
        })
        const call = yield* only(["call", "pitchpoint", "POST", query, "-d", "{}"])
        expect(call).toMatchObject({ status: 0, stdout: expect.stringContaining("\"count\":0") })
        const before = (yield* sandbox.counters).requests
        for (const args of [["refresh", "pitchpoint"], ["sign-in", "pitchpoint", "--stdin"]]) {
          const ended = yield* only(args, stdin)
          expect([args, ended]).toMatchObject([args, { status: 17, stderr: expect.stringContaining("read-only") }])
        }
        expect((yield* sandbox.counters).requests).toBe(before)
      }),
    patience
  )
})
