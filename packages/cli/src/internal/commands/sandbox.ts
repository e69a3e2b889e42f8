import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { json, perform } from "./command.ts"

const port = Options.integer("port").pipe(
  Options.withDescription("The first of four ports; default: four that are free"),
  Options.withDefault(0)
)

const accessLifetime = Options.float("access-lifetime").pipe(
  Options.withDescription("How many seconds access tokens live; default: as documented by each provider"),
  Options.optional
)

export const sandbox = Command.make(
  "sandbox",
  { port, accessLifetime, json },
  (options) =>
    perform(options, async () => {
      const { run } = await import("../actions/sandbox.ts")
      return run(options)
    })
).pipe(Command.withDescription(
  "Serve the four providers on this machine, each with its API page, and print addresses and made-up credentials"
))
