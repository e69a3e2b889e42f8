/** Shows that the properties can fail: each safety line of the machine is taken out once, and a history must notice. */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "effect/FastCheck"
import * as esbuild from "esbuild"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { history } from "../../machine/arbitrary.ts"
import type { History } from "../../machine/history.ts"
import { breath } from "../../machine/keepsPromises.ts"
import { scenarios } from "../../machine/scenarios.ts"
import { type Mutant, mutants } from "./mutants.ts"

const here = fileURLToPath(new URL(".", import.meta.url))
const core = resolve(here, "../../../../packages/core/src")
const session = join(core, "internal/session")

type RunHistory = (history: History) => ReadonlyArray<string>

/** The harness over a machine in which the exports of one module were replaced. */
const build = async (mutant: Mutant): Promise<RunHistory> => {
  const target = resolve(session, `${mutant.module}.ts`)
  let replaced = 0
  const result = await esbuild.build({
    entryPoints: [join(here, "../../machine/history.ts")],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    external: ["effect", "effect/*", "@effect/platform", "@effect/platform/*"],
    plugins: [{
      name: "mutant",
      setup: (setup) => {
        // Every import of the module inside core leads to the one that swaps.
        setup.onResolve({ filter: /\.ts$|^@effect-auth\/core\// }, ({ importer, namespace, path, resolveDir }) => {
          if (namespace === "swapped" || !importer.startsWith(core)) return undefined
          const found = path.startsWith("@effect-auth/core/")
            ? join(core, `${path.slice("@effect-auth/core/".length)}.ts`)
            : resolve(resolveDir, path)
          if (found !== target) return undefined
          replaced++
          return { path: target, namespace: "swapped" }
        })
        setup.onLoad({ filter: /.*/, namespace: "swapped" }, () => ({
          resolveDir: here,
          loader: "ts",
          contents: `
            import * as original from ${JSON.stringify(target)}
            import { mutants } from ${JSON.stringify(join(here, "mutants.ts"))}
            export * from ${JSON.stringify(target)}
            const swapped = mutants[${mutants.indexOf(mutant)}].swap(original)
            ${mutant.exports.map((name) => `export const ${name} = swapped.${name}`).join("\n")}
          `
        }))
      }
    }]
  })
  assert.isAbove(replaced, 0, `nobody imports ${mutant.module}`)
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
