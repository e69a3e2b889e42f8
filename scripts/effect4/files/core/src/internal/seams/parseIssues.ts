/** Reads the errors of schemas. */
import * as Schema from "effect/Schema"
import type * as SchemaIssue from "effect/SchemaIssue"

/** The path of the first fault; `undefined` if the error is not one of a schema. */
export const firstPath = (error: unknown): ReadonlyArray<PropertyKey> | undefined =>
  Schema.isSchemaError(error) ? pathOf(error.issue) : undefined

/** An issue of a union has one branch for each member; the first one is reported. */
const pathOf = (issue: SchemaIssue.Issue): ReadonlyArray<PropertyKey> => {
  switch (issue._tag) {
    case "Pointer":
      return [...issue.path, ...pathOf(issue.issue)]
    case "Composite":
    case "AnyOf": {
      const first = issue.issues[0]
      return first === undefined ? [] : pathOf(first)
    }
    case "Filter":
    case "Encoding":
      return pathOf(issue.issue)
    default:
      return []
  }
}
