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

/** Files of packages. */
const noMysql = "@effect/sql-mysql2 has no stable release for Effect 4"
const noLibsql = "@effect/sql-libsql has no stable release for Effect 4"

export const sources = {
  "packages/store-sql/src/MysqlTokenStore.ts": noMysql,
  "packages/store-sql/src/internal/mysqlPool.ts": noMysql,
  "packages/store-sql/src/internal/mysqlPresence.ts": noMysql,
  "packages/store-sql/src/internal/mysqlSession.ts": noMysql,
  "packages/store-sql/src/internal/mysqlSettings.ts": noMysql,
  "packages/store-sql/src/SqliteTokenStore.ts": noLibsql,
  "packages/store-sql/src/internal/fileIdentity.ts": noLibsql,
  "packages/store-sql/src/internal/fileRules.ts": noLibsql,
  "packages/store-sql/src/internal/privateFiles.ts": noLibsql,
  "packages/store-sql/src/internal/processPresence.ts": noLibsql,
  "packages/store-sql/src/internal/sqliteConnection.ts": noLibsql,
  "packages/store-sql/src/internal/sqliteOpen.ts": noLibsql
}

/** Tests, and what only they use. */
export const tests = {
  "test/contracts/anatomy.test.ts": "looks at the sources for Effect 3",
  "test/contracts/openapi.test.ts": "compares the documents of the contracts for Effect 3",
  "test/testing/AuthProviderLaws.test.ts": "tries the laws on an example, which is a program for Effect 3",
  "test/oauth2/PendingStore.drivers.test.ts": "SQLite and MySQL have no stable driver for Effect 4",
  "test/oauth2/Presets.test.ts": "compares with a page of the documentation",
  "test/oauth2/formPost.slow.test.ts": "drives a browser against routes of Effect 3's router",
  "test/store-sql/MysqlTokenStore.test.ts": "MySQL has no stable driver for Effect 4",
  "test/store-sql/settings.test.ts": "checks the settings of SQLite and MySQL, too",
  "test/store-sql/SqliteTokenStore.files.test.ts": "SQLite has no stable driver for Effect 4",
  "test/store-sql/SqliteTokenStore.slow.test.ts": "SQLite has no stable driver for Effect 4",
  "test/store-sql/SqliteTokenStore.test.ts": "SQLite has no stable driver for Effect 4",
  "test/store-sql/opening.test.ts": "opens stores of SQLite and MySQL, too",
  "test/store-sql/tls.test.ts": "MySQL has no stable driver for Effect 4",
  "test/store-sql/transactions.test.ts": "runs in transactions of SQLite and MySQL, too",
  "test/majors/majors.majors.ts": "runs on Effect 3, and starts programs of both majors",
  "test/security/console.test.ts": "the console stays on Effect 3",
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
  "test/processes/": "starts programs of the command line",
  "test/remote/": "remote sessions stay on Effect 3 until its rpc is stable in Effect 4"
}

/** Single tests of files that run otherwise. They are skipped, and counted as skipped. */
export const singleTests = [
  {
    file: "test/core/guarantees/events.test.ts",
    name: "that a caller's refresh met takes away the timer of the schedule, too",
    reason: "counts the timers of TestClock, which Effect 4 does not show"
  },
  {
    file: "test/core/guarantees/interleavings.test.ts",
    name: "a refresh that ends does not put the user before over a sign-in that is not saved (G55)",
    reason: "steps TestClock through turns of the loop that Effect 4 takes in another order; not adapted yet"
  },
  {
    file: "test/core/guarantees/interleavings.test.ts",
    name: "a sign-out elsewhere is obeyed although a refresh waits for its permit (G66)",
    reason: "steps TestClock through turns of the loop that Effect 4 takes in another order; not adapted yet"
  }
]
