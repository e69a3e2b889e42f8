/** What the options come to: checked once, when a layer is made. */
import * as AuthError from "@effect-auth/core/AuthError"
import * as BaseUrl from "@effect-auth/core/BaseUrl"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { basePath, hosts, TenantRegion } from "../PriavaApi.ts"
import type { Data } from "../PriavaAuth.ts"

export interface Settings {
  /** Scheme, host and port. */
  readonly origin: string
  /** The origin and the path of a custom host, without a slash at the end. */
  readonly baseUrl: string
  readonly tokenUrl: string
  readonly realm: string
  readonly allowInsecure: boolean
  readonly region: TenantRegion
  /** What every token request says about the client. */
  readonly client: {
    readonly client_id: string
    readonly client_secret: Redacted.Redacted<string>
    readonly redirect_uri: string
  }
}

const visible = /^[\x21-\x7e]+$/

export const resolve = Effect.fnUntraced(function*(
  data: Data,
  account: string | undefined
): Effect.fn.Return<Settings, AuthError.AuthMisconfigured> {
  const { allowInsecure } = data
  const host = data.host ?? "production"
  const base = yield* BaseUrl.resolve({ provider: "priava", account, host, known: hosts, allowInsecure })
  const refuse = (reason: "options" | "url" | "insecure", errorDescription: string) =>
    new AuthError.AuthMisconfigured({
      provider: "priava",
      account: account ?? "default",
      operation: "configure",
      reason,
      errorDescription
    })
  const tokenUrl = BaseUrl.parse(data.tokenUrl ?? `${base.href}${basePath}/oauth/token`)
  if (tokenUrl === undefined) return yield* refuse("url", "tokenUrl is not a URL without a query")
  if (!tokenUrl.isSecure && allowInsecure !== true) return yield* refuse("insecure", "tokenUrl is not https")
  if (!Schema.is(TenantRegion)(data.region)) return yield* refuse("options", "region is neither APAC, EU nor US")
  if (!visible.test(data.clientId)) return yield* refuse("options", "clientId is not an id")
  if (!visible.test(Redacted.value(data.clientSecret))) return yield* refuse("options", "clientSecret is not a secret")
  if (!URL.canParse(data.redirectUri)) return yield* refuse("options", "redirectUri is not a URI")
  return {
    origin: base.origin,
    baseUrl: base.href,
    tokenUrl: tokenUrl.href,
    realm: `${base.host}${base.path}/${data.region}/${data.clientId}`,
    allowInsecure: allowInsecure ?? false,
    region: data.region,
    client: { client_id: data.clientId, client_secret: data.clientSecret, redirect_uri: data.redirectUri }
  }
})
