/** Where a provider's module is. */
import * as Effect from "effect/Effect"
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import * as Path from "node:path"
import { UsageError } from "../failures.ts"

/** The whole path of a file, or of a package that is installed where the command runs. */
export const moduleFile = (given: string): Effect.Effect<string, UsageError> =>
  Effect.try({
    try: () => {
      const path = Path.resolve(given)
      return existsSync(path) ? path : createRequire(Path.resolve("here")).resolve(given)
    },
    catch: () =>
      new UsageError({ message: "--module is a file or an installed package, and there is none of this name" })
  })
