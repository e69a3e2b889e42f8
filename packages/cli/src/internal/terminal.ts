/**
 * The terminal that prompts are shown on: standard error, so that standard output holds results and nothing else. The
 * part that reads keys is loaded at the first prompt.
 */
import * as Terminal from "@effect/platform/Terminal"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Output from "./output.ts"

/** Whether a prompt is possible. */
export const isAnybodyThere = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true

const keyboard = Effect.flatMap(
  Effect.promise(() => import("@effect/platform-node/NodeTerminal")),
  (module) => module.make()
)

export const layer: Layer.Layer<Terminal.Terminal> = Layer.succeed(
  Terminal.Terminal,
  Terminal.Terminal.of({
    columns: Effect.sync(() => process.stderr.columns ?? 80),
    rows: Effect.sync(() => process.stderr.rows ?? 24),
    isTTY: Effect.sync(isAnybodyThere),
    display: Output.stderr,
    readInput: Effect.flatMap(keyboard, (terminal) => terminal.readInput),
    readLine: Effect.scoped(Effect.flatMap(keyboard, (terminal) => terminal.readLine))
  })
)
