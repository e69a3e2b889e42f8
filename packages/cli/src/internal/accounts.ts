/**
 * What is known of each account between two commands: a file each under `accounts/`, so that two commands at once never
 * undo one another. Options in clear, client secrets sealed, no token and no password.
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
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
  /** What separates this session from others of the provider, as the provider derived it from the options. */
  realm: Schema.String,
  options: Schema.Record({ key: Schema.String, value: Schema.String }),
  sealed: Schema.Record({ key: Schema.String, value: Schema.String })
})

export interface Account extends Schema.Schema.Type<typeof Account> {}

const codec = Schema.parseJson(Account)
const decode = Schema.decodeUnknown(codec)
const encode = Schema.encodeSync(Schema.parseJson(Account, { space: 2 }))

/** What a secret of an account is sealed with: altering the options, such as the host, makes it useless. */
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

/** Capitals are escaped too: some file systems don't tell them apart. */
const pathOf = (home: Home, provider: ProviderName, account: string): string =>
  Path.join(home.accounts, `${provider}.${escaped(account)}.json`)

const readPath = Effect.fnUntraced(function*(path: string) {
  const text = yield* files(path, () => Fs.readFile(path, "utf8"))
  if (text === undefined) return undefined
  return yield* Effect.mapError(decode(text), () => storeError("corrupt", `${path} can't be read`))
})

export const read = (home: Home, provider: ProviderName, account: string) => readPath(pathOf(home, provider, account))

export const write = Effect.fnUntraced(function*(home: Home, account: Account) {
  yield* prepare(home)
  yield* files(home.accounts, () => Fs.mkdir(home.accounts, { recursive: true, mode: 0o700 }))
  yield* writePrivate(pathOf(home, account.provider, account.account), `${encode(account)}\n`, true)
})

export const remove = (home: Home, { account, provider }: Pick<Account, "provider" | "account">) =>
  files(home.accounts, () => Fs.rm(pathOf(home, provider, account), { force: true }))

/** All accounts, or those of one provider, in the order of their names. */
export const list = (
  home: Home,
  provider?: ProviderName
): Effect.Effect<ReadonlyArray<Account>, TokenStoreError> =>
  Effect.gen(function*() {
    const names = (yield* files(home.accounts, () => Fs.readdir(home.accounts))) ?? []
    const wanted = names.sort().filter((name) => {
      const [of = "", , end] = name.split(".")
      return end === "json" && isProvider(of) && (provider === undefined || of === provider)
    })
    const found = yield* Effect.forEach(wanted, (name) => readPath(Path.join(home.accounts, name)))
    return found.filter((account) => account !== undefined)
  })

/** The account that a command is about: the one named, else `default`, else the only one. */
export const choose = Effect.fnUntraced(function*(home: Home, provider: ProviderName, name: Option.Option<string>) {
  if (Option.isSome(name)) return yield* read(home, provider, name.value)
  const all = yield* list(home, provider)
  const usual = all.find((account) => account.account === "default")
  if (usual !== undefined || all.length < 2) return usual ?? all[0]
  const names = all.map((account) => account.account).join(", ")
  return yield* new UsageError({ message: `${provider} has several accounts, name one with --account: ${names}` })
})
