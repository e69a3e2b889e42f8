/**
 * Where secrets come from: the environment, standard input (a line each), or a prompt that shows nothing. Never from
 * arguments: every program of the machine can read those, and the shell keeps them.
 */
import * as Terminal from "@effect/platform/Terminal"
import * as Effect from "effect/Effect"
import type * as Mailbox from "effect/Mailbox"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { Interrupted, SecretMissing, UsageError } from "./failures.ts"
import * as Output from "./output.ts"
import { type ProviderName, type Secret, variableOf } from "./providers/registry.ts"
import { setting } from "./settings.ts"
import * as Stdin from "./stdin.ts"
import { isAnybodyThere } from "./terminal.ts"

/** From the environment, if it is there. */
export const fromEnvironment = (provider: ProviderName, secret: Secret) =>
  Effect.map(
    setting(provider, secret.name),
    (text): Redacted.Redacted<string> | undefined => text === undefined ? undefined : Redacted.make(text)
  )

/** As many lines as there are secrets, in their order; a line end at the end is no part of the last. */
export const fromStdin = Effect.fnUntraced(function*(wanted: ReadonlyArray<Secret>) {
  const labels = wanted.map((secret) => secret.label).join(", then ")
  const lines = yield* Stdin.lines(wanted.length, labels)
  if (lines.length !== wanted.length || lines.some((line) => line === "")) {
    return yield* new UsageError({
      message: `standard input must hold ${wanted.length === 1 ? "one line" : `${wanted.length} lines`}: ${labels}`
    })
  }
  return lines.map((line) => Redacted.make(line))
})

/** Asks the person. Nothing is drawn while they type, so that not even the length shows. */
export const fromPrompt = (
  provider: ProviderName,
  secret: Secret
): Effect.Effect<Redacted.Redacted<string>, Interrupted | SecretMissing, Terminal.Terminal> =>
  Effect.gen(function*() {
    if (!isAnybodyThere()) {
      return yield* new SecretMissing({ secret: secret.label, variable: variableOf(provider, secret.name) })
    }
    const terminal = yield* Terminal.Terminal
    // From here on the terminal does not echo: before the question, because some people type ahead.
    const keys = yield* terminal.readInput
    yield* Output.stderr(`${provider}: ${secret.label} (not shown): `)
    return yield* Effect.ensuring(readHidden(keys), Output.stderr("\n"))
  }).pipe(Effect.scoped)

const readHidden = Effect.fnUntraced(function*(keys: Mailbox.ReadonlyMailbox<Terminal.UserInput>) {
  let letters: Array<string> = []
  for (;;) {
    const { input, key } = yield* Effect.mapError(keys.take, () => new Interrupted())
    if (key.ctrl && (key.name === "c" || key.name === "d")) return yield* new Interrupted()
    if (key.name === "return" || key.name === "enter") {
      if (letters.length > 0) return Redacted.make(letters.join(""))
    } else if (key.name === "backspace") letters.pop()
    else if (key.ctrl && key.name === "u") letters = []
    else if (Option.isSome(input) && !key.ctrl && !key.meta && isPrintable(input.value)) letters.push(input.value)
  }
})

const isPrintable = (text: string): boolean => !/\p{Cc}/u.test(text)
