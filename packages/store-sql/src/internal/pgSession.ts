/** The connection that is kept: it listens, and holds the lock that says that this owner is there. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Scope } from "effect/Scope"
import * as Pg from "pg"
import { ofStore } from "./failures.ts"

export interface SessionOptions {
  readonly settings: Pg.ClientConfig
  readonly channel: string
  /** The key of the advisory lock, as the text of a signed 64-bit number. */
  readonly lock: string
  readonly heard: (payload: string) => void
  /** Called when the session is there, at first and after each interruption. */
  readonly up: () => void
}

/** Whether an advisory lock is held in this database. Its key is in two halves there. */
export const isLocked = (lock: string, by = "pid"): string =>
  `EXISTS (
  SELECT 1 FROM pg_locks
  WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND pid = ${by}
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND ((classid::bigint << 32) | objid::bigint) = ${lock}::bigint
)`

/** A host that is gone says nothing, so the connection is asked now and then, and whether the lock is still its own. */
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
 * A pooler in transaction mode lends a session for one statement: the lock and the listener would stay with it, and go
 * when the pooler ends it. A pooler is known by a process id of its own; its mode by what happens to an idle connection
 * while another one keeps the session that it had.
 */
const refusePooler = Effect.fnUntraced(function*(
  client: Pg.Client,
  settings: Pg.ClientConfig,
  pid: number | undefined
) {
  if ("processID" in client && client.processID === pid) return
  const other = yield* make(settings)
  yield* Effect.tryPromise({ try: () => other.connect(), catch: failure })
  yield* query(other, "BEGIN")
  if ((yield* pidOf(client)) !== pid) yield* ofStore("postgresql", "open", { detail: pooled })()
})

const pooled = "a pooler in transaction mode keeps no session: connect directly, or through one in session mode"

const connect = Effect.fnUntraced(function*(options: SessionOptions) {
  const client = yield* make(options.settings)
  const ended = yield* Deferred.make<void>()
  client.on("end", () => Deferred.unsafeDone(ended, Effect.void))
  client.on("notification", (message) => options.heard(message.payload ?? ""))
  yield* Effect.tryPromise({ try: () => client.connect(), catch: failure })
  // First of all: until it is taken, others may think that this owner is gone.
  const lock = Effect.map(
    query(client, "SELECT pg_try_advisory_lock($1::bigint) AS got, pg_backend_pid() AS pid", [options.lock]),
    (answer) => ({ got: answer.rows[0]?.got === true, pid: answer.rows[0]?.pid })
  )
  const { got, pid } = yield* lock
  yield* Effect.scoped(refusePooler(client, options.settings, pid))
  yield* query(client, `LISTEN ${Pg.escapeIdentifier(options.channel)}`)
  // After a cut the lock may still be held by what is left of the last session, and is ours as long as that lasts.
  if (!got) yield* Effect.repeat(lock, { until: ({ got }) => got, schedule: Schedule.spaced(100) })
  const isHeld = Effect.filterOrFail(
    query(client, `SELECT ${isLocked("$1", "pg_backend_pid()")} AS got`, [options.lock]),
    ({ rows }) => rows[0]?.got === true,
    failure
  )
  const beats = Effect.repeat(isHeld, Schedule.spaced(heartbeat))
  return Effect.raceFirst(Deferred.await(ended), beats)
})

/** What cut this session off may have cut off the others too: they get this long to come back. */
const settling = Duration.seconds(5)

export interface KeptSession {
  /** Whether the session is there, and has been since the beginning or long enough for the others to be back too. */
  readonly isSettled: Effect.Effect<boolean>
}

/** Keeps such a session for as long as the scope is open; fails where the first one can't be had. */
export const keepSession = (options: SessionOptions): Effect.Effect<KeptSession, TokenStoreError, Scope> =>
  Effect.gen(function*() {
    const first = yield* Deferred.make<void, TokenStoreError>()
    let wasCut = false
    /** The monotonic time from which on it is settled, while it is there. */
    let settledFrom: bigint | undefined
    const session = Effect.scoped(Effect.gen(function*() {
      const untilItEnds = yield* connect(options)
      const now = yield* Clock.currentTimeNanos
      settledFrom = wasCut ? now + Duration.unsafeToNanos(settling) : now
      yield* Deferred.succeed(first, undefined)
      options.up()
      yield* Effect.ensuring(
        untilItEnds,
        Effect.sync(() => {
          wasCut = true
          settledFrom = undefined
        })
      )
    }))
    yield* session.pipe(
      // A session that was there and ended comes back at once, one that could not be had after a moment.
      Effect.catchAll((error) => Effect.zipRight(Deferred.fail(first, error), Effect.sleep(100))),
      Effect.forever,
      Effect.forkScoped
    )
    yield* Deferred.await(first)
    return {
      isSettled: Effect.map(Clock.currentTimeNanos, (now) => settledFrom !== undefined && now >= settledFrom)
    }
  })
