/**
 * Names the field that a derived client could not encode or decode, without its value. A parse error would quote the
 * value.
 */
import { firstPath } from "../seams/parseIssues.ts"
import { isUnlisted } from "./httpErrors.ts"

/**
 * A field name of the contract. A name with digits may come from the server, as the key of a record, so it is not
 * shown.
 */
const plainName = /^[A-Za-z_][A-Za-z_-]{0,39}$/
const deepest = 8

/** The place of the first fault: `a token field: data.items[0].id`. */
export const detailOf = (error: unknown): string | undefined => {
  if (isUnlisted(error)) return "a status that the contract does not list"
  const path = firstPath(error)?.slice(0, deepest)
  if (path === undefined) return undefined
  return path.length === 0
    ? "not what the contract says"
    : `field ${path.map(segment).join("").replace(/^\./, "")} is missing or not what the contract says`
}

const segment = (name: PropertyKey): string =>
  typeof name === "number" ? `[${name}]` : `.${typeof name === "string" && plainName.test(name) ? name : "?"}`
