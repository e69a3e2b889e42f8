/** Picks a part of JSON by a JMESPath expression, as `az --query` and `aws --query` do. */
import * as Effect from "effect/Effect"
import * as JmesPath from "jmespath"
import { OutputFailed, UsageError } from "./failures.ts"

declare module "jmespath" {
  /** The types leave it out. */
  export function compile(expression: string): unknown
}

/** Fails before anything is sent if the expression can't be read. */
export const check = (expression: string): Effect.Effect<unknown, UsageError> =>
  Effect.try({
    try: () => JmesPath.compile(expression),
    catch: () => new UsageError({ message: "--query is not a JMESPath expression (https://jmespath.org)" })
  })

/** The part of a body. It fails if the body is no JSON, or if a function of the expression does not fit its values. */
export const select = (body: string, expression: string): Effect.Effect<unknown, OutputFailed> =>
  Effect.flatMap(
    Effect.try({
      try: (): unknown => JSON.parse(body),
      catch: () => new OutputFailed({ message: "--query: the body of the answer is not JSON" })
    }),
    (json) =>
      Effect.try({
        try: (): unknown => JmesPath.search(json, expression),
        catch: () => new OutputFailed({ message: "--query: the expression does not fit the body of the answer" })
      })
  )

/** A text as it is, so that a shell can use it, and everything else as JSON. */
export const shown = (part: unknown, indent: boolean): string =>
  typeof part === "string" ? part : JSON.stringify(part ?? null, null, indent ? 2 : 0)
