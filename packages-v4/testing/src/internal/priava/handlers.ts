/**
 * The endpoints of the Priava contract.
 */
import * as Api from "@effect-auth/priava/PriavaApi"
import * as Refused from "@effect-auth/priava/PriavaError"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { ErrorCodes, Row, Subscription } from "../../PriavaSandbox.ts"
import { note } from "../../Sandbox.ts"
import type * as TokenAuthority from "../../TokenAuthority.ts"
import type { Office } from "./office.ts"

export interface Context {
  readonly authority: TokenAuthority.TokenAuthority
  readonly office: Office
  readonly codes: { readonly [K in keyof ErrorCodes]-?: string }
  readonly contacts: ReadonlyArray<Row>
  readonly subscriptions: Array<Subscription>
}

const tokenResponse = (issued: TokenAuthority.Issued) => ({
  access_token: Redacted.make(issued.accessToken),
  ...(issued.refreshToken === undefined ? {} : { refresh_token: Redacted.make(issued.refreshToken) }),
  token_type: "BEARER",
  expires_in: Math.floor((issued.accessExpiresAt - issued.issuedAt) / 1000)
})

const failed = (error: string, description: string) =>
  new Refused.TokenRequestFailed({ error, error_description: description })

/** The client is checked first, so that a wrong secret does not use up a code. */
const clientOf = (context: Context, payload: typeof Api.CreateTokenPayload.Type) => {
  const client = context.office.find(payload.client_id)
  if (client === undefined || client.secret !== Redacted.value(payload.client_secret)) {
    return Effect.fail(failed(context.codes.client, "The client id or secret is wrong"))
  }
  return payload.redirect_uri === client.redirectUri
    ? Effect.succeed(client)
    : Effect.fail(failed(context.codes.redirect, "The redirect_uri is not the client's"))
}

const createToken = (context: Context, payload: typeof Api.CreateTokenPayload.Type) =>
  Effect.gen(function*() {
    const client = yield* clientOf(context, payload)
    if (payload.grant_type === "authorization_code") {
      const outcome = context.office.redeem(client.id, Redacted.value(payload.code))
      if (outcome !== "fine") {
        yield* note({ refused: outcome })
        return yield* failed(context.codes.code, "The code is wrong or was used before")
      }
      return tokenResponse(yield* context.authority.issue(client.id))
    }
    const issued = context.authority.refresh(Redacted.value(payload.refresh_token))
    return tokenResponse(
      yield* Effect.mapError(issued, () => failed(context.codes.refresh, "The refresh token is not valid"))
    )
  })

const tokens = (context: Context) =>
  HttpApiBuilder.group(
    Api.PriavaApi,
    "tokens",
    (handlers) => handlers.handle("createToken", ({ payload }) => createToken(context, payload))
  )

const searched = ["Firstname", "Lastname", "Email", "Organisation"] as const

const contactsFor = (context: Context, query: typeof Api.ContactQuery.Type): ReadonlyArray<Row> => {
  const asked = Number(query.RecordsPerPage ?? 50)
  const perPage = Number.isInteger(asked) && asked > 0 ? asked : 50
  const page = Math.max(1, Number(query.PageNo ?? 1) || 1)
  return context.contacts
    .filter((row) => searched.every((name) => query[name] === undefined || row[name] === query[name]))
    .slice((page - 1) * perPage, page * perPage)
}

const searches = (context: Context) =>
  HttpApiBuilder.group(Api.PriavaApi, "searches", (handlers) =>
    handlers
      .handle("contacts", ({ payload }) => Effect.succeed({ result: contactsFor(context, payload) }))
      .handle("venueGroups", () => Effect.succeed({ result: [{ Id: "1", Name: "Main hall" }] }))
      .handle("organisations", () => Effect.succeed({ result: [{ Id: "7", Name: "Infinity Mall" }] })))

const webhooks = (context: Context) =>
  HttpApiBuilder.group(
    Api.PriavaApi,
    "webhooks",
    (handlers) =>
      handlers.handle("subscribe", ({ payload }) =>
        Effect.sync(() => {
          context.subscriptions.push({ url: payload.subscription_url, event: payload.event })
          return { result: context.subscriptions.length, success: true }
        }))
  )

const accessToken = (context: Context) =>
  Layer.succeed(
    Api.AccessToken,
    Api.AccessToken.of({
      token: (httpEffect, { credential: token }) =>
        Effect.andThen(
          context.authority.check(Redacted.value(token) || undefined).pipe(
            Effect.mapError(() => new Refused.NotAuthorized({ error: "The access token is not valid" })),
            Effect.asVoid
          ),
          httpEffect
        )
    })
  )

export const api = (context: Context) =>
  HttpApiBuilder.layer(Api.PriavaApi).pipe(
    Layer.provide([tokens(context), searches(context), webhooks(context)]),
    Layer.provide(accessToken(context))
  )
