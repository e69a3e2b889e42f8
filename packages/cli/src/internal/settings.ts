/** Settings of a provider that come from the environment. */
import * as Effect from "effect/Effect"
import { variable } from "./home.ts"
import { type ProviderName, variablesOf } from "./providers/registry.ts"

/** The first of its variables that is set. */
export const setting = Effect.fnUntraced(function*(provider: ProviderName, name: string) {
  for (const one of variablesOf(provider, name)) {
    const found = yield* variable(one)
    if (found !== undefined) return found
  }
  return undefined
})
