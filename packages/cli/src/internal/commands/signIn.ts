import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Config from "effect/Config"
import type * as Option from "effect/Option"
import { type Flag, type ProviderName, providerNames, registry, variableOf } from "../providers/registry.ts"
import { account, json, performAndPrint, store } from "./command.ts"

const stdin = Options.boolean("stdin").pipe(
  Options.withDescription("Read the secrets from standard input, a line each, in the order in which they are asked for")
)

const optionOf = (provider: ProviderName, flag: Flag): Options.Options<Option.Option<string>> => {
  const choices = flag.oneOf === undefined ? "" : `: ${flag.oneOf.join(", ")}`
  const variable = variableOf(provider, flag.name)
  const text = Options.text(flag.name)
  return flag.once === true
    ? text.pipe(Options.withDescription(`${flag.description}${choices}`), Options.optional)
    : text.pipe(
      Options.withDescription(`${flag.description}${choices} (${variable})`),
      Options.withFallbackConfig(Config.nonEmptyString(variable)),
      Options.optional
    )
}

const describe = (provider: ProviderName): string => {
  const { credential, kept, title } = registry[provider]
  const variables = [...kept, credential].map((secret) => `${secret.label} (${variableOf(provider, secret.name)})`)
  return `Sign in as ${title}. Asks for: ${variables.join(", ")}, without showing what is typed; or set these ` +
    "variables, or use --stdin. Options are remembered: the next time they need not be given."
}

const forProvider = (provider: ProviderName) => {
  const flags = Object.fromEntries(registry[provider].flags.map((flag) => [flag.name, optionOf(provider, flag)]))
  return Command.make(
    provider,
    { flags: Options.all(flags), account, stdin, store, json },
    (options) =>
      performAndPrint(options, async () => {
        const { run } = await import("../actions/signIn.ts")
        return run({ ...options, provider })
      })
  ).pipe(Command.withDescription(describe(provider)))
}

const [first, ...others] = providerNames

export const signIn = Command.make("sign-in").pipe(
  Command.withDescription("Sign in at a provider; each has its own options: effect-auth sign-in placewise --help"),
  Command.withSubcommands([forProvider(first), ...others.map(forProvider)])
)
