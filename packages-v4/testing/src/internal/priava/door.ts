/**
 * The checks of Priava before it reads a request: path, method, content type, region, and a readable body. They are
 * here, and exact, because the contract's schemas would give the same answer for all of them.
 *
 * @see https://support.priava.com/hc/en-us/articles/360000122415 (Access and Refresh Token API)
 */
import { basePath, formContentType, reads, type TenantRegion } from "@effect-auth/priava/PriavaApi"
import type * as Headers from "effect/http/Headers"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Operation } from "../../Sandbox.ts"

export const contractTokenPath = `${basePath}/oauth/token`

export interface Rules {
  readonly region: TenantRegion
  readonly regionOnCalls: boolean
  readonly tokenPath: string
}

const apiPaths: ReadonlyArray<string> = [...reads, `${basePath}/latest/subscription`]

/** The operation of a path. */
export const operationOf = (rules: Rules, path: string): Extract<Operation, "sign-in" | "api" | "other"> =>
  path === rules.tokenPath ? "sign-in" : apiPaths.includes(path) ? "api" : "other"

const answer = (status: number, error: string, description?: string) =>
  HttpServerResponse.jsonUnsafe(
    { error, ...(description === undefined ? {} : { error_description: description }) },
    { status }
  )

/** The answer to a token request that can't be read. */
export const badTokenRequest = (description: string): HttpServerResponse.HttpServerResponse =>
  answer(400, "invalid_request", description)

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const checkToken = (rules: Rules, headers: Headers.Headers) => {
  if (headers["content-type"] !== formContentType) return badTokenRequest(`Content-Type must be ${formContentType}`)
  return headers["tenantregion"] === rules.region ? undefined : badTokenRequest("TenantRegion is not the tenant's")
}

const checkCall = (rules: Rules, headers: Headers.Headers, body: string) => {
  const region = headers["tenantregion"]
  if (region === undefined ? rules.regionOnCalls : region !== rules.region) {
    return answer(400, "TenantRegion is not the tenant's")
  }
  if (!/^application\/json\s*(;|$)/i.test(headers["content-type"] ?? "")) return answer(400, "Content-Type is not JSON")
  return isJson(body) ? undefined : answer(400, "The body is not JSON")
}

export interface Request {
  readonly method: string
  readonly path: string
  readonly headers: Headers.Headers
  readonly body: string
}

/** The error answer; `undefined` if all checks pass. */
export const check = (rules: Rules, request: Request): HttpServerResponse.HttpServerResponse | undefined => {
  const operation = operationOf(rules, request.path)
  if (operation === "other") return answer(404, "Not found")
  if (request.method !== "POST") return answer(405, "Method not allowed")
  return operation === "sign-in"
    ? checkToken(rules, request.headers)
    : checkCall(rules, request.headers, request.body)
}
