import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as accounts from "../accounts.ts"
import { UsageError } from "../failures.ts"
import { type Home, locate } from "../home.ts"
import * as keys from "../keys.ts"
import { described } from "../lives.ts"
import * as looking from "../looking.ts"
import * as Output from "../output.ts"
import { withProgress } from "../progress.ts"
import { connect } from "../providers/connect.ts"
import type { Connection } from "../providers/connection.ts"
import { moduleFile } from "../providers/moduleFile.ts"
import { type Flag, type ProviderName, registry, type Secret, variableOf } from "../providers/registry.ts"
import * as reach from "../reach.ts"
import * as secrets from "../secrets.ts"
import { setting } from "../settings.ts"
import * as store from "../store.ts"
import * as vault from "../vault.ts"

export interface Options {
  readonly provider: ProviderName
  readonly account: Option.Option<string>
  readonly store: Option.Option<string>
  readonly stdin: boolean
  readonly json: boolean
  /** The values of the flags. */
  readonly flags: Readonly<Record<string, Option.Option<string>>>
}

/** Flags and variables come first, then the stored options. */
const optionsOf = Effect.fnUntraced(function*(options: Options, before: accounts.Account | undefined) {
  const found: Record<string, string> = {}
  for (const flag of registry[options.provider].flags) {
    const given = Option.getOrUndefined(options.flags[flag.name] ?? Option.none())
    const value = given ?? (flag.once === true ? undefined : yield* setting(options.provider, flag.name)) ??
      before?.options[flag.name]
    if (value !== undefined) found[flag.name] = yield* checked(flag, value)
    else if (flag.required === true) {
      const variable = variableOf(options.provider, flag.name)
      return yield* new UsageError({ message: `--${flag.name} (or ${variable}) is needed: ${flag.description}` })
    }
  }
  return found
})

const checked = (flag: Flag, value: string): Effect.Effect<string, UsageError> => {
  if (flag.oneOf !== undefined && !flag.oneOf.includes(value)) {
    return Effect.fail(new UsageError({ message: `--${flag.name} is one of ${flag.oneOf.join(", ")}` }))
  }
  return flag.isModule === true ? moduleFile(value) : Effect.succeed(value)
}

interface Kept {
  readonly secret: Secret
  readonly value: Redacted.Redacted<string> | undefined
  /** A secret of the environment stays there. */
  readonly toKeep: boolean
}

/** The server that an account's secrets are for. */
const placeOf = (options: Readonly<Record<string, string>> | undefined): string | undefined =>
  options?.["module"] === undefined
    ? options?.["issuer"] ?? options?.["host"]
    : JSON.stringify([options["module"], options["settings"]])

/** A kept secret goes to the host that it was given for, and to no other. */
const remembered = Effect.fnUntraced(function*(
  home: Home,
  before: accounts.Account | undefined,
  host: string | undefined,
  secret: Secret
) {
  const sealed = placeOf(before?.options) === host ? before?.sealed[secret.name] : undefined
  if (before === undefined || sealed === undefined) return undefined
  return yield* vault.unseal(yield* keys.all(home), accounts.belonging(before, secret.name), sealed)
})

const keptOf = (home: Home, options: Options, before: accounts.Account | undefined, host: string | undefined) =>
  Effect.forEach(registry[options.provider].kept, (secret) =>
    Effect.gen(function*() {
      const given = yield* secrets.fromEnvironment(options.provider, secret)
      const kept: Kept = given !== undefined
        ? { secret, value: given, toKeep: secret.optional === true }
        : { secret, value: yield* remembered(home, before, host, secret), toKeep: true }
      return kept
    }))

/** Reads the missing secrets: all at once from standard input, or one after the other from prompts. */
const completed = Effect.fnUntraced(function*(options: Options, kept: ReadonlyArray<Kept>) {
  const { credential } = registry[options.provider]
  const needed = kept.filter(({ secret, value }) => value !== undefined || secret.optional !== true)
  const missing = needed.filter(({ value }) => value === undefined).map(({ secret }) => secret)
  const wanted = credential === undefined ? missing : [...missing, credential]
  // A terminal would show the secret while it is typed, so the prompt reads it.
  const isPiped = options.stdin && process.stdin.isTTY !== true && wanted.length > 0
  const lines = isPiped ? yield* secrets.fromStdin(wanted) : undefined
  const values: Record<string, Redacted.Redacted<string>> = {}
  for (const { secret, value } of needed) {
    values[secret.name] = value ?? lines?.[missing.indexOf(secret)] ??
      (yield* secrets.fromPrompt(options.provider, secret))
  }
  const last = lines?.at(-1)
  const askCredential = Effect.gen(function*() {
    if (credential === undefined) return yield* new UsageError({ message: `${options.provider} takes no secret` })
    return last ?? (yield* secrets.fromEnvironment(options.provider, credential)) ??
      (yield* secrets.fromPrompt(options.provider, credential))
  })
  return { values, askCredential }
})

