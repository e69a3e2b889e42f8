import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Output from "../output.ts"
import { json, perform, store } from "./command.ts"

export const status = Command.make(
  "status",
  { store, json },
  (options) =>
    perform(options, async () => {
      const { run } = await import("../actions/status.ts")
      return run(options).pipe(
        Effect.tap((result) => Output.print(result, options.json)),
        Effect.flatMap(({ trouble }) => trouble === undefined ? Effect.void : Effect.fail(trouble))
      )
    })
).pipe(Command.withDescription("List all accounts: provider, realm, state, time left; no secret, and nothing is sent"))
