/** Finds the account of a command and its secrets. Modules that send requests are not loaded yet. */
import { SignInRequired } from "@effect-auth/core/AuthError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as accounts from "./accounts.ts"
import { SecretMissing, UsageError } from "./failures.ts"
import type { Home } from "./home.ts"
import * as keys from "./keys.ts"
import { moduleFile } from "./providers/moduleFile.ts"
import { type ProviderName, registry, variableOf } from "./providers/registry.ts"
import * as secrets from "./secrets.ts"
import { setting } from "./settings.ts"
import * as vault from "./vault.ts"

export interface Which {
  readonly provider: ProviderName
  readonly account: Option.Option<string>
  readonly store: Option.Option<string>
}

/** An account, and whether it is kept or stands in the environment alone. */
export interface Found {
  readonly account: accounts.Account
  readonly isKept: boolean
}

/** The account that the environment describes, if it holds all that a sign-in needs. */
const fromEnvironment = Effect.fnUntraced(function*(provider: ProviderName) {
  const { credential, flags, kept } = registry[provider]
  if (credential === undefined) return undefined
  for (const secret of [...kept.filter((secret) => secret.optional !== true), credential]) {
    if ((yield* setting(provider, secret.name)) === undefined) return undefined
  }
  const options: Record<string, string> = {}
  for (const flag of flags) {
    const value = flag.once === true ? undefined : yield* setting(provider, flag.name)
    if (value !== undefined) options[flag.name] = value
    else if (flag.required === true) return undefined
  }
  const account: accounts.Account = {
    format: 1,
    provider,
    account: "default",
    realm: "",
    options,
    sealed: {},
    signedIn: false
  }
  return account
})

/** The remembered account, else the one of the environment, else `SignInRequired`. */
export const find = Effect.fnUntraced(function*(home: Home, which: Which, operation: string) {
  const given = Option.isSome(which.account) ? undefined : yield* fromEnvironment(which.provider)
  const kept = yield* accounts.choose(home, which.provider, which.account).pipe(
    // If the environment has everything, neither a store nor a readable home is needed.
    Effect.catchTag("TokenStoreError", (error) => given === undefined ? error : Effect.succeed(undefined))
  )
  if (kept !== undefined && (kept.signedIn || operation === "sign-out")) {
    const found: Found = { account: kept, isKept: true }
    return found
  }
  if (given !== undefined) {
    const found: Found = { account: given, isKept: false }
    return found
  }
  return yield* new SignInRequired({
    provider: which.provider,
    account: Option.getOrElse(which.account, () => "default"),
    operation,
    reason: "never"
  })
})

/** The client's own secrets: from the environment, or from the store. */
export const keptSecrets = Effect.fnUntraced(function*(home: Home, account: accounts.Account) {
  const found: Record<string, Redacted.Redacted<string>> = {}
  for (const secret of registry[account.provider].kept) {
    const sealed = account.sealed[secret.name]
    // A signed-in account has its own optional secret, or none. The variable may be meant for another account.
    const isOwn = secret.optional === true && account.signedIn
    const given = isOwn ? undefined : yield* secrets.fromEnvironment(account.provider, secret)
    if (given === undefined && sealed === undefined) {
      if (secret.optional === true) continue
      return yield* new SecretMissing({
        secret: secret.label,
        variable: variableOf(account.provider, secret.name)
      })
    }
    found[secret.name] = given ??
      (yield* vault.unseal(yield* keys.all(home), accounts.belonging(account, secret.name), sealed ?? ""))
  }
  return found
})

/**
 * The realm is made from the options. If a module was edited and now makes another realm, the stored session belongs to the
 * old realm.
 */
export const checkRealm = ({ account, isKept }: Found, realm: string): Effect.Effect<void, UsageError> =>
  !isKept || !account.signedIn || account.realm === realm ? Effect.void : Effect.fail(
    new UsageError({
      message:
        `${account.provider} ${account.account} is signed in at the realm ${account.realm}, and its provider now ` +
        `makes the realm ${realm}. Change that back, or leave the account with sign-out --forget and sign in again`
    })
  )

/** If the environment names a module, its password is used only for accounts of that module. */
const isForModule = ({ options }: accounts.Account): Effect.Effect<boolean> =>
  Effect.flatMap(setting("module", "module"), (named) =>
    named === undefined
      ? Effect.succeed(true)
      : Effect.orElseSucceed(
        Effect.map(moduleFile(named), (file) => file === options["module"]),
        () => false
      ))

/**
 * A password or code of the environment lets the session sign in by itself. It is one person's, so it is used only where
 * the provider has one account.
 */
export const credentialOf = Effect.fnUntraced(function*(home: Home, { account, isKept }: Found) {
  const { provider } = account
  const { credential } = registry[provider]
  const given = credential === undefined ? undefined : yield* secrets.fromEnvironment(provider, credential)
  if (given === undefined || !isKept) return given
  if (provider === "module" && !(yield* isForModule(account))) return undefined
  return (yield* accounts.signedIn(home, provider)).length === 1 ? given : undefined
})