/** One name is one session. A second one would replace the first, whose tokens would stay valid and be in no list. */
const refuseSecond = Effect.fnUntraced(function*(before: accounts.Account | undefined, connection: Connection) {
  if (
    before === undefined || before.realm === connection.auth.realm || (yield* looking.stateOf(before))._tag !== "Active"
  ) return
  return yield* new UsageError({
    message: `account ${before.account} of ${before.provider} is signed in as ${before.realm}: ` +
      "sign it out first, or use another --account"
  })
})

const save = Effect.fnUntraced(function*(home: Home, account: Omit<accounts.Account, "sealed">, secretsToKeep: {
  readonly [name: string]: Redacted.Redacted<string>
}) {
  const all = yield* keys.all(home)
  const sealed: Record<string, string> = {}
  for (const [name, secret] of Object.entries(secretsToKeep)) {
    sealed[name] = yield* vault.seal(all, accounts.belonging(account, name), secret)
  }
  yield* accounts.write(home, { ...account, sealed })
})

const accountName = Effect.fnUntraced(function*(given: Option.Option<string>) {
  const name = Option.getOrElse(given, () => "default")
  if (/^[\x21-\x7e]{1,64}$/.test(name)) return name
  return yield* new UsageError({ message: "--account is 1 to 64 letters, digits and signs" })
})

/** A sign-in over an account that can't be read starts again. */
const remembers = (home: Home, provider: ProviderName, account: string) =>
  Effect.catchIf(
    accounts.read(home, provider, account),
    (error) => error.reason === "corrupt",
    () => Effect.succeed(undefined)
  )

/** After a wrong password the options need not be typed again. An account that is signed in stays as it is. */
const keepOptions = Effect.fnUntraced(function*(
  home: Home,
  before: accounts.Account | undefined,
  account: Omit<accounts.Account, "sealed">,
  json: boolean
) {
  if (before !== undefined && before.signedIn) return
  yield* accounts.write(home, { ...account, signedIn: false, sealed: {} })
  const name = account.account === "default" ? "" : ` --account ${account.account}`
  if (!json) yield* Output.say(`the options are kept: try again with effect-auth sign-in ${account.provider}${name}`)
})

const withoutOnce = (provider: ProviderName, all: Readonly<Record<string, string>>) => {
  const once = new Set(registry[provider].flags.filter((flag) => flag.once === true).map((flag) => flag.name))
  return Object.fromEntries(Object.entries(all).filter(([name]) => !once.has(name)))
}

const secretsToKeep = (kept: ReadonlyArray<Kept>, values: Readonly<Record<string, Redacted.Redacted<string>>>) =>
  Object.fromEntries(kept.flatMap(({ secret, toKeep }) => {
    const value = values[secret.name]
    return toKeep && value !== undefined ? [[secret.name, value]] : []
  }))

export const run = (options: Options) =>
  Effect.gen(function*() {
    const { provider } = options
    const account = yield* accountName(options.account)
    const home = yield* locate(options.store)
    yield* store.refuseReadOnly(home)
    const before = yield* remembers(home, provider, account)
    const all = yield* optionsOf(options, before)
    const kept = yield* keptOf(home, options, before, placeOf(all))
    const { askCredential, values } = yield* completed(options, kept)
    return yield* Effect.gen(function*() {
      const connection = yield* connect(provider, { account, options: all, secrets: values })
      yield* refuseSecond(before, connection)
      if (connection.before !== undefined) {
        yield* Output.say(yield* connection.before.pipe(withProgress(`${provider}: sending a code`)))
      }
      const signIn = connection.person ?? connection.signIn(yield* askCredential)
      const { realm } = connection.auth
      const about = {
        format: 1,
        provider,
        account,
        realm,
        options: withoutOnce(provider, all),
        signedIn: true
      } as const
      const saved = save(home, about, secretsToKeep(kept, values))
      // A person who leaves after the tokens have arrived is signed in all the same.
      const isThere = Effect.map(looking.stateOf({ ...about, sealed: {} }), ({ _tag }) => _tag === "Active")
      const token = yield* Effect.uninterruptibleMask((restore) =>
        restore(signIn.pipe(withProgress(`${provider}: signing in`))).pipe(
          Effect.zipLeft(saved),
          Effect.onInterrupt(() => Effect.ignore(Effect.whenEffect(saved, isThere)))
        )
      ).pipe(
        Effect.tapErrorTag("TokenRequestRejected", () => Effect.ignore(keepOptions(home, before, about, options.json)))
      )
      const life = yield* described(token)
      const result: Output.Result = {
        text: `${provider} ${account}: signed in, ${Output.left(life.expiresIn)}`,
        json: { provider, account, realm, ...life }
      }
      return result
    }).pipe(Effect.scoped, reach.explained, Effect.provide(Layer.merge(store.layer(home), reach.layer)))
  })
