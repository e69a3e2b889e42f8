import { defineConfig } from "vitest/config"

// Which files run is said by scripts/test.mjs (`--all`, `--soak`); a plain `vitest run` takes the quick ones.
const which = process.env.EFFECT_AUTH_TESTS ?? "quick"
const slow = "**/*.slow.test.ts"
const soak = "**/*.soak.test.ts"

export default defineConfig({
  test: {
    include: which === "soak" ? [`test/${soak}`] : ["test/**/*.test.ts"],
    exclude: [
      "**/node_modules/**",
      "**/build/**",
      ...(which === "quick" ? [slow, soak] : which === "all" ? [soak] : [])
    ],
    setupFiles: ["test/setup.ts"],
    pool: "forks",
    poolOptions: { forks: { minForks: 1, maxForks: 2 } },
    testTimeout: which === "soak" ? 600_000 : which === "all" ? 120_000 : 60_000,
    hookTimeout: 60_000,
    // The slow files measure time and kill processes on machines that are shared: one of them may have bad luck once.
    retry: which === "all" ? 1 : 0,
    passWithNoTests: false
  }
})
