/**
 * Names the field that a derived client could not encode or decode, without its value. A parse error would quote the
 * value.
 */
import * as HttpClientError from "effect/http/HttpClientError"
import * as ParseResult from "effect/ParseResult"

/**
 * A field name of the contract. A name with digits may come from the server, as the key of a record, so it is not
 * shown.
 */
const plainName = /^[A-Za-z_][A-Za-z_-]{0,39}$/
const deepest = 8

/** The place of the first fault: `a token field: data.items[0].id`. */
export const detailOf = (error: unknown): string | undefined => {
  if (isUnlisted(error)) return "a status that the contract does not list"
  if (!ParseResult.isParseError(error)) return undefined
  const path = firstPath(error.issue).slice(0, deepest)
  return path.length === 0
    ? "not what the contract says"
    : `field ${path.map(segment).join("").replace(/^\./, "")} is missing or not what the contract says`
}

const segment = (name: PropertyKey): string =>
  typeof name === "number" ? `[${name}]` : `.${typeof name === "string" && plainName.test(name) ? name : "?"}`

/** The path of the first issue. An issue of a union has one branch for each member; the first one is reported. */
const firstPath = (issue: ParseResult.ParseIssue): ReadonlyArray<PropertyKey> => {
  switch (issue._tag) {
    case "Pointer": {
      const path = Array.isArray(issue.path) ? issue.path : [issue.path]
      return [...path, ...firstPath(issue.issue)]
    }
    case "Composite": {
      const first = Array.isArray(issue.issues) ? issue.issues[0] : issue.issues
      return first === undefined ? [] : firstPath(first)
    }
    case "Refinement":
    case "Transformation":
      return firstPath(issue.issue)
    default:
      return []
  }
}

/** Whether the contract does not list the status of the answer: a derived client then fails without a cause. */
export const isUnlisted = (error: unknown): boolean =>
  HttpClientError.isHttpClientError(error) && error._tag === "ResponseError" && error.cause === undefined &&
  (error.reason === "Decode" || error.reason === "StatusCode")
