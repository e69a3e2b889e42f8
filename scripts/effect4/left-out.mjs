/**
 * What of the sources is not generated for Effect 4, and why. Every other file is. A path may end in a slash, and then stands
 * for all that is below it.
 */
export const packages = [
  "core",
  "placewise",
  "priava",
  "pitchpoint",
  "wallet-app",
  "oauth2",
  "testing",
  "store-redis",
  "store-sql"
]

/** Examples that tests import. */
export const examples = ["fifth-provider", "fifth-sandbox"]

/** Files of packages. */
export const sources = {}

/** Tests, and what only they use. */
export const tests = {
  "test/contracts/anatomy.test.ts": "looks at the sources for Effect 3",
  "test/contracts/openapi.test.ts": "compares the documents of the contracts for Effect 3",
  "test/bench/": "measures; scripts/effect4/speed.mjs measures both majors",
  "test/browser/": "the browser runs the packed packages for Effect 3",
  "test/cli/": "the command line is a program; it stays on Effect 3",
  "test/console/": "the console stays on Effect 3",
  "test/edge/": "Workers, Bun and Deno run the packed packages for Effect 3",
  "test/examples/": "the examples are programs for Effect 3",
  "test/e2e/": "runs the examples, which are programs for Effect 3",
  "test/honesty/": "tests the test runner",
  "test/size/": "measures bundles",
  "test/soak/": "runs for an hour",
  "test/speed/": "measures",
  "test/types/": "type tests, written against the types of Effect 3",
  "test/processes/": "starts programs of the command line"
}

/** Single tests of files that run otherwise. They are skipped, and counted as skipped. */
export const singleTests = [
  {
    file: "test/core/guarantees/events.test.ts",
    name: "that a caller's refresh met takes away the timer of the schedule, too",
    reason: "counts the timers of TestClock, which Effect 4 does not show"
  }
]
