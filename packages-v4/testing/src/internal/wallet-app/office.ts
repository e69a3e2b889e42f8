/**
 * The users of the sandbox, their permissions, and the information about their keys.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { User } from "../../WalletAppSandbox.ts"

interface About {
  readonly name: string
  lastUsedAt: number | undefined
}

export interface Office {
  readonly users: Effect.Effect<ReadonlyArray<User>>
  readonly put: (user: User) => Effect.Effect<void>
  readonly remove: (email: string) => Effect.Effect<void>
  readonly find: (email: string) => User | undefined
  /** The permissions of the list that the user can give to a key. */
  readonly grantable: (user: User, permissions: ReadonlyArray<string>) => ReadonlyArray<string>
  /** Records the use of a key now, and returns its information from before. */
  readonly use: (key: string) => Effect.Effect<Readonly<About>>
}

export const make = (initial: ReadonlyArray<User>): Office => {
  let users = initial
  const keys = new Map<string, About>()
  return {
    users: Effect.sync(() => users),
    put: (user) =>
      Effect.sync(() => {
        users = [...users.filter((one) => one.email !== user.email), user]
      }),
    remove: (email) =>
      Effect.sync(() => {
        users = users.filter((one) => one.email !== email)
      }),
    find: (email) => users.find((user) => user.email === email),
    grantable: (user, permissions) => permissions.filter((one) => user.permissions?.includes(one) ?? true),
    use: (key) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const about = keys.get(key) ?? { name: `APITOKEN_${crypto.randomUUID()}`, lastUsedAt: undefined }
        keys.set(key, { ...about, lastUsedAt: now })
        return about
      })
  }
}
