/**
 * The endpoints of the Wallet App contract.
 */
import * as Api from "@effect-auth/wallet-app/WalletAppApi"
import * as Refused from "@effect-auth/wallet-app/WalletAppError"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as TokenAuthority from "../../TokenAuthority.ts"
import type { Brand, Dialect } from "../../WalletAppSandbox.ts"
import type { DecodeError } from "../seams/apiServer.ts"
import type { Office } from "./office.ts"

export interface Context {
  readonly authority: TokenAuthority.TokenAuthority
  readonly office: Office
  readonly brands: ReadonlyArray<Brand>
  readonly dialect: Dialect
}

const bearerOf = (request: HttpServerRequest.HttpServerRequest): string => {
  const [, key] = /^bearer (.+)$/i.exec(request.headers["authorization"] ?? "") ?? []
  return key ?? ""
}

const notAuthorized = new Refused.NotAuthorized({ message: "Unauthenticated" })

const named = (name: "permissions" | "abilities", list: ReadonlyArray<string>) => ({ [name]: list })

const createToken = (context: Context, payload: typeof Api.CreateTokenPayload.Type) =>
  Effect.gen(function*() {
    const { authority, dialect, office } = context
    const user = office.find(payload.email)
    if (user === undefined || user.password !== Redacted.value(payload.password)) {
      const message = "These credentials do not match our records"
      if (dialect.refusal === 401) return yield* new Refused.NotAuthorized({ message })
      if (dialect.refusal === 422) return yield* new Refused.InvalidRequest({ message })
      return { success: false as const, message }
    }
    const permissions = office.grantable(user, payload.permissions)
    const issued = yield* authority.issue(user.email, { scopes: permissions })
    const key = Redacted.make(issued.accessToken)
    return {
      success: true,
      data: {
        ...(dialect.key === "key" ? { key } : { token: key }),
        email: user.email,
        ...named(dialect.granted, permissions)
      }
    }
  })

const tokens = (context: Context) => {
  const { authority, dialect, office } = context
  return HttpApiBuilder.group(Api.WalletAppApi, "tokens", (handlers) =>
    handlers
      .handle("createToken", ({ payload }) => createToken(context, payload))
      .handle("tokenInfo", ({ request }) =>
        Effect.gen(function*() {
          const key = bearerOf(request)
          const issued = yield* Effect.mapError(authority.check(key), () => notAuthorized)
          const { lastUsedAt, name } = yield* office.use(key)
          return {
            name,
            last_used_at: lastUsedAt === undefined ? null : new Date(lastUsedAt).toISOString(),
            token: Redacted.make(key),
            user_id: office.find(issued.subject)?.id ?? null,
            ...named(dialect.described, issued.scopes)
          }
        }))
      .handle("deleteToken", ({ request }) =>
        Effect.as(authority.revoke(bearerOf(request)), { success: true, message: "Token deleted" })))
}

/** The key of a call, if it has the permission. */
const holding = (
  context: Context,
  request: HttpServerRequest.HttpServerRequest,
  permission: typeof Api.Permission.Type
) =>
  Effect.gen(function*() {
    const key = bearerOf(request)
    const issued = yield* Effect.mapError(context.authority.check(key), () => notAuthorized)
    yield* context.office.use(key)
    if (!issued.scopes.includes(permission)) {
      return yield* new Refused.PermissionMissing({ message: `Missing permission: ${permission}` })
    }
    return issued
  })

const api = (context: Context) =>
  HttpApiBuilder.group(Api.WalletAppApi, "api", (handlers) =>
    handlers
      .handle("brands", ({ request }) =>
        Effect.as(holding(context, request, "brands.get"), {
          message: "Request successful",
          data: context.brands.map(({ identifier, name }) => ({ identifier, name }))
        }))
      .handle("members", ({ request, query: urlParams }) =>
        Effect.gen(function*() {
          yield* holding(context, request, "members.get")
          const brand = context.brands.find(({ identifier }) => identifier === urlParams.brand_id)
          if (brand === undefined) return yield* new Refused.InvalidRequest({ message: "Unknown brand" })
          const size = urlParams.per_page ?? 50
          const page = urlParams.page ?? 1
          const all = brand.members ?? []
          const last_page = Math.max(1, Math.ceil(all.length / size))
          const urlOf = (page: number) =>
            `http://${request.headers["host"] ?? "api.walletapp.co"}/members/list?page=${page}`
          return {
            message: "Request successful",
            data: {
              total: all.length,
              last_page,
              next_page_url: page < last_page ? urlOf(page + 1) : null,
              last_page_url: urlOf(last_page),
              per_page: size,
              members: all.slice((page - 1) * size, page * size)
            }
          }
        }))
      .handle("pass", ({ request, query: urlParams }) =>
        Effect.gen(function*() {
          yield* holding(context, request, "passes.get")
          const pass = findPass(context.brands, urlParams)
          if (pass === undefined) return yield* new Refused.InvalidRequest({ message: "Unknown pass" })
          return { success: true, data: { ...pass, redeemed: 0, coupon: {}, storecard: {} } }
        })))

const findPass = (
  brands: ReadonlyArray<Brand>,
  asked: { readonly [Name in "brand_id" | "email" | "pass_code"]?: string | undefined }
): { readonly brand_id: string; readonly code: string } | undefined => {
  const isAsked = (one: string | undefined, asked: string | undefined) => asked === undefined || one === asked
  for (const { identifier, passes = [] } of brands) {
    const pass = passes.find((pass) =>
      isAsked(identifier, asked.brand_id) && isAsked(pass.email, asked.email) && isAsked(pass.code, asked.pass_code)
    )
    if (pass !== undefined) return { brand_id: identifier, code: pass.code }
  }
  return undefined
}

const key = (context: Context) =>
  Layer.succeed(
    Api.Key,
    Api.Key.of({
      key: (httpEffect, { credential: given }) =>
        Effect.andThen(
          context.authority.check(Redacted.value(given) || undefined).pipe(
            Effect.mapError(() => notAuthorized),
            Effect.asVoid
          ),
          httpEffect
        )
    })
  )

export const server = (context: Context) =>
  HttpApiBuilder.layer(Api.WalletAppApi).pipe(
    Layer.provide([tokens(context), api(context)]),
    Layer.provide(key(context))
  )

/** 422 (assumed). It names the wrong fields, never their values. */
export const invalidRequest = (error: DecodeError): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe(
    {
      message: "Invalid request",
      errors: Object.fromEntries(error.issues.map((issue) => [issue.path.map(String).join(".") || "body", ["invalid"]]))
    },
    { status: 422 }
  )
