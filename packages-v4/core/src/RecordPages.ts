/**
 * Pages of record names, for stores that can list them: requests, their checks, and the pages.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { TokenStoreError } from "./AuthError.ts"
import * as RecordKey from "./RecordKey.ts"

/**
 * Which records are listed: all, those of one provider, or those of one of its realms.
 *
 * @since 0.1.0
 * @category models
 */
export interface Prefix {
  readonly provider?: string | undefined
  /** Only with `provider`. */
  readonly realm?: string | undefined
}

/**
 * Which page is wanted.
 *
 * @since 0.1.0
 * @category models
 */
export interface PageRequest {
  /** The `next` of the previous page. Absent: the first page. */
  readonly after?: string | undefined
  /**
   * The approximate number of names, from 1 to 10,000 (default: 1,000). A page may hold fewer names, or none, and still
   * have a `next`.
   */
  readonly limit?: number | undefined
}

/**
 * A page of names.
 *
 * @since 0.1.0
 * @category models
 */
export interface Page {
  readonly keys: ReadonlyArray<RecordKey.RecordKey>
  /** Where the next page begins; absent on the last one. */
  readonly next?: string | undefined
}

/**
 * A {@link PageRequest} that was checked.
 *
 * @since 0.1.0
 * @category models
 */
export interface Range {
  /** What the text of each name begins with; empty for all. */
  readonly begin: string
  readonly after: string | undefined
  readonly limit: number
}

const refused = (detail: string) =>
  new TokenStoreError({ provider: "", account: "", operation: "scan", reason: "misconfigured", detail })

const isPart = (value: unknown): value is string | undefined =>
  value === undefined || (typeof value === "string" && value.length <= RecordKey.longest)

const beginOf = ({ provider, realm }: Prefix): string => {
  if (provider === undefined) return ""
  const text = RecordKey.toString({ provider, realm: realm ?? "", account: "" })
  return realm === undefined ? text.slice(0, -1) : text
}

/**
 * Checks a request. Fails with `TokenStoreError` (`misconfigured`); the error does not show the wrong value.
 *
 * @since 0.1.0
 * @category conversions
 */
export const check = (prefix: Prefix, page: PageRequest = {}): Effect.Effect<Range, TokenStoreError> =>
  Effect.suspend(() => {
    if (!Predicate.isObject(prefix) || !isPart(prefix.provider) || !isPart(prefix.realm)) {
      return refused("prefix: give { provider, realm }, each a text or absent")
    }
    if (prefix.realm !== undefined && prefix.provider === undefined) {
      return refused("prefix: a realm needs its provider; give both")
    }
    const { after, limit = 1_000 } = page
    if (!Number.isInteger(limit) || limit < 1 || limit > 10_000) {
      return refused("limit: give a whole number from 1 to 10000")
    }
    if (after !== undefined && typeof after !== "string") return refused("after: give the `next` of a page")
    return Effect.succeed({ begin: beginOf(prefix), after, limit })
  })

/**
 * The page of a range, for a store that has all names in memory: the first names in text order.
 *
 * @since 0.1.0
 * @category constructors
 */
export const select = (names: Iterable<string>, { after, begin, limit }: Range): Page => {
  let found: Array<string> = []
  let bound: string | undefined
  for (const name of names) {
    if (!name.startsWith(begin) || (after !== undefined && name <= after)) continue
    if (bound !== undefined && name > bound) continue
    found.push(name)
    if (found.length <= 4 * limit) continue
    found = found.sort().slice(0, limit + 1)
    bound = found[limit]
  }
  return fromSorted(found.sort(), limit)
}

/**
 * Makes a page from sorted names. If there is one name more than `limit`, the page has a `next`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromSorted = (names: ReadonlyArray<string>, limit: number): Page => {
  const some = names.slice(0, limit)
  const last = some[some.length - 1]
  return {
    keys: some.flatMap((name) => RecordKey.fromString(name) ?? []),
    ...(names.length > limit && last !== undefined ? { next: last } : {})
  }
}
