/** From an account's name to its session: what every command but `sign-in` begins with. */
import { SignInRequired } from "@effect-auth/core/AuthError"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as accounts from "./accounts.ts"
import { SecretMissing } from "./failures.ts"
import { type Home, locate } from "./home.ts"
import { connect } from "./providers/connect.ts"
import type { Connection } from "./providers/connection.ts"
import { type ProviderName, registry, variableOf } from "./providers/registry.ts"
import * as secrets from "./secrets.ts"
import * as store from "./store.ts"
import * as vault from "./vault.ts"

export interface Which {
  readonly provider: ProviderName
  readonly account: Option.Option<string>
  readonly store: Option.Option<string>
}

/** The remembered account, or `SignInRequired`. */
const find = Effect.fnUntraced(function*(home: Home, which: Which, operation: string) {
  const found = yield* accounts.choose(home, which.provider, which.account)
  return found ?? (yield* new SignInRequired({
    provider: which.provider,
    account: Option.getOrElse(which.account, () => "default"),
    operation,
    reason: "never"
  }))
})

/** What the application itself needs: from the environment, else as it was kept. */
const keptSecrets = Effect.fnUntraced(function*(home: Home, account: accounts.Account) {
  const found: Record<string, Redacted.Redacted<string>> = {}
  for (const secret of registry[account.provider].kept) {
    const given = yield* secrets.fromEnvironment(account.provider, secret)
    const sealed = account.sealed[secret.name]
    if (given === undefined && sealed === undefined) {
      return yield* new SecretMissing({
        secret: secret.label,
        variable: variableOf(account.provider, secret.name)
      })
    }
    found[secret.name] = given ??
      (yield* vault.unseal(yield* vault.keys(home), accounts.belonging(account, secret.name), sealed ?? ""))
  }
  return found
})

/**
 * A password or code of the environment lets the session sign in by itself. It is one person's, so it is used only where
 * the provider has one account.
 */
const credentialOf = Effect.fnUntraced(function*(home: Home, { provider }: accounts.Account) {
  const given = yield* secrets.fromEnvironment(provider, registry[provider].credential)
  return given !== undefined && (yield* accounts.list(home, provider)).length === 1 ? given : undefined
})

export interface Session extends Connection {
  readonly home: Home
  readonly account: accounts.Account
}

/** Requests are not redirected by `fetch` itself, which would send the application's own headers anywhere. */
export const http: Layer.Layer<HttpClient.HttpClient> = Layer.provide(
  FetchHttpClient.layer,
  Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" })
)

/** Opens the session of a remembered account for one piece of work. Nothing is created where there is none. */
export const use = <A, E>(
  which: Which,
  operation: string,
  work: (session: Session) => Effect.Effect<A, E>
) =>
  Effect.gen(function*() {
    const home = yield* locate(which.store)
    const account = yield* find(home, which, operation)
    const given = {
      account: account.account,
      options: account.options,
      secrets: yield* keptSecrets(home, account),
      credential: yield* credentialOf(home, account)
    }
    return yield* connect(account.provider, given).pipe(
      Effect.flatMap((connection) => work({ home, account, ...connection })),
      Effect.scoped,
      Effect.provide(Layer.merge(store.layer(home), http))
    )
  })
