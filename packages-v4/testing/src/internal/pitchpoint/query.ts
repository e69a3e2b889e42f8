/**
 * The search of Query Orders: filters, pages.
 *
 * @see https://docs.pitchpointsolutions.com/api/order/query
 */
import type { OrdersPage, OrdersQuery } from "@effect-auth/pitchpoint/PitchpointApi"
import type { Summary } from "./organisation.ts"

const comparisons: { readonly [operator: string]: (value: string, wanted: string) => boolean } = {
  eq: (value, wanted) => value === wanted,
  ne: (value, wanted) => value !== wanted,
  gt: (value, wanted) => value > wanted,
  lt: (value, wanted) => value < wanted,
  ge: (value, wanted) => value >= wanted,
  le: (value, wanted) => value <= wanted,
  startsWith: (value, wanted) => value.startsWith(wanted),
  startsWithIgnoreCase: (value, wanted) => value.toLowerCase().startsWith(wanted.toLowerCase())
}

const properties = [
  "Completed",
  "Created",
  "Fulfilled",
  "OrderGuid",
  "OrderSummary",
  "OwnerCompanyName",
  "OwnerUserContactMechanism",
  "OwnerUserDisplayName",
  "ProductDisplayName",
  "ProductType",
  "ReferenceNumber",
  "ReportAvailable",
  "Status"
] as const

type Filters = NonNullable<typeof OrdersQuery.Type["filters"]>

/** The error in the filters, with the text of the documentation. */
const complaint = (filters: Filters): string | undefined => {
  for (const [field, filter] of Object.entries(filters)) {
    if (!properties.some((name) => name === field)) return `Unsupported field: ${field}`
    for (const operator of Object.keys(filter)) {
      if (operator !== "in" && !Object.hasOwn(comparisons, operator)) {
        return `Unsupported operator: ${operator} for field: ${field}`
      }
    }
  }
  return undefined
}

const matches = (order: Summary, filters: Filters): boolean =>
  properties.every((name) =>
    Object.entries(filters[name] ?? {}).every(([operator, wanted]) => {
      const value = String(order[name] ?? "")
      if (operator === "in") return (Array.isArray(wanted) ? wanted : [wanted]).map(String).includes(value)
      return comparisons[operator]?.(value, String(wanted)) ?? false
    })
  )

/** A page, or the error in the query. */
export const run = (
  orders: ReadonlyArray<Summary>,
  query: typeof OrdersQuery.Type
): typeof OrdersPage.Type | string => {
  const filters = query.filters ?? {}
  const wrong = complaint(filters)
  if (wrong !== undefined) return wrong
  const asked = query.limit ?? 100
  const limit = asked < 1 || asked > 100 ? 100 : Math.floor(asked)
  const found = orders.filter((order) => matches(order, filters))
  const start = query.marker === undefined || query.marker === ""
    ? 0
    : found.findIndex((order) => order.OrderGuid === query.marker) + 1
  const results = found.slice(start, start + limit)
  const last = results.at(-1)
  return { count: results.length, limit, results, ...(last === undefined ? {} : { nextMarker: last.OrderGuid }) }
}
