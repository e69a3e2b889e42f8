/**
 * The output of a command. Results go to standard output, everything else to standard error, and a write that is done has
 * left the process.
 */
import * as Effect from "effect/Effect"
import { OutputFailed } from "./failures.ts"
import * as pipe from "./pipe.ts"

const to = (stream: NodeJS.WriteStream, chunk: string | Uint8Array): Effect.Effect<void, OutputFailed> =>
  Effect.async<void, OutputFailed>((resume) => {
    stream.write(chunk, (error) =>
      resume(
        !error || pipe.isClosed(error)
          ? Effect.void
          : Effect.fail(new OutputFailed({ message: pipe.sentenceOf(error) }))
      ))
  })

/** Writes as it is. */
export const stdout = (chunk: string | Uint8Array): Effect.Effect<void, OutputFailed> => to(process.stdout, chunk)

/** Writes as it is. If standard error can't be written either, the error is ignored. */
export const stderr = (chunk: string): Effect.Effect<void> => Effect.ignore(to(process.stderr, chunk))

/** Says something to the person, beside the result. */
export const say = (text: string): Effect.Effect<void> => stderr(`${text}\n`)

/** A command's result, for people and for programs. */
export interface Result {
  readonly text: string
  readonly json: unknown
}

export const print = (result: Result, json: boolean): Effect.Effect<void, OutputFailed> => {
  const text = json ? JSON.stringify(result.json) : result.text
  return text === "" ? Effect.void : stdout(`${text}\n`)
}

const units = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]] as const

/** A span of time in its two largest units. */
export const span = (millis: number): string => {
  let rest = Math.max(0, Math.floor(millis / 1000))
  const parts: Array<string> = []
  for (const [name, seconds] of units) {
    const count = Math.floor(rest / seconds)
    rest -= count * seconds
    if (count > 0 || parts.length > 0) parts.push(`${count} ${name}`)
  }
  return parts.slice(0, 2).join(" ") || "0 s"
}

/** How much of a life is left, in words. */
export const left = (seconds: number | null): string =>
  seconds === null ? "no known end" : `${span(seconds * 1000)} left`

/** Rows under a heading, each column as wide as its widest cell. */
export const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()).join("\n")
}
