/** The connection that stays open: it holds the named lock that shows that this owner is alive. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Scope } from "effect/Scope"
import * as Mysql from "mysql2/promise"
import { ofStore } from "./failures.ts"
import { keep, type KeptSession } from "./keptSession.ts"
import { driverOptions, type Settings } from "./mysqlSettings.ts"

/** How often the connection is checked: a lost host sends nothing, and a server closes an idle connection. */
const heartbeat = Duration.seconds(10)
const patience = Duration.seconds(5)

const failure = ofStore("mysql", "open")

const connect = (settings: Settings) =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: async () => {
        const connection = await Mysql.createConnection(driverOptions(settings))
        // Without a listener, the error of a broken connection would end the process.
        connection.on("error", () => {})
        return connection
      },
      catch: failure
    }),
    (connection) => Effect.sync(() => connection.destroy())
  )

const ask = (connection: Mysql.Connection, text: string, values: ReadonlyArray<string> = []) =>
  Effect.tryPromise({
    try: async () => {
      const [rows] = await connection.query<Array<Mysql.RowDataPacket>>(text, [...values])
      return rows[0]
    },
    catch: failure
  }).pipe(Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.fail(failure()) }))

/** Refuses a server with autocommit off, because no write would be committed. */
const refuseUncommitted = (connection: Mysql.Connection) =>
  Effect.flatMap(
    ask(connection, "SELECT @@autocommit AS autocommit"),
    (row) =>
      Number(row?.["autocommit"]) === 1 ? Effect.void : ofStore("mysql", "open", {
        reason: "misconfigured",
        detail: "autocommit is off on this server (autocommit, init_connect), so no write would be kept"
      })()
  )

const pooled = "the proxy lends a connection for one statement only, so a lock is not kept: connect directly"

const session = Effect.fnUntraced(function*(settings: Settings, lock: string) {
  const connection = yield* connect(settings)
  const ended = yield* Deferred.make<void>()
  connection.on("end", () => Deferred.doneUnsafe(ended, Effect.void))
  connection.on("error", () => Deferred.doneUnsafe(ended, Effect.void))
  const isHeld = Effect.map(
    ask(connection, "SELECT IS_USED_LOCK(?) = CONNECTION_ID() AS held", [lock]),
    (row) => Number(row?.["held"]) === 1
  )
  const take = Effect.map(ask(connection, "SELECT GET_LOCK(?, 0) AS got", [lock]), (row) => Number(row?.["got"]) === 1)
  // After an interruption the old connection may still hold the lock. Until it ends, this owner still counts as alive.
  if (!(yield* take)) yield* Effect.repeat(take, { until: (got) => got, schedule: Schedule.spaced(100) })
  if (!(yield* isHeld)) yield* ofStore("mysql", "open", { detail: pooled })()
  yield* refuseUncommitted(connection)
  const beats = Effect.repeat(Effect.filterOrFail(isHeld, (held) => held, () => failure()), Schedule.spaced(heartbeat))
  return Effect.raceFirst(Deferred.await(ended), beats)
})

/** Keeps such a session until the scope closes. Fails if the first connect fails. */
export const keepSession = (settings: Settings, lock: string): Effect.Effect<KeptSession, TokenStoreError, Scope> =>
  keep(session(settings, lock), { connectTimeout: settings.connectTimeout })
