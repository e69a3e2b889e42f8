import type { TokenStoreError } from "@effect-auth/core/AuthError"
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import type { SessionState } from "@effect-auth/core/SessionState"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Option from "effect/Option"
import * as accounts from "../accounts.ts"
import { locate } from "../home.ts"
import * as Output from "../output.ts"
import { refresh } from "../providers/connection.ts"
import * as store from "../store.ts"

/** To look at a record neither the provider nor its secrets are needed: nothing is sent. */
const looking = ({ provider, realm }: accounts.Account): AuthProvider<never> => ({
  name: provider,
  realm,
  origins: [],
  rotation: "none",
  rejection: { statuses: [] },
  signIn: () => Effect.fail(new ExchangeFailure({ kind: "config", sent: "no", reason: "transport" }))
})

const stateOf = (account: accounts.Account) =>
  AuthService.make(looking(account), { account: account.account, refresh }).pipe(
    Effect.flatMap((auth) => auth.state),
    Effect.scoped,
    Effect.either
  )

type Seen = Either.Either<SessionState, TokenStoreError>

const ages = { fresh: "", stale: ", refresh due", dead: ", token expired" } as const

const words = (seen: Seen): string => {
  if (Either.isLeft(seen)) return `store: ${seen.left.reason}`
  const state = seen.right
  switch (state._tag) {
    case "SignedOut":
      return state.reason === "never" ? "never signed in" : "signed out"
    case "Ended":
      return `ended (${state.reason})`
    case "Active":
      return `active${ages[state.freshness]}${state.inDoubt ? ", in doubt" : ""}`
  }
}

const expiryOf = (seen: Seen): number | undefined =>
  Either.isRight(seen) && seen.right._tag !== "SignedOut" ? seen.right.expiresAt : undefined

const asJson = (account: accounts.Account, seen: Seen, now: number) => {
  const expiresAt = expiryOf(seen)
  const isKnown = expiresAt !== undefined && Number.isFinite(expiresAt)
  return {
    provider: account.provider,
    realm: account.realm,
    account: account.account,
    state: Either.isLeft(seen) ? "Unreadable" : seen.right._tag,
    ...(Either.isLeft(seen) ? { reason: seen.left.reason } : {}),
    ...(Either.isRight(seen) && seen.right._tag !== "Active" ? { reason: seen.right.reason } : {}),
    ...(Either.isRight(seen) && seen.right._tag === "Active"
      ? { freshness: seen.right.freshness, inDoubt: seen.right.inDoubt, scopes: seen.right.scopes ?? null }
      : {}),
    expiresAt: isKnown ? expiresAt : null,
    expiresIn: isKnown ? Math.max(0, Math.floor((expiresAt - now) / 1000)) : null
  }
}

export interface Status extends Output.Result {
  /** The first record that could not be read: the table is printed all the same. */
  readonly trouble: TokenStoreError | undefined
}

export const run = (options: { readonly store: Option.Option<string> }) =>
  Effect.gen(function*() {
    const home = yield* locate(options.store)
    const all = yield* accounts.list(home)
    if (all.length === 0) {
      const none: Status = {
        text: "no accounts: sign in with effect-auth sign-in <provider>",
        json: [],
        trouble: undefined
      }
      return none
    }
    const seen = yield* Effect.forEach(all, (account) => Effect.map(stateOf(account), (state) => ({ account, state })))
      .pipe(Effect.provide(store.layer(home)))
    const now = yield* Clock.currentTimeMillis
    const rows = seen.map(({ account, state }) => {
      const expiresAt = expiryOf(state)
      const left = expiresAt === undefined
        ? "-"
        : Number.isFinite(expiresAt)
        ? Output.span(expiresAt - now)
        : "no known end"
      return [account.provider, account.realm, account.account, words(state), left]
    })
    const status: Status = {
      text: Output.table([["PROVIDER", "REALM", "ACCOUNT", "STATE", "TIME LEFT"], ...rows]),
      json: seen.map(({ account, state }) => asJson(account, state, now)),
      trouble: seen.map(({ state }) => Either.getOrUndefined(Either.flip(state))).find((error) => error !== undefined)
    }
    return status
  })

/** Whether the remembered session of an account lives. */
export const isActive = (account: accounts.Account) =>
  Effect.map(Effect.flatten(stateOf(account)), (state) => state._tag === "Active")
