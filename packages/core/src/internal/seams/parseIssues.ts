/** Reads the errors of schemas. */
import * as ParseResult from "effect/ParseResult"

/** The path of the first fault; `undefined` if the error is not one of a schema. */
export const firstPath = (error: unknown): ReadonlyArray<PropertyKey> | undefined =>
  ParseResult.isParseError(error) ? pathOf(error.issue) : undefined

/** An issue of a union has one branch for each member; the first one is reported. */
const pathOf = (issue: ParseResult.ParseIssue): ReadonlyArray<PropertyKey> => {
  switch (issue._tag) {
    case "Pointer": {
      const path = Array.isArray(issue.path) ? issue.path : [issue.path]
      return [...path, ...pathOf(issue.issue)]
    }
    case "Composite": {
      const first = Array.isArray(issue.issues) ? issue.issues[0] : issue.issues
      return first === undefined ? [] : pathOf(first)
    }
    case "Refinement":
    case "Transformation":
      return pathOf(issue.issue)
    default:
      return []
  }
}
