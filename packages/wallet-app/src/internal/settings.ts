/** What the options come to: checked once, when a layer is made. */
import * as AuthError from "@effect-auth/core/AuthError"
import * as BaseUrl from "@effect-auth/core/BaseUrl"
import * as Effect from "effect/Effect"
import { hosts } from "../WalletAppApi.ts"
import type { Data } from "../WalletAppAuth.ts"
import type { Permission } from "../WalletAppPermission.ts"

export interface Settings {
  /** Scheme, host and port. */
  readonly origin: string
  /** The origin and the path of a custom host, without a slash at the end. */
  readonly baseUrl: string
  readonly realm: string
  readonly email: string
  /** Each one once, in the order given. */
  readonly permissions: ReadonlyArray<Permission>
  readonly allowInsecure: boolean
}

export const resolve = Effect.fnUntraced(function*(
  data: Data,
  account: string | undefined
): Effect.fn.Return<Settings, AuthError.AuthMisconfigured> {
  const { allowInsecure, email } = data
  const host = data.host ?? "production"
  const base = yield* BaseUrl.resolve({ provider: "wallet-app", account, host, known: hosts, allowInsecure })
  const refuse = (errorDescription: string) =>
    new AuthError.AuthMisconfigured({
      provider: "wallet-app",
      account: account ?? "default",
      operation: "configure",
      reason: "options",
      errorDescription
    })
  if (email.trim() === "" || /\p{Surrogate}/u.test(email)) return yield* refuse("email is empty or not a text")
  const permissions = [...new Set(data.permissions)]
  if (permissions.length === 0) return yield* refuse("permissions are empty")
  if (!permissions.every((one) => /^[\x21-\x7e]+$/.test(one))) return yield* refuse("a permission is not a word")
  return {
    origin: base.origin,
    baseUrl: base.href,
    // Encoded, so that no part holds what separates the parts.
    realm: [`${base.host}${base.path}`, encodeURIComponent(email), permissions.map(encodeURIComponent).sort().join(",")]
      .join("/"),
    email,
    permissions,
    allowInsecure: allowInsecure ?? false
  }
})
