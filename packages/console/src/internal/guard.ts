/** Access to the console: this machine only, unless the program says otherwise. */
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { controlHeader } from "../ConsoleApi.ts"

export interface Rules {
  readonly isRemoteAllowed: boolean
  /** Lower case, without ports. */
  readonly hosts: ReadonlyArray<string>
}

const loopbackNames: ReadonlyArray<string> = ["localhost", "127.0.0.1", "[::1]"]

const isLoopback = (address: string): boolean =>
  address === "::1" || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address)

/** A proxy on this machine makes every request look like one of this machine. */
const isForwarded = (headers: HttpServerRequest.HttpServerRequest["headers"]): boolean =>
  ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"].some((name) => headers[name] !== undefined)

const hostName = (host: string): string | undefined => {
  const [, name] = /^([^:[\]/@?#\s]+|\[[\da-fA-F:.]+\])(:\d{1,5})?$/.exec(host) ?? []
  return name?.toLowerCase()
}

const isSameOrigin = (headers: HttpServerRequest.HttpServerRequest["headers"]): boolean => {
  const { host = "", origin } = headers
  const site = headers["sec-fetch-site"]
  return (site === undefined || site === "same-origin" || site === "none") &&
    (origin === undefined || /^https?:\/\//.test(origin) && origin.replace(/^https?:\/\//, "") === host.toLowerCase())
}

/** Why a request is refused; `undefined` if it is not. */
const refusal = (rules: Rules, request: HttpServerRequest.HttpServerRequest): string | undefined => {
  const { headers, method, remoteAddress } = request
  const comesFromHere = Option.exists(remoteAddress, isLoopback) && !isForwarded(headers)
  if (!rules.isRemoteAllowed && !comesFromHere) return "the console answers this machine only"
  const name = hostName(headers["host"] ?? "")
  if (name === undefined || !(loopbackNames.includes(name) || rules.hosts.includes(name))) {
    return "the console is not known under this name"
  }
  if (method === "GET" || method === "HEAD") return undefined
  if (method !== "POST") return "the console knows GET and POST"
  return headers[controlHeader] !== undefined && isSameOrigin(headers)
    ? undefined
    : `a control needs the header ${controlHeader}, and no other origin`
}

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const safe = {
  "content-security-policy": policy,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store"
}

export const guarded = (rules: Rules, app: HttpApp.Default): HttpApp.Default =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
    const why = refusal(rules, request)
    const answer = why === undefined ? app : Effect.succeed(HttpServerResponse.text(`${why}\n`, { status: 403 }))
    return Effect.map(answer, HttpServerResponse.setHeaders(safe))
  })
