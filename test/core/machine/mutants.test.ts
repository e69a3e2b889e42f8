/** Shows that the properties can fail: each safety line of the machine is taken out once, and a history must notice. */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "effect/FastCheck"
import * as esbuild from "esbuild"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { history } from "./arbitrary.ts"
import type { History } from "./history.ts"
import { breath } from "./keepsPromises.ts"
import { type Mutant, mutants } from "./mutants.ts"
import { scenarios } from "./scenarios.ts"

const here = fileURLToPath(new URL(".", import.meta.url))

type RunHistory = (history: History) => ReadonlyArray<string>

/** The harness over a machine in which one text was replaced. */
const build = async (mutant: Mutant): Promise<RunHistory> => {
  let replaced = 0
  const result = await esbuild.build({
    entryPoints: [join(here, "history.ts")],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    external: ["effect", "effect/*", "@effect/platform", "@effect/platform/*"],
    plugins: [{
      name: "mutant",
      setup: (setup) => {
        setup.onLoad({ filter: /core\/src\/.*\.ts$/ }, async ({ path }) => {
          const text = await readFile(path, "utf8")
          if (!path.endsWith(`core/src/${mutant.file}`)) return { contents: text, loader: "ts" }
          replaced += text.split(mutant.from).length - 1
          return { contents: text.replace(mutant.from, mutant.to), loader: "ts" }
        })
      }
    }]
  })
  assert.strictEqual(replaced, 1, `the text of "${mutant.name}" must stand exactly once in ${mutant.file}`)
  const folder = await mkdtemp(join(here, ".mutant-"))
  try {
    const file = join(folder, "history.mjs")
    await writeFile(file, result.outputFiles[0]!.text)
    const { runHistory } = await import(/* @vite-ignore */ pathToFileURL(file).href) as { runHistory: RunHistory }
    return runHistory
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** How many histories a mutant may survive. */
const most = 1_500

/** A machine that comes to no end is noticed too. */
const holds = (runHistory: RunHistory, of: History): boolean => {
  try {
    return runHistory(of).length === 0
  } catch {
    return false
  }
}

const isCaught = async (runHistory: RunHistory): Promise<boolean> => {
  if (Object.values(scenarios).some((scenario) => !holds(runHistory, scenario))) return true
  const holdsAlways = fc.asyncProperty(history, async (generated) => {
    await breath()
    return holds(runHistory, generated)
  })
  const { failed } = await fc.check(holdsAlways, { numRuns: most, seed: 20_261_123, endOnFailure: true })
  return failed
}

describe("the properties", () => {
  for (const mutant of mutants) {
    it(`notice when ${mutant.name}`, { timeout: 120_000 }, async () => {
      assert.isTrue(await isCaught(await build(mutant)), "no history noticed")
    })
  }
})
