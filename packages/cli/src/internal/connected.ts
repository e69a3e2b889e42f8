/** Opens a session for one piece of work that may send requests. */
import { layerMemory } from "@effect-auth/core/TokenStore"
import * as Effect from "effect/Effect"
import type * as accounts from "./accounts.ts"
import { type Home, locate } from "./home.ts"
import { connect } from "./providers/connect.ts"
import type { Connection } from "./providers/connection.ts"
import * as reach from "./reach.ts"
import * as session from "./session.ts"
import * as store from "./store.ts"

export type Session = Connection & {
  readonly home: Home
  readonly account: accounts.Account
}

/** Opens the session of an account in the store that is given. */
export const open = <A, E>(
  home: Home,
  found: session.Found,
  work: (session: Session) => Effect.Effect<A, E>
) =>
  Effect.gen(function*() {
    const { account } = found
    const given = {
      account: account.account,
      options: account.options,
      secrets: yield* session.keptSecrets(home, account),
      credential: yield* session.credentialOf(home, found)
    }
    return yield* connect(account.provider, given).pipe(
      Effect.tap(({ auth }) => session.checkRealm(found, auth.realm)),
      Effect.flatMap((connection) => work({ home, account, ...connection })),
      Effect.scoped,
      reach.explained
    )
  }).pipe(Effect.provide(reach.layer))

/** An account that stands in the environment alone is forgotten with the process. */
export const storeOf = (home: Home, { isKept }: session.Found): ReturnType<typeof store.layer> =>
  isKept ? store.layer(home) : layerMemory

/** Opens the session of the account that is meant. An account that does not exist is not created. */
export const use = <A, E>(
  which: session.Which,
  operation: string,
  work: (session: Session) => Effect.Effect<A, E>
) =>
  Effect.gen(function*() {
    const home = yield* locate(which.store)
    const found = yield* session.find(home, which, operation)
    return yield* Effect.provide(open(home, found, work), storeOf(home, found))
  })
