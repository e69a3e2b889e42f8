import { defineConfig } from "vitest/config"

// As in the workspace for Effect 3, whose tests these are: `EFFECT_AUTH_TESTS=all` adds the slow ones.
const isAll = process.env.EFFECT_AUTH_TESTS === "all"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/build/**", "**/*.soak.test.ts", ...(isAll ? [] : ["**/*.slow.test.ts"])],
    setupFiles: ["test/setup.ts"],
    reporters: ["default", "../scripts/lib/honest-reporter.mjs"],
    pool: "forks",
    isolate: isAll,
    maxWorkers: 2,
    testTimeout: isAll ? 120_000 : 60_000,
    hookTimeout: 60_000,
    allowOnly: false
  }
})
