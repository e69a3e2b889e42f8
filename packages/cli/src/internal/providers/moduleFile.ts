/** Where a provider's module is. */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { statSync } from "node:fs"
import { createRequire } from "node:module"
import * as Path from "node:path"
import { UsageError } from "../failures.ts"

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true

/** The whole path of a file, or of a package that is installed where the command runs. */
export const moduleFile = (given: string): Effect.Effect<string, UsageError> =>
  Effect.try({
    try: () => {
      const path = Path.resolve(given)
      return isFile(path) ? path : createRequire(Path.resolve("here")).resolve(given)
    },
    catch: (error) =>
      new UsageError({
        message: Predicate.hasProperty(error, "code") && error.code === "ERR_PACKAGE_PATH_NOT_EXPORTED"
          ? `--module: the package ${given} is an ES module: name its file`
          : `--module is a file or an installed package, and there is none of this name: ${given}`
      })
  })
