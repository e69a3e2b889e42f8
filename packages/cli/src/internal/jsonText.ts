/** Indents JSON without reading its numbers, which may have more digits than JavaScript keeps. Pure. */
import * as Option from "effect/Option"

const isJson = (text: string): boolean => Option.isSome(Option.liftThrowable(JSON.parse)(text))

/** Strings, numbers and words, and each sign between them. */
const tokens = /"(?:[^"\\]|\\.)*"|[^\s"{}[\],:]+|[{}[\],:]/g

/** The text with a line for each member; `undefined`: it is no JSON. */
export const indent = (text: string): string | undefined => {
  if (!isJson(text)) return undefined
  const parts: Array<string> = []
  let depth = 0
  const line = () => `\n${"  ".repeat(depth)}`
  let last = ""
  for (const [token] of text.matchAll(tokens)) {
    const isEmpty = (last === "{" && token === "}") || (last === "[" && token === "]")
    if (token === "}" || token === "]") {
      depth--
      parts.push(isEmpty ? token : line() + token)
    } else {
      if (last === "{" || last === "[" || last === ",") parts.push(line())
      parts.push(token === ":" ? ": " : token)
      if (token === "{" || token === "[") depth++
    }
    last = token
  }
  return parts.join("")
}
