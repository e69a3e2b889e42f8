/** Throughput over loopback against the same client with a static bearer. */
import { start } from "./loopback.ts"
import { alternate, wall } from "./measure.ts"
import * as ours from "./ours.ts"
import { report } from "./report.ts"

/** Calls in flight, and calls in one measurement. */
const sizes = [[1, 150], [64, 800], [512, 1_200]] as const

export const run = async (): Promise<void> => {
  const server = await start()
  const client = await ours.make(server.url)
  const withStatic = await client.withStatic()
  for (const [concurrency, calls] of sizes) {
    const side = (drive: ours.Drive) => () =>
      wall(async () => {
        const failed = await drive(calls, concurrency)
        if (failed > 0) throw new Error(`${failed} calls failed`)
      })
    const { a, b, pairs, ratio, spread } = await alternate(side(withStatic), side(client.withAuth), 31, 3)
    const rate = (time: number) => `${Math.round(1000 * calls / time)}/s`
    report({
      name: `loopback: throughput ÷ static bearer, ${concurrency} in flight`,
      ratio,
      goal: 0.97,
      must: 0.95,
      better: "higher",
      spread,
      pairs,
      note: `${rate(b)} against ${rate(a)}`
    })
  }
  await client.close()
  server.close()
}
