/**
 * The data of each account between two commands: one file for each under `accounts/`, so that two commands at once never
 * undo one another. Options in clear, client secrets sealed, no token and no password.
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { readFileSync } from "node:fs"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { UsageError } from "./failures.ts"
import { files, type Home, prepare, storeError, writePrivate } from "./home.ts"
import { isProvider, type ProviderName, providerNames } from "./providers/registry.ts"
import type * as vault from "./vault.ts"

const Account = Schema.Struct({
  format: Schema.Literal(1),
  provider: Schema.Literal(...providerNames),
  account: Schema.String,
  /** The realm, as the provider derived it from the options. It separates this session from others of the provider. */
  realm: Schema.String,
  options: Schema.Record({ key: Schema.String, value: Schema.String }),
  sealed: Schema.Record({ key: Schema.String, value: Schema.String }),
  /** `false`: only its options are known, from a sign-in that was refused. */
  signedIn: Schema.optionalWith(Schema.Boolean, { default: () => true })
})

export interface Account extends Schema.Schema.Type<typeof Account> {}

const codec = Schema.parseJson(Account)
const decode = Schema.decodeUnknownEither(codec)
const encode = Schema.encodeSync(Schema.parseJson(Account, { space: 2 }))

/** The data that a secret is bound to. If somebody changes the options, such as the host, the secret can't be opened. */
export const belonging = (
  about: Pick<Account, "provider" | "account" | "options">,
  secret: string
): vault.Belonging => [
  about.provider,
  about.account,
  secret,
  JSON.stringify(Object.entries(about.options).sort(([a], [b]) => a < b ? -1 : 1))
]

const escaped = (text: string): string =>
  Array.from(new TextEncoder().encode(text), (byte) => {
    const letter = String.fromCharCode(byte)
    return /[a-z0-9-]/.test(letter) ? letter : `%${byte.toString(16).padStart(2, "0")}`
  }).join("")

/** Capitals are escaped too: some file systems don't distinguish them. */
const pathOf = (home: Home, provider: ProviderName, account: string): string =>
  Path.join(home.accounts, `${provider}.${escaped(account)}.json`)

const readPath = Effect.fnUntraced(function*(path: string) {
  // At once: of a thousand small files, each of the three turns of the event loop that reading one takes would be felt.
  const text = yield* files(path, async () => readFileSync(path, "utf8"))
  if (text === undefined) return undefined
  return yield* Effect.mapError(decode(text), () =>
    storeError(
      "corrupt",
      `${path} is damaged; sign in again over it with all options, or remove it: sign-out --forget`
    ))
})

export const read = (home: Home, provider: ProviderName, account: string) => readPath(pathOf(home, provider, account))

export const write = Effect.fnUntraced(function*(home: Home, account: Account) {
  yield* prepare(home)
  yield* files(home.accounts, () => Fs.mkdir(home.accounts, { recursive: true, mode: 0o700 }))
  yield* writePrivate(pathOf(home, account.provider, account.account), `${encode(account)}\n`, true)
})

export const remove = (home: Home, { account, provider }: Pick<Account, "provider" | "account">) =>
  files(home.accounts, () => Fs.rm(pathOf(home, provider, account), { force: true }))

export const exists = (home: Home, provider: ProviderName, account: string) =>
  Effect.map(
    files(home.accounts, () => Fs.stat(pathOf(home, provider, account))),
    (stat) => stat !== undefined
  )

/** A file that holds an account, or one that can't be read. */
export type Entry =
  | { readonly _tag: "Account"; readonly account: Account }
  | {
    readonly _tag: "Damaged"
    readonly provider: ProviderName
    /** As far as the name of the file says it. */
    readonly name: string
    readonly error: TokenStoreError
  }

const nameOf = (file: string): string => {
  const [, escaped = ""] = file.split(".")
  try {
    return decodeURIComponent(escaped)
  } catch {
    return escaped
  }
}

const readEntry = (home: Home, provider: ProviderName, file: string): Effect.Effect<ReadonlyArray<Entry>> =>
  readPath(Path.join(home.accounts, file)).pipe(
    Effect.map((account): ReadonlyArray<Entry> => account === undefined ? [] : [{ _tag: "Account", account }]),
    Effect.catchAll((error) => Effect.succeed([{ _tag: "Damaged", provider, name: nameOf(file), error } as const]))
  )

/** All accounts, or those of one provider, in the order of their names. One that can't be read hides no other. */
export const list = (
  home: Home,
  provider?: ProviderName
): Effect.Effect<ReadonlyArray<Entry>, TokenStoreError> =>
  Effect.gen(function*() {
    const names = (yield* files(home.accounts, () => Fs.readdir(home.accounts))) ?? []
    const wanted = names.sort().flatMap((file) => {
      const [of = "", , end] = file.split(".")
      return end === "json" && isProvider(of) && (provider === undefined || of === provider) ? [{ file, of }] : []
    })
    const found = yield* Effect.forEach(wanted, ({ file, of }) => readEntry(home, of, file))
    return found.flat()
  })

/** The accounts of a provider that are signed in and can be read. */
export const signedIn = (home: Home, provider: ProviderName) =>
  Effect.map(
    list(home, provider),
    (entries) => entries.flatMap((entry) => entry._tag === "Account" && entry.account.signedIn ? [entry.account] : [])
  )

/** The account that a command is about: the one named, else `default`, else the only one. */
export const choose = Effect.fnUntraced(function*(home: Home, provider: ProviderName, name: Option.Option<string>) {
  if (Option.isSome(name)) return yield* read(home, provider, name.value)
  const entries = yield* list(home, provider)
  const all = entries.flatMap((entry) => entry._tag === "Account" ? [entry.account] : [])
  const usual = all.find((account) => account.account === "default" && account.signedIn)
  const known = all.filter((account) => account.signedIn)
  const damaged = entries.flatMap((entry) => entry._tag === "Damaged" ? [entry] : [])
  const damagedDefault = damaged.find((entry) => entry.name === "default")
  if (usual !== undefined) return usual
  if (damagedDefault !== undefined) return yield* damagedDefault.error
  if (known.length > 1) {
    const names = known.map((account) => account.account).join(", ")
    return yield* new UsageError({ message: `${provider} has several accounts, name one with --account: ${names}` })
  }
  const [only] = known
  const [broken] = damaged
  // The one that can't be read may be the one that is meant.
  return only ?? (broken === undefined ? all[0] : yield* broken.error)
})
