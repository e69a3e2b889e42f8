/** Runs the commands and ends the process. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import type * as Terminal from "@effect/platform/Terminal"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import { offerFor } from "./arguments/complete.ts"
import type { CommandName } from "./arguments/grammar.ts"
import type { Run } from "./arguments/parse.ts"
import * as commands from "./commands.ts"
import { codes, type Failure, unexpected } from "./failures.ts"
import * as Output from "./output.ts"
import { perform } from "./perform.ts"
import * as terminal from "./terminal.ts"

const levels = new Map(LogLevel.allLevels.map((level) => [level._tag.toLowerCase(), level]))

type Load = (asked: commands.Asked) => Promise<Effect.Effect<unknown, Failure, Terminal.Terminal>>

/** Each command's module is loaded when it is needed. */
const load: Readonly<Record<CommandName, Load>> = {
  "sign-in": async (asked) =>
    Effect.flatMap((await import("./actions/signIn.ts")).run(commands.signIn(asked)), commands.printed(asked)),
  token: async (asked) => (await import("./actions/token.ts")).run(commands.token(asked)),
  call: async (asked) => (await import("./actions/call.ts")).run(commands.call(asked)),
  status: async (asked) => (await import("./actions/status.ts")).run(commands.status(asked)),
  refresh: async (asked) =>
    Effect.flatMap((await import("./actions/refresh.ts")).run(commands.onSession(asked)), commands.printed(asked)),
  "sign-out": async (asked) =>
    Effect.flatMap((await import("./actions/signOut.ts")).run(commands.signOut(asked)), commands.printed(asked)),
  serve: async (asked) => {
    const { run } = await import("./actions/serve.ts")
    return Effect.flatMap(commands.serve(asked), run)
  },
  key: async (asked) =>
    Effect.flatMap((await import("./actions/key.ts")).run(commands.key(asked)), commands.printed(asked)),
  sandbox: async (asked) => {
    const { run } = await import("./actions/sandbox.ts")
    return Effect.flatMap(commands.sandbox(asked), run)
  }
}

const main = (run: Run): Effect.Effect<number> => {
  const asked = commands.read(run)
  return perform(asked.json, () => load[run.command](asked)).pipe(
    Effect.provide(terminal.layer),
    Effect.provide(Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger))),
    Logger.withMinimumLogLevel(levels.get(asked.logLevel ?? "") ?? LogLevel.Warning)
  )
}

const codeOf = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit)) return typeof exit.value === "number" ? exit.value : 0
  return Cause.isInterruptedOnly(exit.cause) ? codes.Interrupted : unexpected
}

const runMain = (program: Effect.Effect<unknown>): void =>
  NodeRuntime.runMain(program, {
    disableErrorReporting: true,
    disablePrettyLogger: true,
    // Open handles (idle connections, a paused standard input) must not keep the process.
    teardown: (exit) => process.exit(codeOf(exit))
  })

/** Runs a command, and ends the process. */
export const run = (asked: Run): void => runMain(main(asked))

/** Prints the completions of a command line, one word on each line. An error prints nothing. */
export const complete = (line: ReadonlyArray<string>): void => {
  const offer = offerFor(line)
  const last = line.at(-1) ?? ""
  runMain(Effect.gen(function*() {
    const all = offer._tag === "Words" ? offer.words : yield* commands.accountNames(offer.provider)
    const fitting = all.filter((word) => word.startsWith(last))
    if (fitting.length > 0) yield* Effect.ignore(Output.stdout(`${fitting.join("\n")}\n`))
  }))
}
