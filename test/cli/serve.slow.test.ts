/** The keeper as a program, and the commands that ask it. */
import * as Faults from "@effect-auth/testing/Faults"
import { assert, describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as ChildProcess from "node:child_process"
import { createHash } from "node:crypto"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { filesOf, patience, pitchpoint, type Place, place, program } from "./program.ts"

const orders = "/riskinsight-services-ws/resources/v1/orders/query"

interface Serving {
  readonly socket: string
  readonly http: string | null
  /** Asks it to stop; yields its exit code and how long it took (milliseconds). */
  readonly stop: Effect.Effect<{ readonly code: number | null; readonly took: number }>
  readonly stderr: () => string
}

/** Starts `serve`, and yields when it says where it listens. */
const serve = (place: Place, args: ReadonlyArray<string> = []) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(() =>
        new Promise<{ readonly child: ChildProcess.ChildProcess; readonly said: any; readonly err: () => string }>(
          (resolve, reject) => {
            const child = ChildProcess.spawn(process.execPath, [...program, "serve", "--json", ...args], {
              env: { ...place.env }
            })
            let out = ""
            let err = ""
            child.stderr.on("data", (chunk) => err += String(chunk))
            child.stdout.on("data", (chunk) => {
              out += String(chunk)
              if (out.includes("\n")) resolve({ child, said: JSON.parse(out), err: () => err })
            })
            child.on("exit", (code) => reject(new Error(`serve ended with ${code}: ${err}`)))
          }
        )
      ),
      ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
    ),
    ({ child, err, said }): Serving => ({
      socket: said.socket,
      http: said.http,
      stderr: err,
      stop: Effect.promise(() =>
        new Promise((resolve) => {
          const begun = Date.now()
          child.removeAllListeners("exit")
          child.on("exit", (code) => resolve({ code, took: Date.now() - begun }))
          child.kill("SIGTERM")
        })
      )
    })
  )

const signedIn = Effect.gen(function*() {
  const at = yield* place
  const api = yield* pitchpoint()
  const signIn = ["sign-in", "pitchpoint", ...api.flags, "--stdin"]
  expect((yield* at.run(signIn, { stdin: api.secrets })).code).toBe(0)
  return { ...at, api }
})

const fetched = (url: string) =>
  Effect.promise(async () => {
    const answer = await fetch(url)
    return { status: answer.status, text: await answer.text() }
  })

