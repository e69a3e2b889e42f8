/**
 * The endpoints of the Placewise contract.
 */
import * as Api from "@effect-auth/placewise/PlacewiseApi"
import * as Refused from "@effect-auth/placewise/PlacewiseError"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import type * as Headers from "effect/http/Headers"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type { Feature, Member, Message } from "../../PlacewiseSandbox.ts"
import type * as TokenAuthority from "../../TokenAuthority.ts"
import type { DecodeError } from "../seams/apiServer.ts"
import type { Club, Identifier } from "./club.ts"

export interface Context {
  readonly authority: TokenAuthority.TokenAuthority
  readonly club: Club
  readonly disabled: ReadonlyArray<Feature>
}

const seconds = (millis: number): number => Math.floor(millis / 1000)

const tokenResponse = (issued: TokenAuthority.Issued) => ({
  access_token: Redacted.make(issued.accessToken),
  token_type: "bearer",
  expires_in: seconds(issued.accessExpiresAt - issued.issuedAt),
  ...(issued.refreshToken === undefined ? {} : { refresh_token: Redacted.make(issued.refreshToken) }),
  created_at: seconds(issued.issuedAt),
  resource_owner_id: Number(issued.subject)
})

const bearerOf = (headers: Headers.Headers): string | undefined => {
  const [, token] = /^bearer (.+)$/i.exec(headers["authorization"] ?? "") ?? []
  return token
}

const wrongCredentials = new Refused.InvalidCredentials({ error: "Member not found or password is invalid" })
const notAuthorized = new Refused.MemberNotAuthorized({ error: "Member not authorized" })
const noMember = new Refused.NotFound({ error: "Member not found" })

const admit = (context: Context, member: Member) =>
  member.bannedUntil === undefined
    ? Effect.map(context.authority.issue(String(member.id)), tokenResponse)
    : Effect.fail(new Refused.MemberBanned({ error: "Member is banned!", banned_until: member.bannedUntil }))

const createToken = (context: Context, payload: typeof Api.CreateTokenPayload.Type) =>
  Effect.gen(function*() {
    switch (payload.grant_type) {
      case "password": {
        const member = context.club.find({ by: payload.identifier_type, value: payload.identifier })
        if (member === undefined || !(yield* context.club.accepts(member, Redacted.value(payload.password)))) {
          return yield* wrongCredentials
        }
        return yield* admit(context, member)
      }
      case "external_token": {
        if (context.disabled.includes("external-token")) {
          return yield* new Refused.FeatureNotEnabled({ error: "Feature not enabled: external-token" })
        }
        const token = Redacted.value(payload.external_token)
        const member = context.club.findByExternalToken(payload.external_token_type, token)
        return yield* member === undefined ? wrongCredentials : admit(context, member)
      }
      case "refresh_token": {
        const refused = new Refused.InvalidRefreshToken({ error: "Invalid refresh token" })
        const issued = context.authority.refresh(Redacted.value(payload.refresh_token))
        return tokenResponse(yield* Effect.mapError(issued, () => refused))
      }
    }
  })

const memberOf = (context: Context, request: HttpServerRequest.HttpServerRequest) =>
  Effect.gen(function*() {
    const token = yield* Effect.mapError(context.authority.check(bearerOf(request.headers)), () => notAuthorized)
    const member = context.club.find({ by: "id", value: token.subject })
    return { token, member }
  })

const tokens = (context: Context) =>
  HttpApiBuilder.group(Api.PlacewiseApi, "tokens", (handlers) =>
    handlers
      .handle("createToken", ({ payload }) => createToken(context, payload))
      .handle("revokeToken", ({ payload }) => Effect.as(context.authority.revoke(Redacted.value(payload.token)), {}))
      .handle("tokenInfo", ({ request }) =>
        Effect.gen(function*() {
          const { token } = yield* memberOf(context, request)
          const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
          return {
            resource_owner_id: Number(token.subject),
            scopes: [],
            expires_in_seconds: seconds(token.accessExpiresAt - now),
            application: { uid: null },
            created_at: seconds(token.issuedAt)
          }
        })))

const send = (
  context: Context,
  identifier: Identifier,
  how: { readonly via: Message["via"]; readonly kind: Message["kind"]; readonly loginUrl?: string | undefined }
) => {
  const member = context.club.find(identifier)
  const to = how.via === "sms" ? member?.msisdn : member?.email
  return member === undefined || to === undefined
    ? Effect.fail(noMember)
    : Effect.as(context.club.send({ member: member.id, to, via: how.via, kind: how.kind }, how.loginUrl), {})
}

