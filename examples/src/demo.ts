/**
 * `pnpm demo`: the story of a session at each provider, over real HTTP on the loopback address. Every figure is read from
 * the server's counters or the service's state.
 *
 *   --json   the same as JSON lines, and nothing else on standard output
 *
 * Ends by itself, with exit code 0 if every step happened as it should. One that did not is the last of its chapter.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { chapter as pitchpoint } from "./demo/pitchpoint.ts"
import { chapter as placewise } from "./demo/placewise.ts"
import { chapter as priava } from "./demo/priava.ts"
import * as Print from "./demo/print.ts"
import type { Chapter, Row } from "./demo/story.ts"
import { chapter as walletApp } from "./demo/walletApp.ts"

/** The first one is told as it happens and has the machine to itself: a thousand calls at once keep it busy. */
const first: Chapter = placewise

/** The others mostly wait, so they happen together; each is told when all have ended. */
const others: ReadonlyArray<Chapter> = [priava, pitchpoint, walletApp]

/** Colours are for terminals: https://no-color.org. */
const coloured = process.stdout.isTTY === true && (process.env["NO_COLOR"] ?? "") === ""

/** The columns of the terminal; elsewhere those that the environment says, or 100. */
const width = Math.max(40, process.stdout.columns ?? (Number(process.env["COLUMNS"]) || 100))

const printer = process.argv.includes("--json") ? Print.jsonLines : Print.table({ colour: coloured, width })

// `pnpm demo | head` closes the pipe. Then there is nobody to tell the rest to.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1))
}

const told: Array<Row> = []

const rowOf = (row: Row): string => {
  told.push(row)
  return printer.row(row)
}

const live = Effect.zipRight(
  Console.log(printer.chapter(first.name)),
  first.run((row) => Console.log(rowOf(row)))
)

const recorded = (chapter: Chapter) =>
  Effect.suspend(() => {
    const lines = [printer.chapter(chapter.name)]
    const record = (row: Row) => Effect.sync(() => void lines.push(rowOf(row)))
    return Effect.map(Effect.exit(chapter.run(record)), (exit) => ({ lines, exit }))
  })

const together = Effect.gen(function*() {
  const records = yield* Effect.forEach(others, recorded, { concurrency: "unbounded" })
  for (const { lines } of records) yield* Console.log(lines.join("\n"))
  yield* Console.log(printer.closing(told))
  for (const { exit } of records) yield* exit
})

Effect.zipRight(live, together).pipe(
  Effect.timeoutFail({
    duration: "60 seconds",
    onTimeout: () => new Error("the demo took longer than 60 seconds")
  }),
  // Standard output holds the story and nothing else, so that every line of `--json` is JSON.
  Effect.tapErrorCause((cause) => Console.error(Cause.pretty(cause))),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
