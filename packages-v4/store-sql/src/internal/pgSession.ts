/** The connection that stays open: it listens for changes, and holds the lock that shows that this owner is alive. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Scope } from "effect/Scope"
import * as Pg from "pg"
import { ofStore } from "./failures.ts"
import { keep, type KeptSession } from "./keptSession.ts"

export interface SessionOptions {
  readonly settings: Pg.ClientConfig
  readonly channel: string
  /** The key of the advisory lock, as the text of a signed 64-bit number. */
  readonly lock: string
  readonly heard: (payload: string) => void
  /** Called when the session is connected, the first time and after each interruption. */
  readonly listening: () => void
  readonly away: () => void
}

/** SQL for whether an advisory lock is held in this database. `pg_locks` shows its key in two halves. */
export const isLocked = (lock: string, and = ""): string =>
  `EXISTS (
  SELECT 1 FROM pg_locks
  WHERE locktype = 'advisory' AND objsubid = 1 AND granted ${and}
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND ((classid::bigint << 32) | objid::bigint) = ${lock}::bigint
)`

/** How often the connection and its lock are checked, because a lost host sends nothing. */
const heartbeat = Duration.seconds(10)

const failure = ofStore("postgresql", "open")

const query = (client: Pg.Client, text: string, values: ReadonlyArray<string> = []) =>
  Effect.tryPromise({
    try: () => client.query<{ readonly got: boolean; readonly pid: number }>(text, [...values]),
    catch: failure
  })

const make = (settings: Pg.ClientConfig) =>
  Effect.acquireRelease(
    Effect.try({
      try: () => new Pg.Client({ ...settings, query_timeout: 5_000 }).on("error", () => {}),
      catch: failure
    }),
    (client) => Effect.timeoutOption(Effect.interruptible(Effect.ignore(Effect.tryPromise(() => client.end()))), 1_000)
  )

const pidOf = (client: Pg.Client) =>
  Effect.map(query(client, "SELECT pg_backend_pid() AS pid"), ({ rows }) => rows[0]?.pid)

/**
 * A pooler in transaction mode lends a database session for one statement. The lock and the listener would stay in that
 * session and end with it. A pooler is recognised by its own process id. Its mode is recognised by a test: another
 * connection keeps the session that the idle connection had before.
 */
const refusePooler = Effect.fnUntraced(function*(
  client: Pg.Client,
  settings: Pg.ClientConfig,
  pid: number | undefined
) {
  if ("processID" in client && client.processID === pid) return
  const other = yield* make(settings)
  const now = Effect.tryPromise({ try: () => other.connect(), catch: failure }).pipe(
    Effect.andThen(query(other, "BEGIN")),
    Effect.andThen(pidOf(client)),
    Effect.timeoutOrElse({
      duration: oneConnection,
      orElse: () => Effect.fail((ofStore("postgresql", "open", { detail: tooFew }))())
    })
  )
  if ((yield* now) !== pid) yield* ofStore("postgresql", "open", { detail: pooled })()
})

/** A pooler with a second connection lends it sooner than this. */
const oneConnection = Duration.seconds(3)

const tooFew = "the pooler lends only one connection, and this store needs at least two: raise its pool size"

const pooled = "a pooler in transaction mode does not keep the session: connect directly, or use session mode"

const connect = Effect.fnUntraced(function*(options: SessionOptions) {
  const client = yield* make(options.settings)
  const ended = yield* Deferred.make<void>()
  client.on("end", () => Deferred.doneUnsafe(ended, Effect.void))
  client.on("notification", (message) => options.heard(message.payload ?? ""))
  yield* Effect.tryPromise({ try: () => client.connect(), catch: failure })
  // The lock comes first, because without it other processes may assume that this owner is gone.
  const lock = Effect.map(
    query(client, "SELECT pg_try_advisory_lock($1::bigint) AS got, pg_backend_pid() AS pid", [options.lock]),
    (answer) => ({ got: answer.rows[0]?.got === true, pid: answer.rows[0]?.pid })
  )
  const { got, pid } = yield* lock
  yield* Effect.scoped(refusePooler(client, options.settings, pid))
  yield* query(client, `LISTEN ${Pg.escapeIdentifier(options.channel)}`)
  // After an interruption the old session may still hold the lock. Until it ends, this owner still counts as alive.
  if (!got) yield* Effect.repeat(lock, { until: ({ got }) => got, schedule: Schedule.spaced(100) })
  const isHeld = Effect.filterOrFail(
    query(client, `SELECT ${isLocked("$1", "AND pid = pg_backend_pid()")} AS got`, [options.lock]),
    ({ rows }) => rows[0]?.got === true,
    failure
  )
  const beats = Effect.repeat(isHeld, Schedule.spaced(heartbeat))
  return Effect.raceFirst(Deferred.await(ended), beats)
})

/** Keeps such a session until the scope closes. Fails if the first connect fails. */
export const keepSession = (options: SessionOptions): Effect.Effect<KeptSession, TokenStoreError, Scope> =>
  keep(connect(options), {
    connectTimeout: options.settings.connectionTimeoutMillis ?? 5_000,
    onBegin: options.listening,
    onEnd: options.away
  })