const oneTimePasswords = (context: Context) => {
  const kind = "one-time-password"
  return HttpApiBuilder.group(Api.PlacewiseApi, "oneTimePasswords", (handlers) =>
    handlers
      .handle("smsByMsisdn", ({ params: path, query: urlParams }) =>
        send(context, { by: "msisdn", value: path.msisdn }, { via: "sms", kind, loginUrl: urlParams.login_url }))
      .handle("smsByEmail", ({ params: path, query: urlParams }) =>
        send(context, { by: "email", value: path.email }, { via: "sms", kind, loginUrl: urlParams.login_url }))
      .handle("emailByEmail", ({ params: path, query: urlParams }) =>
        send(context, { by: "email", value: path.email }, { via: "email", kind, loginUrl: urlParams.login_url }))
      .handle("emailByMsisdn", ({ params: path, query: urlParams }) =>
        send(context, { by: "msisdn", value: path.msisdn }, { via: "email", kind, loginUrl: urlParams.login_url })))
}

const registrationPasswords = (context: Context) => {
  const kind = "registration-password"
  return HttpApiBuilder.group(Api.PlacewiseApi, "registrationPasswords", (handlers) =>
    handlers
      .handle("sms", ({ params: path, query: urlParams }) =>
        send(context, { by: "msisdn", value: path.msisdn }, { via: "sms", kind, loginUrl: urlParams.login_url }))
      .handle("email", ({ params: path, query: urlParams }) =>
        send(context, { by: "email", value: path.email }, { via: "email", kind, loginUrl: urlParams.login_url })))
}

const members = (context: Context) =>
  HttpApiBuilder.group(
    Api.PlacewiseApi,
    "members",
    (handlers) =>
      handlers.handle("me", ({ request }) =>
        Effect.gen(function*() {
          const { member } = yield* memberOf(context, request)
          if (member === undefined) return yield* noMember
          return {
            id: member.id,
            properties: {
              language: "en",
              ...(member.email === undefined ? {} : { email: member.email }),
              ...(member.msisdn === undefined ? {} : { msisdn: member.msisdn })
            },
            consents: {},
            banned_until: member.bannedUntil ?? null
          }
        }))
  )

const pagination = {
  total_count: 0,
  per_page: 1000,
  total_pages: 1,
  current_page: 1,
  next_page: null,
  prev_page: null,
  is_first_page: true,
  is_last_page: true,
  is_out_of_range: false
}

const rewards = (context: Context) =>
  HttpApiBuilder.group(
    Api.PlacewiseApi,
    "rewards",
    (handlers) =>
      handlers.handle("status", ({ request }) =>
        Effect.gen(function*() {
          const { member } = yield* memberOf(context, request)
          if (member === undefined) return yield* noMember
          if (member.bannedUntil !== undefined) {
            return yield* new Refused.MemberBanned({ error: "Member is banned!", banned_until: member.bannedUntil })
          }
          if (member.balance === undefined) return { membership: false }
          return {
            membership: true,
            membership_started_at: "2024-01-02T10:00:00.000Z",
            balance: member.balance,
            transactions: [],
            pagination_info: pagination
          }
        }))
  )

const memberToken = (context: Context) =>
  Layer.succeed(
    Api.MemberToken,
    Api.MemberToken.of({
      member: (httpEffect, { credential: token }) =>
        Effect.andThen(
          context.authority.check(Redacted.value(token) || undefined).pipe(
            Effect.mapError(() => notAuthorized),
            Effect.asVoid
          ),
          httpEffect
        )
    })
  )

export const api = (context: Context) =>
  HttpApiBuilder.layer(Api.PlacewiseApi).pipe(
    Layer.provide([
      tokens(context),
      oneTimePasswords(context),
      registrationPasswords(context),
      members(context),
      rewards(context)
    ]),
    Layer.provide(memberToken(context))
  )

/** The documented 422: the details have the structure of the payload, with an error text for each field. */
export const invalidParameters = (error: DecodeError): HttpServerResponse.HttpServerResponse => {
  const details: Record<string, unknown> = {}
  for (const issue of error.issues) {
    const keys = issue.path.map(String)
    const leaf = keys.pop() ?? "base"
    let node = details
    for (const key of keys) {
      const next = node[key]
      const child: Record<string, unknown> = Predicate.isObject(next) ? { ...next } : {}
      node[key] = child
      node = child
    }
    node[leaf] = [{ error: issue._tag === "Missing" ? "missing" : "invalid", options: {} }]
  }
  return HttpServerResponse.jsonUnsafe({ error: "Invalid parameters", details }, { status: 422 })
}
