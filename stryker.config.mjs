/**
 * Mutants of the session machine's rules; scripts/mutants.mjs (`pnpm check:mutants`) runs them. A mutant that behaves like
 * the code is left out by a comment beside it: `// Stryker disable next-line <mutator>: <reason>`.
 *
 * @type {import("@stryker-mutator/api/core").PartialStrykerOptions}
 */
export default {
  mutate: ["packages/core/src/internal/session/decide.ts", "packages/core/src/internal/session/transitions.ts"],
  // Mocha loads the tests once and runs all mutants over them. Stryker's runner for vitest starts a worker for each mutant:
  // a second of CPU time, about fifteen times as much in all. The tests are the same files.
  testRunner: "mocha",
  mochaOptions: { spec: ["build/mutants/*.test.mjs"] },
  buildCommand: "node scripts/lib/bundle-for-mutants.mjs",
  plugins: ["@stryker-mutator/mocha-runner"],
  coverageAnalysis: "perTest",
  // Only what the bundle is made of.
  ignorePatterns: ["**", "!packages/core/src/**/*.ts", "!test/core/internal/session/*.ts", "!scripts/lib/*.mjs"],
  concurrency: 2,
  testRunnerNodeArgs: ["--max-old-space-size=512"],
  // Long enough for a machine that is busy: these rules have no loop to get stuck in.
  timeoutMS: 60_000,
  thresholds: { high: 100, low: 95, break: 95 },
  reporters: [],
  logLevel: "error",
  allowConsoleColors: false,
  tempDirName: ".stryker-tmp",
  cleanTempDir: "always"
}
