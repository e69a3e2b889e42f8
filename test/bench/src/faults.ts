/** One fault at the token endpoint while a token is needed: waited out, and not remembered. */
import * as Effect from "effect/Effect"
import { type Fault, start } from "./loopback.ts"
import { wall } from "./measure.ts"
import * as ours from "./ours.ts"
import { report } from "./report.ts"

const faults: ReadonlyArray<Fault> = ["503", "500", "reset", "malformed"]

export const run = async (): Promise<void> => {
  const server = await start()
  await server.reject({ status: 460, bytes: 20, delay: 0 })
  for (const fault of faults) {
    for (const waiters of [1, 20, 200]) {
      const client = await ours.make(server.url, { connections: 64 })
      await server.expire()
      await server.fail(fault)
      await server.counters()
      let failed = 0
      const took = await wall(async () => {
        failed = await client.withAuth(waiters, "unbounded")
      })
      const { attempts } = await server.counters()
      const after = await client.withAuth(1, 1)
      const later = await server.counters()
      report({
        name: `fault ${fault}, ${waiters} waiting: attempts`,
        value: attempts,
        goal: 2,
        must: 2,
        note: `${Math.round(took)} ms`
      })
      report({
        name: `fault ${fault}, ${waiters} waiting: failures, and exchanges or failures of the next call`,
        value: failed + after + later.attempts,
        goal: 0,
        must: 0
      })
      await Effect.runPromise(client.auth.signOut.pipe(Effect.ignore))
      await client.close()
    }
  }
  server.close()
}
