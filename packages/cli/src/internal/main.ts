/** The program: its commands, what it runs in, and how it ends. */
import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import * as ValidationError from "@effect/cli/ValidationError"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import { call } from "./commands/call.ts"
import { refresh } from "./commands/refresh.ts"
import { sandbox } from "./commands/sandbox.ts"
import { signIn } from "./commands/signIn.ts"
import { signOut } from "./commands/signOut.ts"
import { status } from "./commands/status.ts"
import { token } from "./commands/token.ts"
import { codes, Reported, toJson, unexpected, UsageError } from "./failures.ts"
import { variable } from "./home.ts"
import * as Output from "./output.ts"
import { isProvider, providerNames } from "./providers/registry.ts"
import { refuseArguments } from "./secrets.ts"
import * as terminal from "./terminal.ts"
import { version } from "./version.ts"

const program = Command.make("effect-auth").pipe(
  Command.withDescription(
    "Sign in once, and have a token that works: on the command line, for the APIs of four providers"
  ),
  Command.withSubcommands([signIn, token, status, refresh, signOut, call, sandbox])
)

const execute = Command.run(program, { name: "effect-auth", version, executable: "effect-auth" })

/** What the library says of every option. */
const obvious =
  /^ *(A user-defined piece of text|A true or false value|A directory|This setting is optional|This option can be set from environment variables)\.\n\n?/gm

/** After each command of a list the library writes all of its options, which nobody can read in one line. */
const usages = /^( {2}- [a-z-]+)(?: \[[^\]]*\])+ +/gm

/** The library's help without what goes without saying, and with the whole name of the command. */
const readable = (help: string): string =>
  help.replace(obvious, "").replace(usages, "$1  ").replace(
    /^\$ (?!effect-auth)(\S+)/m,
    (_, name: string) => isProvider(name) ? `$ effect-auth sign-in ${name}` : `$ effect-auth ${name}`
  )

const withoutColour = (text: string): string => text.replace(/\u001b\[[\d;]*m/g, "")

/** Colours are for terminals whose owner wants them: https://no-color.org. */
const plain = (stream: NodeJS.WriteStream) => (text: unknown): Effect.Effect<void> =>
  Effect.flatMap(variable("NO_COLOR"), (refused) => {
    const line = `${readable(String(text ?? ""))}\n`
    const shown = stream.isTTY === true && refused === undefined ? line : withoutColour(line)
    return (stream === process.stdout ? Output.stdout : Output.stderr)(shown)
  })

/** The command line is at fault, told as every other failure is. */
const tellUsage = (message: string, json: boolean): Effect.Effect<void> =>
  Output.say(json ? JSON.stringify(toJson(new UsageError({ message }))) : message)

/** The library writes help to `log`, and to `error` what is wrong with the arguments: nothing else. */
const console = (json: boolean) =>
  Effect.map(Console.consoleWith(Effect.succeed), (standard): Console.Console => ({
    ...standard,
    log: plain(process.stdout),
    error: json ? (text) => tellUsage(withoutColour(String(text)).trim(), json) : plain(process.stderr)
  }))

/** The library takes a provider that it does not know for a command, and lists all commands. */
const checkProvider = ([command, name]: ReadonlyArray<string>): Effect.Effect<void, UsageError> =>
  command !== "sign-in" || name === undefined || name.startsWith("-") || isProvider(name)
    ? Effect.void
    : Effect.fail(new UsageError({ message: `sign-in knows ${providerNames.join(", ")}` }))

/** Options that every command has, and types that say "a text", would bury what a command's own options say. */
const quietHelp = CliConfig.layer({ showBuiltIns: false, showTypes: false })

interface Asked {
  readonly args: ReadonlyArray<string>
  readonly level: LogLevel.LogLevel
}

const levels = new Map(LogLevel.allLevels.map((level) => [level._tag.toLowerCase(), level]))

/** The library knows `--log-level` too, but not below the commands of commands. */
const withoutLevel = (args: ReadonlyArray<string>): Asked => {
  const at = args.findIndex((arg) => arg === "--log-level" || arg.startsWith("--log-level="))
  const [, joined] = args[at]?.split("=") ?? []
  const level = levels.get(joined ?? args[at + 1] ?? "")
  // An unknown level is left for the library to refuse.
  if (at < 0 || level === undefined) return { args, level: LogLevel.Warning }
  const end = at + (joined === undefined ? 2 : 1)
  return { args: [...args.slice(0, at), ...args.slice(end)], level }
}

const main = (argv: ReadonlyArray<string>) => {
  const { args, level } = withoutLevel(argv.slice(2))
  const json = args.includes("--json")
  return Effect.gen(function*() {
    yield* refuseArguments(args).pipe(
      Effect.zipRight(checkProvider(args)),
      Effect.catchTag(
        "UsageError",
        ({ message }) =>
          Effect.zipRight(tellUsage(message, json), Effect.fail(new Reported({ code: codes.UsageError })))
      )
    )
    yield* Effect.withConsole(execute([...argv.slice(0, 2), ...args]), yield* console(json))
  }).pipe(
    Effect.provide(Layer.mergeAll(NodeFileSystem.layer, NodePath.layer, terminal.layer, quietHelp)),
    Effect.provide(Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger))),
    Logger.withMinimumLogLevel(level)
  )
}

const codeOf = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit)) return 0
  if (Cause.isInterruptedOnly(exit.cause)) return codes.Interrupted
  const failure = Option.getOrUndefined(Cause.failureOption(exit.cause))
  if (failure instanceof Reported) return failure.code
  return ValidationError.isValidationError(failure) ? codes.UsageError : unexpected
}

/** Runs the program on the arguments of the process, and ends the process. */
export const run = (): void =>
  NodeRuntime.runMain(main(process.argv), {
    disableErrorReporting: true,
    disablePrettyLogger: true,
    // Whatever is still open (idle connections, a paused standard input) must not keep the process.
    teardown: (exit) => process.exit(codeOf(exit))
  })
