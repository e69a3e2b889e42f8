import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { account, json, perform, provider, store } from "./command.ts"

const method = Args.text({ name: "METHOD" }).pipe(Args.withDescription("GET, POST, PUT, PATCH, DELETE, …"))

const path = Args.text({ name: "PATH" }).pipe(
  Args.withDescription("Below the provider's base URL, or a whole URL on the same host")
)

const data = Options.text("data").pipe(
  Options.withAlias("d"),
  Options.withDescription("The body: a text, @file, or @- for standard input; JSON unless a header says otherwise"),
  Options.optional
)

const header = Options.text("header").pipe(
  Options.withAlias("H"),
  Options.withDescription("\"Name: value\"; can be repeated"),
  Options.repeated
)

export const call = Command.make(
  "call",
  { provider, method, path, data, header, account, store, json },
  (options) =>
    perform(options, async () => {
      const { run } = await import("../actions/call.ts")
      return run(options)
    })
).pipe(Command.withDescription(
  "Send a request with the token, refreshed and sent once more if it is rejected, and print the body of the answer"
))
