/** Makes the input of each command from parsed arguments. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as accounts from "./accounts.ts"
import type { Run } from "./arguments/parse.ts"
import { UsageError } from "./failures.ts"
import { locate } from "./home.ts"
import * as Output from "./output.ts"
import { isProvider, type ProviderName, registry } from "./providers/registry.ts"
import { isFormat } from "./tokenFormats.ts"

export interface Asked {
  readonly run: Run
  readonly json: boolean
  readonly logLevel: string | undefined
}

const all = (run: Run, name: string): ReadonlyArray<string> => run.options[name] ?? []

const has = (run: Run, name: string): boolean => run.options[name] !== undefined

const text = (run: Run, name: string): Option.Option<string> => Option.fromNullable(all(run, name).at(-1))

export const read = (run: Run): Asked => ({
  run,
  json: has(run, "json"),
  logLevel: Option.getOrUndefined(text(run, "log-level"))
})

/** The parser has checked it. */
const providerOf = (run: Run): ProviderName => {
  const name = run.arguments["provider"] ?? ""
  if (isProvider(name)) return name
  throw new TypeError("the provider is not checked")
}

export const onSession = ({ json, run }: Asked) => ({
  provider: providerOf(run),
  account: text(run, "account"),
  store: text(run, "store"),
  json
})

export const signIn = (asked: Asked) => {
  const base = onSession(asked)
  const flags = registry[base.provider].flags.map((flag) => [flag.name, text(asked.run, flag.name)] as const)
  return { ...base, stdin: has(asked.run, "stdin"), flags: Object.fromEntries(flags) }
}

export const signOut = (asked: Asked) => ({ ...onSession(asked), forget: has(asked.run, "forget") })

export const key = ({ run }: Asked) => ({
  store: text(run, "store"),
  to: Option.filter(text(run, "to"), (place) => place === "keychain" || place === "file")
})

const number = (run: Run, name: string, isFit: (value: number) => boolean, words: string) =>
  Option.match(text(run, name), {
    onNone: () => Effect.succeedNone,
    onSome: (given) =>
      /^\d+(\.\d+)?$/.test(given) && isFit(Number(given))
        ? Effect.succeedSome(Number(given))
        : Effect.fail(new UsageError({ message: `--${name} is ${words}` }))
  })

export const serve = ({ json, run }: Asked) =>
  Effect.map(
    number(run, "port", (port) => Number.isInteger(port) && port <= 65_535, "a whole number up to 65535"),
    (port) => ({ config: text(run, "config"), socket: text(run, "socket"), port, store: text(run, "store"), json })
  )

export const token = (asked: Asked) => {
  const format = Option.getOrUndefined(text(asked.run, "format"))
  const plain = asked.json ? "json" : "plain"
  return {
    ...onSession(asked),
    keeper: text(asked.run, "keeper"),
    format: format !== undefined && isFormat(format) ? format : plain
  }
}

export const call = (asked: Asked) => ({
  ...onSession(asked),
  method: asked.run.arguments["METHOD"] ?? "",
  path: asked.run.arguments["PATH"] ?? "",
  data: text(asked.run, "data"),
  header: all(asked.run, "header"),
  keeper: text(asked.run, "keeper"),
  include: has(asked.run, "include"),
  query: text(asked.run, "query")
})

export const status = ({ json, run }: Asked) => ({
  provider: isProvider(run.arguments["provider"] ?? "") ? providerOf(run) : undefined,
  account: text(run, "account"),
  state: text(run, "state"),
  store: text(run, "store"),
  keeper: text(run, "keeper"),
  json
})

export const sandbox = ({ json, run }: Asked) =>
  Effect.all({
    // Four in a row are needed.
    port: Effect.map(
      number(run, "port", (port) => Number.isInteger(port) && port <= 65_532, "a whole number up to 65532"),
      Option.getOrElse(() => 0)
    ),
    env: Effect.succeed(has(run, "env")),
    quiet: Effect.succeed(has(run, "quiet")),
    accessLifetime: number(run, "access-lifetime", (seconds) => seconds > 0, "a number of seconds above 0"),
    json: Effect.succeed(json)
  })

/** Prints a command's result. */
export const printed = ({ json }: Asked) => (result: Output.Result) => Output.print(result, json)

/** The names of the remembered accounts, for completions. */
export const accountNames = (provider: string | undefined): Effect.Effect<ReadonlyArray<string>> =>
  Effect.gen(function*() {
    const home = yield* locate(Option.none())
    const found = yield* accounts.list(home, provider !== undefined && isProvider(provider) ? provider : undefined)
    return [...new Set(found.flatMap((entry) => entry._tag === "Account" ? [entry.account.account] : []))]
  }).pipe(Effect.orElseSucceed(() => []))
