/** Runs a command. Its failure is printed on standard error and becomes the exit code. */
import { isAuthError } from "@effect-auth/core/AuthError"
import * as Effect from "effect/Effect"
import { codeOf, type Failure, toJson, unexpected } from "./failures.ts"
import * as Output from "./output.ts"
import { isProvider, wayOf } from "./providers/registry.ts"

export const perform = <R>(
  json: boolean,
  load: () => Promise<Effect.Effect<unknown, Failure, R>>
): Effect.Effect<number, never, R> =>
  Effect.promise(load).pipe(
    Effect.flatten,
    Effect.as(0),
    Effect.catchAll((failure) =>
      Effect.as(
        Output.say(json ? JSON.stringify(toJson(failure)) : describe(failure)),
        codeOf(failure)
      )
    ),
    Effect.catchAllDefect((defect) => {
      const message = placeOf(defect)
      return Effect.as(
        Output.say(json ? JSON.stringify({ _tag: "Unexpected", message }) : `unexpected: ${message}`),
        unexpected
      )
    })
  )

const describe = (failure: Failure): string => {
  if (!isAuthError(failure)) return failure.message
  const { account, provider } = failure
  const signIn = `effect-auth sign-in ${provider}${
    account === "default" || account === "" ? "" : ` --account ${account}`
  }`
  switch (failure._tag) {
    case "SignInRequired": {
      const way = failure.reason === "never" && isProvider(provider) ? wayOf(provider) : undefined
      return [failure.message, `sign in with: ${signIn}`, ...way === undefined ? [] : [way]].join("\n")
    }
    case "RefreshTokenRejected":
    case "RefreshOutcomeUnknown":
      return `${failure.message}\nsign in with: ${signIn}`
    default:
      return failure.message
  }
}

/** Where a defect comes from, without its message, which may quote anything. */
const placeOf = (defect: unknown): string => {
  if (!(defect instanceof Error)) return "a defect"
  const name = "code" in defect && typeof defect.code === "string" ? `${defect.name} ${defect.code}` : defect.name
  const frames = (defect.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line))
  return [name, ...frames.slice(0, 6)].join("\n")
}
