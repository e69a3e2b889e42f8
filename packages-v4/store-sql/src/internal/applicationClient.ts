/**
 * Runs the statements of a store outside of the application's transaction.
 *
 * A client keeps its transaction in the context of the fiber (`seams/withoutTransaction.ts` says under which name). So a
 * statement of a store would join the transaction around it, even one of another database: it would be rolled back after
 * it was acknowledged, or go to the wrong server.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import { SqlError, UnknownError } from "effect/sql/SqlError"
import type { Use } from "./records.ts"
import { disconnect } from "./seams/disconnect.ts"
import { withoutTransaction } from "./seams/withoutTransaction.ts"

/** A database that sleeps wakes up in this time. */
export const openingPatience = Duration.seconds(30)

/**
 * Uses the application's own client. Its transaction may hold the only connection (SQLite), and a call inside of it would
 * wait for ever.
 */
export const useOf = (sql: SqlClient.SqlClient, patience: Duration.Input = "5 seconds"): Use => (work) =>
  disconnect(withoutTransaction(work(sql))).pipe(
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () =>
        Effect.fail(
          new SqlError({
            reason: new UnknownError({ cause: { code: "NO_CONNECTION" }, message: "no connection in time" })
          })
        )
    })
  )
