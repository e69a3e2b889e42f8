import * as Command from "@effect/cli/Command"
import { account, json, performAndPrint, provider, store } from "./command.ts"

export const token = Command.make(
  "token",
  { provider, account, store, json },
  (options) =>
    performAndPrint(options, async () => {
      const { run } = await import("../actions/token.ts")
      return run(options)
    })
).pipe(Command.withDescription(
  "Print an access token that works, and nothing else: curl -H \"Authorization: Bearer $(effect-auth token …)\""
))
