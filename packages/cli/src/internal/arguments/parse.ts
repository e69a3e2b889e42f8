/**
 * Parses the arguments of the process. Pure.
 *
 * A fault never quotes a value, because it may be a secret. It quotes only names that look like a typing mistake.
 */
import { parseArgs } from "node:util"
import { isProvider } from "../providers/registry.ts"
import {
  type CommandName,
  commandNames,
  commandOf,
  type CommandSpec,
  common,
  everyOption,
  isCommand,
  type OptionSpec
} from "./grammar.ts"
import { nearest } from "./nearest.ts"

/** A command with its arguments by name, and its options: those without a value have an empty list. */
export interface Run {
  readonly _tag: "Run"
  readonly command: CommandName
  readonly arguments: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, ReadonlyArray<string>>>
}

export interface Help {
  readonly _tag: "Help"
  readonly command?: CommandName | undefined
  readonly provider?: string | undefined
}

export interface Version {
  readonly _tag: "Version"
}

export interface Completions {
  readonly _tag: "Completions"
  readonly shell: Shell
}

/** The command line is wrong. */
export interface Fault {
  readonly _tag: "Fault"
  readonly message: string
}

export type Asked = Run | Help | Version | Completions | Fault

const shells = ["bash", "zsh", "fish", "sh"] as const

export type Shell = typeof shells[number]

const fault = (message: string): Fault => ({ _tag: "Fault", message })

const secretFlag =
  /^--?(password|passwd|secret|token|code|key|client-token|client-secret|access-token|refresh-token|otp)(=|$)/i

const didYouMean = (word: string | undefined): string => word === undefined ? "" : `; did you mean ${word}?`

const seeHelp = (command: CommandSpec | undefined): string =>
  command === undefined ? "effect-auth help" : `effect-auth ${command.name} --help`

const unknownCommand = (typed: string): Fault => {
  const near = nearest(typed, [...commandNames, "help"])
  return fault(
    near === undefined
      ? `there is no such command; there are ${commandNames.join(", ")}. See effect-auth help`
      : `there is no command ${typed}${didYouMean(near)} See effect-auth help`
  )
}

/** The part of an unknown option that is its name, where it looks like one. */
const unknownOption = (typed: string, known: ReadonlyArray<OptionSpec>, command: CommandSpec | undefined): Fault => {
  const [name = ""] = typed.split("=")
  const near = nearest(name.replace(/^-+/, ""), known.map((option) => option.name))
  const shown = /^--[a-z][a-z-]{0,24}$/i.test(name) ? ` ${name}` : /^-[a-z]/i.test(name) ? ` ${name.slice(0, 2)}` : ""
  return fault(
    `unknown option${shown}${near === undefined ? "." : didYouMean(`--${near}`)} See ${seeHelp(command)}`
  )
}

interface Words {
  readonly _tag: "Words"
  readonly found: Readonly<Record<string, string>>
}

interface Reading {
  readonly command: CommandSpec | undefined
  readonly words: ReadonlyArray<string>
  readonly options: Record<string, ReadonlyArray<string>>
}

const optionsOf = (command: CommandSpec | undefined): ReadonlyArray<OptionSpec> => [
  ...(command?.options ?? []),
  ...common
]

/** Whether each option that some command has takes a value. */
const valued = Object.fromEntries(
  everyOption.map(({ name, short, value }) => [
    name,
    {
      type: value === undefined ? "boolean" : "string",
      ...(short === undefined ? {} : { short })
    } as const
  ])
)

const readOption = (
  { inlineValue, name, rawName, value }: {
    name: string
    rawName: string
    value?: string | undefined
    inlineValue?: boolean | undefined
  },
  { command, options }: Reading
): Fault | undefined => {
  const known = optionsOf(command)
  const option = known.find((option) => option.name === name)
  if (option === undefined) return unknownOption(rawName, known, command)
  const before = options[name] ?? []
  if (option.value === undefined) {
    if (value !== undefined) return fault(`--${name} takes no value. See ${seeHelp(command)}`)
    options[name] = before
    return undefined
  }
  if (value === undefined || (inlineValue !== true && value.startsWith("--"))) {
    return fault(`--${name} needs a value: ${option.value}`)
  }
  if (option.oneOf !== undefined && !option.oneOf.includes(value)) {
    return fault(`--${name} is one of ${option.oneOf.join(", ")}${didYouMean(nearest(value, option.oneOf))}`)
  }
  options[name] = option.repeated === true ? [...before, value] : [value]
  return undefined
}