describe("effect-auth serve", () => {
  it.scopedLive(
    "gives tokens to commands without a store, in every format, and calls with them",
    () =>
      Effect.gen(function*() {
        const { api, ...at } = yield* signedIn
        const keeper = yield* serve(at)
        const bearer = Fs.readFileSync(Path.join(at.home, "keeper", "bearer"), "utf8").trim()
        // A client in another folder, which knows the keeper and the address of the API.
        const client = yield* place
        const env = { EFFECT_AUTH_KEEPER: keeper.socket, EFFECT_AUTH_KEEPER_BEARER: bearer }
        const token = yield* client.run(["token", "pitchpoint"], { env })
        expect(token).toMatchObject({ code: 0, stdout: "pitchpoint-access-1-c0ffee\n" })
        const json = JSON.parse((yield* client.run(["token", "pitchpoint", "--json"], { env })).stdout)
        assert.isAbove(json.expiresIn, 10)
        const exec = JSON.parse((yield* client.run(["token", "pitchpoint", "--format", "kubectl"], { env })).stdout)
        expect(exec).toMatchObject({ kind: "ExecCredential", status: { token: "pitchpoint-access-1-c0ffee" } })
        const aws = JSON.parse((yield* client.run(["token", "pitchpoint", "--format", "aws"], { env })).stdout)
        expect(aws).toMatchObject({ Version: 1, SessionToken: "pitchpoint-access-1-c0ffee" })
        const lines = (yield* client.run(["token", "pitchpoint", "--format", "env"], { env })).stdout
        expect(lines).toContain("EFFECT_AUTH_PITCHPOINT_ACCESS_TOKEN=pitchpoint-access-1-c0ffee")
        yield* api.sandbox.expireAccessTokens
        const address = { ...env, EFFECT_AUTH_PITCHPOINT_HOST: api.url, EFFECT_AUTH_PITCHPOINT_USERNAME: "x" }
        const call = yield* client.run(["call", "pitchpoint", "POST", orders, "-d", "{}", "--include"], {
          env: address
        })
        // The API rejected the token that had expired, and the keeper refreshed the session.
        expect(call.stdout + call.stderr).toContain("HTTP 200")
        expect(yield* client.run(["token", "pitchpoint"], { env })).toMatchObject({
          stdout: "pitchpoint-access-3-c0ffee\n"
        })
        expect((yield* client.run(["status", "pitchpoint"], { env })).stdout).toContain("active")
        // It may read and no more, and it keeps nothing.
        expect(filesOf(client.home === "" ? "" : Path.dirname(client.home))).toEqual([])
        const everything = at.printed() + client.printed() + keeper.stderr()
        expect(everything).not.toContain("refresh-")
        expect(everything).not.toContain(bearer)
        const { took } = yield* keeper.stop
        assert.isBelow(took, 10_000)
        const away = yield* client.run(["token", "pitchpoint"], { env })
        expect(away).toMatchObject({ code: 17, stderr: expect.stringContaining("no keeper can be reached") })
      }),
    patience
  )

  it.scopedLive(
    "over HTTP: callers of a file, health, metrics and the console",
    () =>
      Effect.gen(function*() {
        const { api: _, ...at } = yield* signedIn
        const config = Path.join(at.home, "..", "keeper.json")
        const sha256 = createHash("sha256").update("billing-bearer").digest("hex")
        const other = createHash("sha256").update("other-bearer").digest("hex")
        Fs.writeFileSync(
          config,
          JSON.stringify({
            http: { port: 0 },
            callers: [
              { name: "billing", sha256: [sha256], accounts: ["def*"] },
              { name: "other", sha256: [other], accounts: ["somebody"] }
            ]
          })
        )
        const keeper = yield* serve(at, ["--config", config])
        const client = yield* place
        const ask = (bearer: string) =>
          client.run(["token", "pitchpoint", "--keeper", `${keeper.http}/`], {
            env: { EFFECT_AUTH_KEEPER_BEARER: bearer }
          })
        expect(yield* ask("billing-bearer")).toMatchObject({ code: 0, stdout: "pitchpoint-access-1-c0ffee\n" })
        expect(yield* ask("other-bearer")).toMatchObject({ code: 15, stdout: "" })
        expect(yield* ask("nobody")).toMatchObject({ code: 15, stdout: "" })
        expect(yield* fetched(`${keeper.http}/health`)).toMatchObject({ status: 200 })
        const metrics = yield* fetched(`${keeper.http}/metrics`)
        expect(metrics.text).toMatch(/effect_auth_remote_refusals_total\{effect_auth_reason="account"\} 1/)
        expect(metrics.text).toMatch(/effect_auth_remote_refusals_total\{effect_auth_reason="caller"\} \d/)
        expect(metrics.text).not.toContain("c0ffee")
        const sessions = yield* fetched(`${keeper.http}/console/api/sessions`)
        expect(JSON.parse(sessions.text)).toMatchObject([{ provider: "pitchpoint", state: "active" }])
        expect((yield* fetched(`${keeper.http}/console/`)).text).toContain("<html")
        expect((yield* fetched(`${keeper.http}/anything`)).status).toBe(404)
        assert.isBelow((yield* keeper.stop).took, 10_000)
      }),
    patience
  )

  it.scopedLive(
    "stops within ten seconds, although several accounts wait for an exchange that hangs",
    () =>
      Effect.gen(function*() {
        const at = yield* place
        const api = yield* pitchpoint()
        const names = ["anna", "ben", "carla"]
        for (const account of names) {
          const signIn = ["sign-in", "pitchpoint", ...api.flags, "--account", account, "--stdin"]
          expect((yield* at.run(signIn, { stdin: api.secrets })).code).toBe(0)
        }
        const config = Path.join(at.home, "..", "keeper.json")
        const sha256 = [createHash("sha256").update("the-bearer").digest("hex")]
        const callers = [{ name: "one", sha256, accounts: "all", operations: ["read", "refresh"] }]
        Fs.writeFileSync(config, JSON.stringify({ http: { port: 0 }, callers }))
        const keeper = yield* serve(at, ["--config", config])
        yield* api.sandbox.faults.next("token", Faults.hang("after"), Infinity)
        const before = yield* api.sandbox.counters
        for (const account of names) {
          const payload = { provider: "pitchpoint", realm: "", account }
          const body = `${JSON.stringify({ _tag: "Request", id: "1", tag: "Refresh", payload, headers: [] })}\n`
          const headers = { authorization: "Bearer the-bearer" }
          yield* Effect.fork(
            Effect.promise(() => fetch(keeper.http!, { method: "POST", headers, body }).catch(() => {}))
          )
        }
        yield* Effect.sleep(1_000)
        assert.strictEqual((yield* api.sandbox.counters).requests - before.requests, 3)
        assert.isBelow((yield* keeper.stop).took, 10_000)
      }),
    patience
  )

  it.scopedLive(
    "a configuration that can't work is told before anything is served",
    () =>
      Effect.gen(function*() {
        const at = yield* place
        const config = Path.join(at.home, "..", "keeper.json")
        const tried = (text: string) =>
          Effect.suspend(() => {
            Fs.writeFileSync(config, text)
            return at.run(["serve", "--config", config])
          })
        expect(yield* tried("{\"callers\": [{\"name\": \"x\", \"bearer\": \"in clear\"}]}")).toMatchObject({
          code: 2,
          stderr: expect.not.stringContaining("in clear")
        })
        const open = yield* tried("{\"http\": {\"port\": 0, \"host\": \"0.0.0.0\"}, \"callers\": []}")
        expect(open).toMatchObject({ code: 2, stderr: expect.stringContaining("`cert` and `key`") })
        const shared = { name: "x", sha256: ["ab".repeat(32)], accounts: "all" }
        expect(yield* tried(JSON.stringify({ callers: [shared, { ...shared, name: "y" }] }))).toMatchObject({
          code: 2,
          stderr: expect.stringContaining("callers 1 and 2 have the same bearer")
        })
        expect((yield* at.run(["serve", "--config", "/nowhere.json"])).code).toBe(2)
      }),
    patience
  )
})
