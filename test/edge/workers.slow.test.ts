import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { build } from "esbuild"
import { Log, LogLevel, Miniflare } from "miniflare"
import { execFile } from "node:child_process"
import * as Fs from "node:fs"
import { createRequire } from "node:module"
import * as Os from "node:os"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { edgeServer } from "./server.ts"

const bundled = async (entry: URL, conditions: ReadonlyArray<string>): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: [...conditions, "import"],
    write: false,
    logLevel: "error"
  })
  return outputFiles[0]!.text
}

const worker = Effect.gen(function*() {
  const server = yield* edgeServer
  const script = yield* Effect.promise(() =>
    bundled(new URL("./internal/worker.ts", import.meta.url), ["workerd", "worker", "browser"])
  )
  const miniflare = yield* Effect.acquireRelease(
    Effect.sync(() =>
      new Miniflare({
        modules: true,
        script,
        compatibilityDate: "2026-01-01",
        bindings: { HOST: server.host },
        kvNamespaces: ["VALUES"],
        durableObjects: { SESSIONS: { className: "Sessions", useSQLite: true } },
        log: new Log(LogLevel.NONE)
      })
    ),
    (miniflare) => Effect.promise(() => miniflare.dispose())
  )
  const get = (path: string) =>
    Effect.promise(async () => {
      const response = await miniflare.dispatchFetch(`http://worker/${path}`)
      return `${response.status} ${await response.text()}`
    }).pipe(Effect.timeoutTo({ duration: "20 seconds", onSuccess: (text) => text, onTimeout: () => "hangs" }))
  return { get, server }
})

const ok = "200 {\"ok\":true}"

describe("on Cloudflare Workers (workerd)", () => {
  for (const where of ["isolate", "request", "object"]) {
    it.scopedLive(
      `the flow ends all requests well, one exchange each life: a session of the ${where}`,
      () =>
        Effect.gen(function*() {
          const { get, server } = yield* worker
          assert.strictEqual(yield* get(`${where}/signIn`), "200 signed in")
          yield* Effect.sleep("2600 millis")
          assert.strictEqual(yield* get(`${where}/call`), ok)
          assert.strictEqual(server.state.issued, 2, "what is due is refreshed before the answer")
          yield* Effect.sleep("4 seconds")
          const all = yield* Effect.all(Array.from({ length: 20 }, () => get(`${where}/call`)), {
            concurrency: "unbounded"
          })
          assert.deepStrictEqual([...new Set(all)], [ok])
          assert.strictEqual(yield* get(`${where}/call`), ok)
          assert.strictEqual(server.state.reused, 0)
          assert.isAtMost(server.state.issued, 4)
        }),
      120_000
    )
  }

  it.scopedLive(
    "with `waitUntil` a live token is served at once, and its refresh is not cut off",
    () =>
      Effect.gen(function*() {
        const { get, server } = yield* worker
        assert.strictEqual(yield* get("behind/signIn"), "200 signed in")
        yield* Effect.sleep("2500 millis")
        assert.strictEqual(yield* get("behind/call"), ok)
        yield* Effect.sleep("1500 millis")
        assert.strictEqual(server.state.issued, 2)
        assert.strictEqual(yield* get("behind/call"), ok)
        assert.deepStrictEqual(server.state, { issued: 2, reused: 0, rejected: 0 })
      }),
    120_000
  )

  it.scopedLive("a Durable Object keeps the laws of a token store", () =>
    Effect.gen(function*() {
      const { get } = yield* worker
      const { broken, laws } = JSON.parse((yield* get("laws")).slice("200 ".length))
      assert.deepStrictEqual(broken, [])
      assert.isAtLeast(laws, 13)
    }), 120_000)

  it.scopedLive("the laws refuse a store over Workers KV, which has no compare-and-set", () =>
    Effect.gen(function*() {
      const { get } = yield* worker
      const { broken } = JSON.parse((yield* get("values")).slice("200 ".length))
      assert.match(broken.join("; "), /16 fibers that write one record never win the same version: .*won twice/)
      assert.match(broken.join("; "), /of 32 first writes one wins: /)
    }), 120_000)
})

/** Their packages hold the programs as they are, beside the script that would put them in place. */
const programOf = (name: "bun" | "deno"): string => {
  const require = createRequire(createRequire(import.meta.url).resolve(`${name}/package.json`))
  const inside = name === "bun" ? "@oven/bun-linux-x64/bin/bun" : "@deno/linux-x64-glibc/deno"
  return require.resolve(inside)
}

describe.skipIf(process.platform !== "linux" || process.arch !== "x64")("on other platforms", () => {
  for (const [name, flags] of [["bun", ["run"]], ["deno", ["run", "--allow-all", "--no-config"]]] as const) {
    it.scopedLive(`the same flow runs on ${name}`, () =>
      Effect.gen(function*() {
        const server = yield* edgeServer
        const folder = yield* Effect.acquireRelease(
          Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-auth-edge-"))),
          (folder) => Effect.sync(() => Fs.rmSync(folder, { recursive: true, force: true }))
        )
        const script = Path.join(folder, "script.mjs")
        Fs.writeFileSync(script, yield* Effect.promise(() => bundled(new URL("./script.ts", import.meta.url), [name])))
        const said = yield* Effect.promise(() =>
          new Promise<string>((resolve, reject) => {
            execFile(
              programOf(name),
              [...flags, script, server.host],
              { timeout: 60_000 },
              (error, stdout, stderr) =>
                error === null ? resolve(stdout) : reject(new Error(`${error.message} ${stderr}`))
            )
          })
        )
        const answers: ReadonlyArray<string> = JSON.parse(said)
        assert.deepStrictEqual([...new Set(answers)], ["signed in", "{\"ok\":true}"])
        assert.strictEqual(server.state.reused, 0)
        assert.strictEqual(server.state.issued, 3)
      }), 120_000)
  }
})
