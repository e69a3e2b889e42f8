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

/** A host that is gone says nothing, so the connection is asked now and then. */
const heartbeat = Duration.seconds(10)

const failure = ofStore("postgresql", "open")

const query = (client: Pg.Client, text: string, values: ReadonlyArray<string> = []) =>
  Effect.tryPromise({ try: () => client.query<{ got: boolean }>(text, [...values]), catch: failure })

const connect = Effect.fnUntraced(function*(options: SessionOptions) {
  const client = yield* Effect.acquireRelease(
    Effect.try({
      try: () => new Pg.Client({ ...options.settings, query_timeout: 5_000 }).on("error", () => {}),
      catch: failure
    }),
    (client) => Effect.timeoutOption(Effect.interruptible(Effect.ignore(Effect.tryPromise(() => client.end()))), 1_000)
  )
  const ended = yield* Deferred.make<void>()
  client.on("end", () => Deferred.unsafeDone(ended, Effect.void))
  client.on("notification", (message) => options.heard(message.payload ?? ""))
  yield* Effect.tryPromise({ try: () => client.connect(), catch: failure })
  const lock = Effect.map(
    query(client, "SELECT pg_try_advisory_lock($1::bigint) AS got", [options.lock]),
    (answer) => answer.rows[0]?.got === true
  )
  const got = yield* lock
  yield* query(client, `LISTEN ${Pg.escapeIdentifier(options.channel)}`)
  // After a cut the lock may still be held by what is left of the last session, and is ours as long as that lasts.
  if (!got) yield* Effect.repeat(lock, { until: (got) => got, schedule: Schedule.spaced(100) })
  const beats = Effect.repeat(query(client, "SELECT 1"), Schedule.spaced(heartbeat))
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
