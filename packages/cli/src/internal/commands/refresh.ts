import * as Command from "@effect/cli/Command"
import { account, json, performAndPrint, provider, store } from "./command.ts"

export const refresh = Command.make(
  "refresh",
  { provider, account, store, json },
  (options) =>
    performAndPrint(options, async () => {
      const { run } = await import("../actions/refresh.ts")
      return run(options)
    })
).pipe(Command.withDescription("Refresh the session now, whatever the age of its token"))
