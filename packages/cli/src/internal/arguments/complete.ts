/** The completions at the end of a command line that is being typed. Pure. */
import { isProvider, providerNames } from "../providers/registry.ts"
import { commandNames, commandOf, common, isCommand, type OptionSpec } from "./grammar.ts"

/** The words to offer. `Accounts`: the names of the accounts, of one provider if it is known. */
export type Offer =
  | { readonly _tag: "Words"; readonly words: ReadonlyArray<string> }
  | { readonly _tag: "Accounts"; readonly provider: string | undefined }

const words = (all: ReadonlyArray<string>): Offer => ({ _tag: "Words", words: all })

/** `line`: all words after the program's name; the last one is being typed and may be empty. */
export const offerFor = (line: ReadonlyArray<string>): Offer => {
  const before = line.slice(0, -1)
  const last = line.at(-1) ?? ""
  const name = before.find(isCommand)
  const provider = before.find(isProvider)
  if (name === undefined) {
    return words(last.startsWith("-") ? ["--help", "--version", "--completions"] : [...commandNames, "help"])
  }
  const command = commandOf(name, provider)
  const options: ReadonlyArray<OptionSpec> = [...command.options, ...common]
  const previous = before.at(-1)
  const option = options.find((option) => `--${option.name}` === previous && option.value !== undefined)
  if (option?.name === "account") return { _tag: "Accounts", provider }
  if (option !== undefined) return words(option.oneOf ?? [])
  if (last.startsWith("-")) return words(options.map((option) => `--${option.name}`))
  if (provider === undefined && command.arguments.some((argument) => argument.name === "provider")) {
    return words(providerNames)
  }
  return words([])
}
