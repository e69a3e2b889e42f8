/** What all commands share: their common options, how their work is loaded, and how it ends. */
import { isAuthError } from "@effect-auth/core/AuthError"
import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import { codes, type Failure, Reported, toJson, unexpected } from "../failures.ts"
import * as Output from "../output.ts"
import { providerNames } from "../providers/registry.ts"

export const provider = Args.choice(providerNames.map((name): [string, typeof name] => [name, name]), {
  name: "provider"
}).pipe(Args.withDescription("Whose API"))

export const account = Options.text("account").pipe(
  Options.withDescription("Which account, where a provider has several; default: \"default\", or the only one"),
  Options.optional
)

export const store = Options.directory("store").pipe(
  Options.withDescription("The folder of sessions and key (EFFECT_AUTH_HOME)"),
  Options.optional
)

export const json = Options.boolean("json").pipe(
  Options.withDescription("Results and errors as JSON, for programs")
)

/** Runs what a command does. A failure is told on standard error and becomes the exit code. */
export const perform = <A, R>(
  options: { readonly json: boolean },
  load: () => Promise<Effect.Effect<A, Failure, R>>
): Effect.Effect<A, Reported, R> =>
  Effect.promise(load).pipe(
    Effect.flatten,
    Effect.catchAll((failure) =>
      Effect.zipRight(
        Output.say(options.json ? JSON.stringify(toJson(failure)) : describe(failure)),
        Effect.fail(new Reported({ code: codes[failure._tag] }))
      )
    ),
    Effect.catchAllDefect((defect) =>
      Effect.zipRight(
        Output.say(
          options.json
            ? JSON.stringify({ _tag: "Unexpected", message: placeOf(defect) })
            : `unexpected: ${placeOf(defect)}`
        ),
        Effect.fail(new Reported({ code: unexpected }))
      )
    )
  )

const describe = (failure: Failure): string =>
  isAuthError(failure) && failure._tag === "SignInRequired"
    ? `${failure.message}\nsign in with: effect-auth sign-in ${failure.provider}`
    : failure.message

/** Where a defect comes from, without its message, which may quote anything. */
const placeOf = (defect: unknown): string => {
  if (!(defect instanceof Error)) return "a defect"
  const name = "code" in defect && typeof defect.code === "string" ? `${defect.name} ${defect.code}` : defect.name
  const frames = (defect.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line))
  return [name, ...frames.slice(0, 6)].join("\n")
}

/** The same, for work that ends with a result. */
export const performAndPrint = <R>(
  options: { readonly json: boolean },
  load: () => Promise<Effect.Effect<Output.Result, Failure, R>>
): Effect.Effect<void, Reported, R> =>
  perform(options, async () => Effect.flatMap(await load(), (result) => Output.print(result, options.json)))
