import type { TokenStoreError } from "@effect-auth/core/AuthError"
import { TokenStore } from "@effect-auth/core/TokenStore"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as accounts from "../accounts.ts"
import * as connected from "../connected.ts"
import type { UsageError } from "../failures.ts"
import { locate } from "../home.ts"
import type * as Output from "../output.ts"
import { withProgress } from "../progress.ts"
import * as session from "../session.ts"
import * as store from "../store.ts"

const words = {
  revoked: "signed out, and the tokens are revoked",
  failed: "signed out here; the server did not confirm it, so its tokens live on to their end",
  unsupported: "signed out here; the provider has no revocation, so its tokens live on to their end",
  "nothing-to-revoke": "signed out"
} as const

export interface Options extends session.Which {
  readonly forget: boolean
}

const signOut = (options: Options) =>
  connected.use(options, "sign-out", ({ account, auth, home }) =>
    Effect.gen(function*() {
      const revocation = yield* auth.signOut.pipe(withProgress(`${account.provider}: signing out`))
      if (options.forget) yield* accounts.remove(home, account)
      const result: Output.Result = {
        text: `${account.provider} ${account.account}: ${words[revocation]}`,
        json: { provider: account.provider, account: account.account, revocation, forgotten: options.forget }
      }
      return result
    }))

/** Leaves an account that can't be read: its file is deleted, and without it the sealed secrets can't be opened. */
const forget = ({ account: name, provider, store }: Options, error: TokenStoreError) =>
  Effect.gen(function*() {
    const account = Option.getOrElse(name, () => "default")
    const home = yield* locate(store)
    if (!(yield* accounts.exists(home, provider, account))) return yield* error
    yield* accounts.remove(home, { provider, account })
    const result: Output.Result = {
      text: `${provider} ${account}: forgotten. Its session could not be read (${error.reason}), so nothing was ` +
        "revoked at the provider: tokens live on to their end",
      json: { provider, account, revocation: "failed", forgotten: true }
    }
    return result
  })

/** Leaves an account whose provider can't be made any more: a module that is gone, for one. */
const forgetKept = (options: Options, error: UsageError) =>
  Effect.gen(function*() {
    const home = yield* locate(options.store)
    const { account: { account, provider, realm }, isKept } = yield* session.find(home, options, "sign-out")
    if (!isKept) return yield* error
    yield* Effect.flatMap(TokenStore, (sessions) => sessions.erase?.({ provider, realm, account }) ?? Effect.void).pipe(
      Effect.provide(store.layer(home))
    )
    yield* accounts.remove(home, { provider, account })
    const result: Output.Result = {
      text: `${provider} ${account}: forgotten. Nothing was revoked at the provider, so tokens live on to their end: ` +
        error.message,
      json: { provider, account, revocation: "failed", forgotten: true }
    }
    return result
  })

export const run = (options: Options) =>
  options.forget
    ? signOut(options).pipe(Effect.catchTags({
      TokenStoreError: (error) => forget(options, error),
      UsageError: (error) => forgetKept(options, error)
    }))
    : signOut(options)
