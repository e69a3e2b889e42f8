/** One of the processes that share their sessions over PostgreSQL. */
import type { AuthProvider, TokenResponse } from "@effect-auth/core/AuthProvider"
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import * as PostgresTokenStore from "@effect-auth/store-sql/PostgresTokenStore"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Pg from "pg"
import type { Answer, Task } from "./growth.ts"

const task = JSON.parse(process.argv[2] ?? "") as Task

const tell = (answer: Answer): void => void process.send?.(answer)

let exchanges = 0
let reads: Array<number> = []
let cpu = process.cpuUsage()

let issued = 0

/** Tokens as long as those of real servers. */
const issue = Effect.map(Effect.sleep(task.exchange), (): TokenResponse => {
  issued++
  return {
    accessToken: Redacted.make(`${process.pid}-${issued}-${"a".repeat(800)}`),
    refreshToken: Redacted.make(`${process.pid}-${issued}-${"r".repeat(200)}`),
    expiresIn: task.lifetime / 1_000
  }
})

const provider: AuthProvider<string> = {
  name: "bench",
  realm: "growth",
  origins: ["https://api.example.com"],
  rotation: "rotating",
  rejection: { statuses: [401] },
  signIn: () => issue,
  refresh: () => Effect.zipRight(Effect.sync(() => exchanges++), issue)
}

const names = Array.from({ length: task.accounts }, (_, index) => `account-${index}`)

/** Each statement of a store finds its row by one look into the index. */
const countStatements = () =>
  counter.query<{ readonly n: string }>("SELECT idx_scan AS n FROM pg_stat_user_tables WHERE relname = $1", [table])
    .then(({ rows }) => Number(rows[0]?.n))

const table = "effect_auth_growth"

const counter = new Pg.Client({ connectionString: task.url })

const program = Effect.gen(function*() {
  const sessions = yield* AuthSessions.make(provider)
  const auths = yield* Effect.forEach(names, sessions.get)
  if (task.isFirst) {
    // Spread over a life, so that the refreshes are spread, too.
    for (const auth of auths) {
      yield* Effect.fork(auth.signIn("password"))
      yield* Effect.sleep(0.8 * task.lifetime / task.accounts)
    }
  } else yield* Effect.forEach(auths, (auth) => auth.accessToken, { concurrency: 20, discard: true })
  process.on("message", async () => {
    const statements = task.isFirst ? await countStatements() : 0
    const used = process.cpuUsage(cpu)
    tell({ _tag: "Counted", counts: { exchanges, cpu: used.user + used.system, reads }, statements })
    exchanges = 0
    reads = []
    cpu = process.cpuUsage()
  })
  tell({ _tag: "Ready" })
  for (let round = 0;; round++) {
    const since = performance.now()
    yield* auths[(round * 7) % auths.length]!.accessToken
    reads.push(performance.now() - since)
    yield* Effect.sleep(5)
  }
})

process.on("SIGTERM", () => process.exit(0))

try {
  await counter.connect()
  // Nobody is signed in yet.
  if (task.isFirst) await counter.query(`DROP TABLE IF EXISTS ${table}, ${table}_migrations`)
} catch (error) {
  tell({ _tag: "Failed", reason: String(error) })
}

await Effect.runPromise(
  program.pipe(
    Effect.scoped,
    Effect.provide(PostgresTokenStore.layer({ url: Redacted.make(task.url), table })),
    Effect.catchAll((error) => Effect.sync(() => tell({ _tag: "Failed", reason: String(error) })))
  )
)
