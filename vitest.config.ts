import { defineConfig } from "vitest/config"

// scripts/test.mjs says which files run (`--all`, `--soak`, `--planted`). A plain `vitest run` takes the quick ones.
const which = process.env.EFFECT_AUTH_TESTS ?? "quick"
const slow = "**/*.slow.test.ts"
const soak = "**/*.soak.test.ts"
const included: Record<string, string> = { soak: `test/${soak}`, planted: "test/honesty/*.planted.ts" }
const excluded: Record<string, ReadonlyArray<string>> = { quick: [slow, soak], all: [soak] }
const timeouts: Record<string, number> = { soak: 600_000, all: 120_000 }

export default defineConfig({
  test: {
    include: [included[which] ?? "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/build/**", ...(excluded[which] ?? [])],
    setupFiles: ["test/setup.ts"],
    reporters: ["default", "./scripts/lib/honest-reporter.mjs"],
    pool: "forks",
    poolOptions: { forks: { minForks: 1, maxForks: 2 } },
    testTimeout: timeouts[which] ?? 60_000,
    hookTimeout: 60_000,
    allowOnly: false,
    // Trying again shows whether a failure comes each time. A test that needed it fails the run all the same.
    retry: which === "all" ? 1 : 0,
    passWithNoTests: false
  }
})
