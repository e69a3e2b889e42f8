import { defineConfig } from "vitest/config"

// scripts/test.mjs says which files run (`--all` runs "all" and then "processes"; `--soak`, `--planted`). A plain `vitest run` takes the quick ones.
const which = process.env.EFFECT_AUTH_TESTS ?? "quick"
const slow = "**/*.slow.test.ts"
const soak = "**/*.soak.test.ts"
const processes = ["test/processes/*.slow.test.ts", "test/remote/{bounds,keepers}.slow.test.ts"]
const included: Record<string, ReadonlyArray<string>> = {
  processes,
  soak: [`test/${soak}`],
  planted: ["test/honesty/*.planted.ts"],
  majors: ["test/majors/*.majors.ts"]
}
const excluded: Record<string, ReadonlyArray<string>> = { quick: [slow, soak], all: [soak, ...processes] }
const timeouts: Record<string, number> = { soak: 600_000, all: 120_000, processes: 120_000 }
/** Each file of this group starts many processes, or floods one. */
const isAlone = which === "processes"

export default defineConfig({
  test: {
    include: [...(included[which] ?? ["test/**/*.test.ts"])],
    exclude: ["**/node_modules/**", "**/build/**", ...(excluded[which] ?? [])],
    setupFiles: ["test/setup.ts"],
    reporters: ["default", "./scripts/lib/honest-reporter.mjs"],
    pool: "forks",
    // To load the modules again for each file takes longer than most of the quick tests.
    isolate: which !== "quick",
    poolOptions: { forks: { minForks: 1, maxForks: isAlone ? 1 : 2 } },
    testTimeout: timeouts[which] ?? 60_000,
    hookTimeout: 60_000,
    allowOnly: false,
    // Trying again shows whether a failure comes each time. A test that needed it fails the run all the same.
    retry: which === "all" || isAlone ? 1 : 0,
    // With file filters one of the groups of `--all` may be empty. scripts/test.mjs fails if no test ran at all.
    passWithNoTests: which === "all" || isAlone
  }
})
