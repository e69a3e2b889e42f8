/** The help of one command, made from the grammar. */
import { type CommandName, commandOf, common, type OptionSpec } from "./grammar.ts"

/** Columns that a line of help may have. */
const width = 118

const nameOf = (option: OptionSpec): string => {
  const short = option.short === undefined ? "" : `-${option.short}, `
  return `${short}--${option.name}${option.value === undefined ? "" : ` <${option.value}>`}`
}

const wrapped = (text: string, indent: number): string => {
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width - indent) {
      lines.push(line)
      line = word
    } else line = line === "" ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`)
}

const rows = (entries: ReadonlyArray<readonly [string, string]>): ReadonlyArray<string> => {
  const column = Math.max(...entries.map(([name]) => name.length)) + 4
  return entries.map(([name, text]) => `  ${name.padEnd(column - 2)}${wrapped(text, column)}`)
}

export const usageOf = (name: CommandName, provider?: string): string => {
  const command = commandOf(name, provider)
  const words = command.arguments.map((argument) => {
    if (argument.name === "provider" && provider !== undefined && name === "sign-in") return provider
    return argument.optional === true ? `[${argument.name}]` : `<${argument.name}>`
  })
  const described = (text: string, oneOf: ReadonlyArray<string> | undefined) =>
    oneOf === undefined ? text : `${text}: ${oneOf.join(", ")}`
  const args = command.arguments.map((argument) =>
    [argument.name, described(argument.description, argument.oneOf)] as const
  )
  const options = [...command.options, ...common].map((option) =>
    [nameOf(option), described(option.description, option.oneOf)] as const
  )
  return [
    wrapped(command.summary, 0),
    "",
    "USAGE",
    `  ${["effect-auth", name, ...words, "[options]"].join(" ")}`,
    ...(args.length === 0 ? [] : ["", "ARGUMENTS", ...rows(args)]),
    "",
    "OPTIONS",
    ...rows(options),
    ...(command.details === undefined ? [] : ["", ...command.details]),
    ""
  ].join("\n")
}
