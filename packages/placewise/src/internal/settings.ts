/** What the options come to: checked once, when a layer is made. */
import * as AuthError from "@effect-auth/core/AuthError"
import * as BaseUrl from "@effect-auth/core/BaseUrl"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { hosts } from "../PlacewiseApi.ts"
import type { Data } from "../PlacewiseAuth.ts"

export interface Settings {
  /** Scheme, host and port. */
  readonly origin: string
  /** The origin and the path of a custom host, without a slash at the end. */
  readonly baseUrl: string
  readonly realm: string
  readonly club: string
  readonly allowInsecure: boolean
  /** The headers of every call. */
  readonly headers: {
    readonly "x-client-authorization": Redacted.Redacted<string>
    readonly "x-user-agent": string
    readonly "x-product-name": string
    readonly "x-loyalty-club-slug": string
    readonly "x-locale"?: string
  }
}

/** A header's value: visible ASCII with blanks inside. */
const headerText = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

const slug = /^[A-Za-z0-9_~-][A-Za-z0-9._~-]*$/

export const resolve = Effect.fnUntraced(function*(
  data: Data,
  account: string | undefined
): Effect.fn.Return<Settings, AuthError.AuthMisconfigured> {
  const { allowInsecure } = data
  const host = data.host ?? "production"
  const base = yield* BaseUrl.resolve({ provider: "placewise", account, host, known: hosts, allowInsecure })
  const refuse = (errorDescription: string) =>
    new AuthError.AuthMisconfigured({
      provider: "placewise",
      account: account ?? "default",
      operation: "configure",
      reason: "options",
      errorDescription
    })
  if (!slug.test(data.club)) return yield* refuse("club is not a slug")
  if (!/^[\x21-\x7e]+$/.test(Redacted.value(data.clientToken))) return yield* refuse("clientToken is not a token")
  for (const name of ["userAgent", "productName", "locale"] as const) {
    const text = data[name]
    if (text !== undefined && !headerText.test(text)) return yield* refuse(`${name} is not a header's value`)
  }
  return {
    origin: base.origin,
    baseUrl: base.href,
    realm: `${base.host}${base.path}/${data.club}`,
    club: data.club,
    allowInsecure: allowInsecure ?? false,
    headers: {
      "x-client-authorization": data.clientToken,
      "x-user-agent": data.userAgent,
      "x-product-name": data.productName,
      "x-loyalty-club-slug": data.club,
      ...(data.locale === undefined ? {} : { "x-locale": data.locale })
    }
  }
})
