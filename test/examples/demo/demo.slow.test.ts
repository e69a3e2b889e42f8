/** `pnpm demo` as a process: its lines, its JSON, and a reader that leaves. */
import { spawn } from "node:child_process"
import { createRequire } from "node:module"
import { fileURLToPath, pathToFileURL } from "node:url"
import stringWidth from "string-width"
import { assert, describe, it } from "vitest"

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href
const demo = fileURLToPath(new URL("../../../examples/src/demo.ts", import.meta.url))

const start = (columns: number, args: ReadonlyArray<string> = []) => {
  const env = { ...process.env, COLUMNS: String(columns) }
  const child = spawn(process.execPath, ["--import", tsx, demo, ...args], { env, stdio: ["ignore", "pipe", "pipe"] })
  const printed = { out: "", err: "" }
  child.stdout.on("data", (chunk) => printed.out += String(chunk))
  child.stderr.on("data", (chunk) => printed.err += String(chunk))
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve))
  return { child, printed, ended }
}

describe("the demo", { timeout: 90_000 }, () => {
  it("fits 80 columns, and closes with what was shown", async () => {
    const { ended, printed } = start(80)
    assert.strictEqual(await ended, 0, printed.err)
    assert.strictEqual(printed.err, "")
    const lines = printed.out.trimEnd().split("\n")
    assert.deepStrictEqual(lines.filter((line) => stringWidth(line) > 80), [])
    assert.match(
      lines.join(" "),
      /Shown: \d+ steps at 4 providers, each as it should be\. .* and \d+ double spends?\.$/
    )
  })

  it("--json prints JSON lines and nothing else", async () => {
    const { ended, printed } = start(80, ["--json"])
    assert.strictEqual(await ended, 0, printed.err)
    const lines = printed.out.trimEnd().split("\n").map((line) => JSON.parse(line))
    assert.strictEqual(lines.filter((line) => "chapter" in line && !("step" in line)).length, 4)
    assert.deepInclude(lines.at(-1).total, { providers: 4, failed: 0 })
  })

  it("says nothing when its reader leaves", async () => {
    const { child, ended, printed } = start(80)
    await new Promise((resolve) => child.stdout.once("data", resolve))
    child.stdout.destroy()
    assert.strictEqual(await ended, 0)
    assert.strictEqual(printed.err, "")
  })
})
