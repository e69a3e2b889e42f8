/** Eight processes in one rotating login at an MCP server of the official SDK; one of them is killed on the way. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { startServer } from "./mcp.ts"

const script = fileURLToPath(new URL("./mcpWorker.ts", import.meta.url))

/** `killAfter`: milliseconds after it has connected. */
const worker = async (task: object, killAfter?: number) => {
  const child = spawn(process.execPath, ["--import", "tsx", script, JSON.stringify(task)], {
    stdio: ["ignore", "pipe", "pipe"]
  })
  let said = ""
  let failed = ""
  child.stdout.on("data", (text) => void (said += text))
  child.stderr.on("data", (text) => void (failed += text))
  if (killAfter !== undefined) child.stdout.once("data", () => setTimeout(() => child.kill("SIGKILL"), killAfter))
  const [code] = await once(child, "close")
  if (killAfter !== undefined) return { calls: 0, opened: 0 }
  assert.strictEqual(code, 0, failed)
  return JSON.parse(said.trim().split("\n").at(-1) ?? "") as { readonly calls: number; readonly opened: number }
}

describe("MCP", () => {
  it.scopedLive(
    "eight processes share one login: no refresh token is spent twice, and no person is asked again",
    () =>
      Effect.gen(function*() {
        const server = yield* Effect.acquireRelease(
          Effect.promise(() => startServer({ lifetime: 10 })),
          ({ close }) => Effect.sync(close)
        )
        const folder = yield* Effect.acquireRelease(
          Effect.sync(() => mkdtempSync(join(tmpdir(), "effect-auth-mcp-"))),
          (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
        )
        const { counts, issuer, url } = server
        const task = { filename: join(folder, "sessions.db"), url, issuer, signsIn: false }
        const first = yield* Effect.promise(() => worker({ ...task, signsIn: true, lasts: 0 }))
        assert.strictEqual(first.opened, 1)
        const all = yield* Effect.promise(() =>
          Promise.all(
            Array.from(
              { length: 8 },
              (_, index) => worker({ ...task, lasts: 25_000 }, index === 7 ? 10_000 : undefined)
            )
          )
        )
        assert.isTrue(all.slice(0, 7).every(({ calls }) => calls > 0), JSON.stringify(all))
        assert.isTrue(all.every(({ opened }) => opened === 0))
        console.log(`8 processes: ${JSON.stringify(counts)}`)
        assert.deepInclude(counts, { registrations: 1, codes: 1, reuses: 0 })
        assert.isAtLeast(counts.refreshes, 2)
      }),
    300_000
  )
})
