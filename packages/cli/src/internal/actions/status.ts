import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as accounts from "../accounts.ts"
import { UsageError } from "../failures.ts"
import { type Home, locate } from "../home.ts"
import * as keeper from "../keeper/place.ts"
import * as looking from "../looking.ts"
import * as Output from "../output.ts"
import type { ProviderName } from "../providers/registry.ts"
import * as store from "../store.ts"

export interface Options {
  readonly provider: ProviderName | undefined
  /** A name in which `*` stands for any letters. */
  readonly account: Option.Option<string>
  readonly state: Option.Option<string>
  readonly store: Option.Option<string>
  readonly keeper: Option.Option<string>
  readonly json: boolean
}

type Seen = Either.Either<looking.Look, TokenStoreError>

interface Row {
  readonly provider: ProviderName
  readonly realm: string
  readonly account: string
  readonly seen: Seen
}

const ages = { fresh: "", stale: ", refresh due", dead: ", token expired" } as const

const words = ({ seen }: Row): string => {
  if (Either.isLeft(seen)) return `unreadable (${seen.left.reason})`
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

/** As `--state` calls it. */
const kindOf = ({ seen }: Row): string => {
  if (Either.isLeft(seen)) return "unreadable"
  return { Active: "active", Ended: "ended", SignedOut: "signed-out" }[seen.right._tag]
}

const expiryOf = ({ seen }: Row): number | undefined =>
  Either.isRight(seen) && seen.right._tag !== "SignedOut" ? seen.right.expiresAt : undefined

const asJson = (row: Row, now: number) => {
  const { account, provider, realm, seen } = row
  const expiresAt = expiryOf(row)
  const isKnown = expiresAt !== undefined && Number.isFinite(expiresAt)
  return {
    provider,
    realm,
    account,
    state: Either.isLeft(seen) ? "Unreadable" : seen.right._tag,
    ...(Either.isLeft(seen) ? { reason: seen.left.reason, message: seen.left.message } : {}),
    ...(Either.isRight(seen) && seen.right._tag !== "Active" ? { reason: seen.right.reason } : {}),
    ...(Either.isRight(seen) && seen.right._tag === "Active"
      ? { freshness: seen.right.freshness, inDoubt: seen.right.inDoubt, scopes: seen.right.scopes ?? null }
      : {}),
    expiresAt: isKnown ? expiresAt : null,
    expiresIn: isKnown ? Math.max(0, Math.floor((expiresAt - now) / 1000)) : null
  }
}

const timeLeft = (row: Row, now: number): string => {
  const expiresAt = expiryOf(row)
  if (expiresAt === undefined) return "-"
  return Number.isFinite(expiresAt) ? Output.span(expiresAt - now) : "no known end"
}

const matcher = (pattern: string): RegExp =>
  new RegExp(`^${pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*")}$`)

/** A store that can't be opened is the state of each account, not an end. */
const rowsOf = (home: Home, entries: ReadonlyArray<accounts.Entry>): Effect.Effect<ReadonlyArray<Row>> => {
  const row = (entry: accounts.Entry, seen: Seen): Row =>
    entry._tag === "Account"
      ? { provider: entry.account.provider, realm: entry.account.realm, account: entry.account.account, seen }
      : { provider: entry.provider, realm: "", account: entry.name, seen }
  if (!entries.some((entry) => entry._tag === "Account")) {
    return Effect.succeed(
      entries.flatMap((entry) => entry._tag === "Damaged" ? [row(entry, Either.left(entry.error))] : [])
    )
  }
  return Effect.forEach(entries, (entry) =>
    entry._tag === "Damaged"
      ? Effect.succeed(row(entry, Either.left(entry.error)))
      : Effect.map(Effect.either(looking.stateOf(entry.account)), (seen) => row(entry, seen)))
    .pipe(
      Effect.provide(store.layer(home)),
      Effect.catchAll((error) =>
        Effect.succeed(entries.map((entry) => row(entry, Either.left(entry._tag === "Damaged" ? entry.error : error))))
      )
    )
}

const textOf = (options: Options, all: number, rows: ReadonlyArray<Row>, now: number): string => {
  if (all === 0) {
    const of = options.provider ?? "<provider>"
    return options.provider === undefined && Option.isNone(options.account)
      ? `no accounts: sign in with effect-auth sign-in ${of}`
      : `no such account${options.provider === undefined ? "" : ` at ${of}`}: sign in with effect-auth sign-in ${of}`
  }
  if (rows.length === 0) return "no account in this state"
  const cells = rows.map((row) => [row.provider, row.realm || "-", row.account, words(row), timeLeft(row, now)])
  return Output.table([["PROVIDER", "REALM", "ACCOUNT", "STATE", "TIME LEFT"], ...cells])
}

/** One account at a keeper. A keeper does not list its accounts. */
const keptRow = (options: Options, place: string) =>
  Effect.gen(function*() {
    const { provider } = options
    if (provider === undefined) return yield* new UsageError({ message: "status --keeper needs a provider" })
    const { use } = yield* Effect.promise(() => import("../keeper/session.ts"))
    const which = { provider, account: options.account, store: options.store }
    const state = yield* use(which, place, (auth) => auth.state)
    const row: Row = {
      provider,
      realm: "",
      account: Option.getOrElse(options.account, () => "default"),
      seen: Either.right(
        state._tag === "Ended" ? { ...state, expiresAt: state.expiresAt } : state
      )
    }
    const now = yield* Clock.currentTimeMillis
    yield* Output.print({ text: textOf(options, 1, [row], now), json: [asJson(row, now)] }, options.json)
  })

export const run = (options: Options) =>
  Effect.flatMap(
    keeper.asked(options.keeper),
    (place) => place === undefined ? listed(options) : keptRow(options, place)
  )

const listed = (options: Options) =>
  Effect.gen(function*() {
    const home = yield* locate(options.store)
    const fits = Option.map(options.account, matcher)
    const entries = (yield* accounts.list(home, options.provider)).filter((entry) =>
      Option.isNone(fits) || fits.value.test(entry._tag === "Account" ? entry.account.account : entry.name)
    )
    const all = entries.length === 0 ? [] : yield* rowsOf(home, entries)
    const rows = all.filter((row) => Option.isNone(options.state) || kindOf(row) === options.state.value)
    const now = yield* Clock.currentTimeMillis
    const json = rows.map((row) => asJson(row, now))
    yield* Output.print({ text: textOf(options, all.length, rows, now), json }, options.json)
    // The list is printed also if an account is damaged. The first fault is printed after it, and gives the exit code.
    const faults = rows.flatMap(({ seen }) => Either.isLeft(seen) ? [seen.left] : [])
    if (faults[0] !== undefined) return yield* faults[0]
  })
