/**
 * The users of the sandbox's organisation, and its orders.
 */
import type { OrderSummary } from "@effect-auth/pitchpoint/PitchpointApi"
import * as Effect from "effect/Effect"
import type { User } from "../../PitchpointSandbox.ts"

export type Summary = typeof OrderSummary.Type

export interface Organisation {
  readonly users: Effect.Effect<ReadonlyArray<User>>
  readonly put: (user: User) => Effect.Effect<void>
  readonly remove: (username: string) => Effect.Effect<void>
  readonly find: (username: string) => User | undefined
  readonly orders: () => ReadonlyArray<Summary>
  /** Stores an order and returns its transaction id. */
  readonly order: (summary: Omit<Summary, "OrderGuid">) => string
}

export const make = (initial: ReadonlyArray<User>): Organisation => {
  let users = initial
  const orders: Array<Summary> = []
  return {
    users: Effect.sync(() => users),
    put: (user) =>
      Effect.sync(() => {
        users = [...users.filter((one) => one.username !== user.username), user]
      }),
    remove: (username) =>
      Effect.sync(() => {
        users = users.filter((one) => one.username !== username)
      }),
    find: (username) => users.find((user) => user.username === username),
    orders: () => orders,
    order: (summary) => {
      const id = String(11_038_341 + orders.length).padStart(19, "0")
      orders.push({ ...summary, OrderGuid: id })
      return id
    }
  }
}
