import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { account, json, performAndPrint, provider, store } from "./command.ts"

const forget = Options.boolean("forget").pipe(
  Options.withDescription("Forget the account's options and client secrets, too")
)

export const signOut = Command.make(
  "sign-out",
  { provider, account, forget, store, json },
  (options) =>
    performAndPrint(options, async () => {
      const { run } = await import("../actions/signOut.ts")
      return run(options)
    })
).pipe(Command.withDescription("End the session here, and at the provider where it can be told"))
