/**
 * The checks of Placewise before it reads a request: headers, client token, club, permit, feature, and JSON that can be
 * parsed. They are here, each with its status, because the contract's schemas would give the same answer for all of
 * them.
 *
 * @see https://docs.mpc.placewise.com/doc-341635 (Global Headers)
 * @see https://docs.mpc.placewise.com/doc-341636 (Common HTTP Error Codes)
 */
import type * as Headers from "effect/http/Headers"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Feature, Permit } from "../../PlacewiseSandbox.ts"
import type { Operation } from "../../Sandbox.ts"

export interface Rules {
  readonly club: string
  readonly clientToken: string
  readonly productNames: ReadonlyArray<string>
  readonly permits: ReadonlyArray<Permit>
  readonly disabled: ReadonlyArray<Feature>
}

export interface Target {
  readonly club: string
  readonly operation: Operation
  readonly permit: Permit | undefined
  readonly feature: Feature | undefined
  readonly hasPayload: boolean
}

/** A segment that can't be decoded becomes empty, which is not a slug. */
const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment)
  } catch {
    return ""
  }
}

/** The target of a path: its club, operation, permit and feature. */
export const target = (path: string): Target => {
  const [, club = "", rest = ""] = /^\/v3\/([^/]+)\/members(\/.*)?$/.exec(path) ?? []
  const of = (operation: Operation, permit?: Permit, feature?: Feature): Target => ({
    club: decoded(club),
    operation,
    permit,
    feature,
    hasPayload: operation === "sign-in" || operation === "revoke"
  })
  if (rest === "/oauth/token") return of("sign-in", "BL:Api:Members:OAuth")
  if (rest === "/oauth/token/info") return of("info", "BL:Api:Members:OAuth")
  if (rest === "/oauth/revoke") return of("revoke", "BL:Api:Members:OAuth")
  if (/\/send_one_time_password_via_(sms|email)$/.test(rest)) {
    return of("message", "BL:Api:Members:CreateOneTimePassword", "one-time-password")
  }
  if (/\/send_registration_password$/.test(rest)) {
    return of("message", "BL:Api:Members:CreateRegistrationPassword", "registration-password")
  }
  if (rest === "/me") return of("api", "BL:Api:Members:OAuth:Get")
  if (rest === "/me/rewards-program/status") {
    return of("api", "Rewards:Api:OAuth:Memberships:CheckStatus", "rewards")
  }
  return of("other")
}

const answer = (status: number, error: string) => HttpServerResponse.jsonUnsafe({ error }, { status })

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Roughly a tag of BCP 47: `nb`, `en-GB`, `zh-Hant-TW`. */
const isLanguageTag = (text: string): boolean => /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/.test(text)

const required = ["x-client-authorization", "x-user-agent", "x-product-name"]

const checkHeaders = (rules: Rules, headers: Headers.Headers, club: string, hasBody: boolean) => {
  const missing = required.find((name) => (headers[name] ?? "") === "")
  if (missing !== undefined) return answer(470, `Missing header: ${missing}`)
  if (hasBody && headers["content-type"] === undefined) return answer(470, "Missing header: content-type")
  if (hasBody && !/^application\/json\s*(;|$)/i.test(headers["content-type"] ?? "")) {
    return answer(471, "Incorrect header: content-type")
  }
  if (!rules.productNames.includes(headers["x-product-name"] ?? "")) {
    return answer(471, "Incorrect header: x-product-name")
  }
  const slug = headers["x-loyalty-club-slug"]
  if (slug !== undefined && slug !== club) return answer(471, "Incorrect header: x-loyalty-club-slug")
  const locale = headers["x-locale"]
  if (locale !== undefined && !isLanguageTag(locale)) return answer(471, "Incorrect header: x-locale")
  if (headers["x-client-authorization"] !== rules.clientToken) return answer(401, "Client not authorized")
  return undefined
}

/** The error answer; `undefined` if all checks pass. */
export const check = (
  rules: Rules,
  path: string,
  headers: Headers.Headers,
  body: string
): HttpServerResponse.HttpServerResponse | undefined => {
  const { club, feature, hasPayload, operation, permit } = target(path)
  if (operation === "other") return answer(404, "Not found")
  const refused = checkHeaders(rules, headers, club, body !== "")
  if (refused !== undefined) return refused
  if (club !== rules.club) return answer(404, "Loyalty club not found")
  if (permit !== undefined && !rules.permits.includes(permit)) return answer(403, `Missing permit: ${permit}`)
  if (feature !== undefined && rules.disabled.includes(feature)) return answer(402, `Feature not enabled: ${feature}`)
  return (hasPayload || body !== "") && !isJson(body) ? HttpServerResponse.empty({ status: 400 }) : undefined
}