/** Options may stand anywhere, and after `--` there are none. */
const read = (args: ReadonlyArray<string>): Reading | Fault => {
  const { tokens } = parseArgs({ args, options: valued, strict: false, allowPositionals: true, tokens: true })
  const [name, ...words] = tokens.flatMap((token) => token.kind === "positional" ? [token.value] : [])
  if (name !== undefined && !isCommand(name)) return unknownCommand(name)
  // The options of a sign-in are those of its provider.
  const command = name === undefined ? undefined : commandOf(name, words[0])
  const reading: Reading = { command, words, options: {} }
  for (const token of tokens) {
    const wrong = token.kind === "option" ? readOption(token, reading) : undefined
    if (wrong !== undefined) return wrong
  }
  return reading
}

const argumentsOf = ({ arguments: specs, name }: CommandSpec, words: ReadonlyArray<string>): Fault | Words => {
  const found: Record<string, string> = {}
  for (const [index, spec] of specs.entries()) {
    const word = words[index]
    if (word === undefined) {
      if (spec.optional === true) break
      const known = spec.oneOf === undefined ? "" : `: ${spec.oneOf.join(", ")}`
      return fault(`${name} needs <${spec.name}>${known}. See effect-auth ${name} --help`)
    }
    if (spec.oneOf !== undefined && !spec.oneOf.includes(word)) {
      const near = didYouMean(nearest(word, spec.oneOf))
      return fault(`there is no such ${spec.name}: ${name} knows ${spec.oneOf.join(", ")}${near}`)
    }
    found[spec.name] = word
  }
  if (words.length <= specs.length) return { _tag: "Words", found }
  const wanted = specs.length === 0 ? "no argument" : specs.map((spec) => `<${spec.name}>`).join(" ")
  return fault(`${name} takes ${wanted}, and there is more. See effect-auth ${name} --help`)
}

const helpOf = (words: ReadonlyArray<string>): Asked => {
  const [command, provider] = words.filter((word) => !word.startsWith("-"))
  if (command === undefined || command === "help") return { _tag: "Help" }
  if (!isCommand(command)) return unknownCommand(command)
  return { _tag: "Help", command, provider: provider !== undefined && isProvider(provider) ? provider : undefined }
}

const isShell = (text: string | undefined): text is Shell => shells.some((shell) => shell === text)

const completionsOf = (args: ReadonlyArray<string>): Asked => {
  const [first = "", second] = args
  const shell = first.startsWith("--completions=") ? first.slice("--completions=".length) : second
  return isShell(shell)
    ? { _tag: "Completions", shell }
    : fault(`--completions needs a shell: ${shells.join(", ")}`)
}

/** Refuses a secret among the arguments, without repeating it. */
const refuseSecrets = (args: ReadonlyArray<string>): Fault | undefined => {
  const found = args.map((arg) => secretFlag.exec(arg)?.[1]).find((name) => name !== undefined)
  return found === undefined ? undefined : fault(
    `--${found}: secrets are not taken from arguments, which others can read. ` +
      "Use the prompt, --stdin, or an environment variable; see sign-in --help"
  )
}

export const parse = (args: ReadonlyArray<string>): Asked => {
  const [first] = args
  if (first === undefined || first === "help") return helpOf(args.slice(1))
  if (args.length === 1 && (first === "-v" || first === "-V" || first === "--version" || first === "version")) {
    return { _tag: "Version" }
  }
  if (first === "--completions" || first.startsWith("--completions=")) return completionsOf(args)
  const options = args.includes("--") ? args.slice(0, args.indexOf("--")) : args
  if (options.includes("--help") || options.includes("-h")) return helpOf(args)
  const secret = refuseSecrets(options)
  if (secret !== undefined) return secret
  const reading = read(args)
  if ("_tag" in reading) return reading
  if (reading.command === undefined) return fault("name a command. See effect-auth help")
  const words = argumentsOf(reading.command, reading.words)
  return words._tag === "Fault"
    ? words
    : { _tag: "Run", command: reading.command.name, arguments: words.found, options: reading.options }
}
