/**
 * The endpoints of the Pitchpoint contract.
 */
import * as Api from "@effect-auth/pitchpoint/PitchpointApi"
import * as Refused from "@effect-auth/pitchpoint/PitchpointError"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { Refusals } from "../../PitchpointSandbox.ts"
import type * as TokenAuthority from "../../TokenAuthority.ts"
import type { DecodeError } from "../seams/apiServer.ts"
import type { Organisation } from "./organisation.ts"
import * as query from "./query.ts"

export interface Context {
  readonly authority: TokenAuthority.TokenAuthority
  readonly organisation: Organisation
  readonly refusals: Refusals
  readonly describesTokens: boolean
}

/** 400 and 403 have the same body. The sandbox's options choose the status of each refusal. */
const refused = (status: 400 | 403, error_description: string, error = "access_denied") =>
  status === 400
    ? new Refused.TokenRefused({ error, error_description })
    : new Refused.AccessDenied({ error, error_description })

const wrongPassword = "Invalid username / password combination"

const tokenResponse = (context: Context, issued: TokenAuthority.Issued) => ({
  access_token: Redacted.make(issued.accessToken),
  ...(issued.refreshToken === undefined ? {} : { refresh_token: Redacted.make(issued.refreshToken) }),
  ...(context.describesTokens ? { scope: "policy", token_type: "Bearer" } : {}),
  expires_in: Math.floor((issued.accessExpiresAt - issued.issuedAt) / 1000)
})

const authentication = (context: Context) => {
  const { authority, organisation, refusals } = context
  return HttpApiBuilder.group(Api.PitchpointApi, "authentication", (handlers) =>
    handlers
      .handle("signInWithPassword", ({ payload }) =>
        Effect.gen(function*() {
          const user = organisation.find(payload.username)
          if (user === undefined || user.password !== Redacted.value(payload.password)) {
            return yield* refused(refusals.password, wrongPassword)
          }
          const alias = payload.useralias
          if (alias !== undefined && !(user.aliases ?? []).includes(alias)) {
            return yield* refused(refusals.alias, "The user alias is not enabled")
          }
          return tokenResponse(context, yield* authority.issue(alias ?? user.username, { scopes: ["policy"] }))
        }))
      // The page prints the same text for this endpoint as for the other.
      .handle("refreshIdToken", ({ payload }) =>
        authority.refresh(Redacted.value(payload.refresh_token)).pipe(
          Effect.mapBoth({
            onFailure: () => refused(refusals.refresh, wrongPassword),
            onSuccess: (issued) => tokenResponse(context, issued)
          })
        )))
}

const message = (Category: string, Code: string, Description: string) => ({
  Messages: { Message: [{ Category, Code, Description }] }
})

const notAuthorized = message("Fault", "E006", "User not authorized")

/** Whether the token is invalid. If the sandbox reports that by a `Fault`, the endpoints check it themselves. */
const isDead = (context: Context, request: HttpServerRequest.HttpServerRequest) => {
  const [, token] = /^bearer (.+)$/i.exec(request.headers["authorization"] ?? "") ?? []
  return context.refusals.token === "fault"
    ? Effect.match(context.authority.check(token), { onFailure: () => true, onSuccess: () => false })
    : Effect.succeed(false)
}

const refOf = (request: HttpServerRequest.HttpServerRequest, id: string) => {
  const host = request.headers["host"] ?? "api.pointservices.com"
  const scheme = /^(localhost|127\.|\[::1\])/.test(host) ? "http" : "https"
  return `${scheme}://${host}${Api.paths.orders}/${id}`
}

const status = { Code: "S001", Description: "Serviceable" }

const place = (context: Context, payload: typeof Api.OrderPayload.Type, request: HttpServerRequest.HttpServerRequest) =>
  Effect.gen(function*() {
    if (yield* isDead(context, request)) return notAuthorized
    const person = payload.Terms.Term[0]?.Person
    const echo = { CorrelationID: payload.CorrelationID, Terms: payload.Terms }
    if (person === undefined || person.FirstName === null || person.FirstName === "") {
      const told = message("Fault", "E004", "/Inputs[1]/Input[1]/Loan[1]/Borrower[1]/Name[1]/First is required.")
      return { ...echo, ...told, Status: { Code: "U001", Description: "Unserviceable" } }
    }
    const now = DateTime.formatIso(yield* DateTime.now)
    const id = context.organisation.order({
      Status: "complete",
      ReferenceNumber: payload.CorrelationID,
      ProductType: "DetailedBLJ",
      ProductDisplayName: "DetailedBLJ",
      Created: now,
      Completed: now,
      Fulfilled: now,
      Deleted: false,
      ReportAvailable: true,
      OrderSummary: `${person.FirstName} ${person.LastName ?? ""}`.trim()
    })
    const told = message("Info", "I001", "Success")
    return { ...echo, ...told, TransactionID: id, Status: status, Ref: refOf(request, id) }
  })

const orders = (context: Context) =>
  HttpApiBuilder.group(Api.PitchpointApi, "orders", (handlers) =>
    handlers
      .handle("query", ({ payload, request }) =>
        Effect.gen(function*() {
          if (yield* isDead(context, request)) return notAuthorized
          const answer = query.run(context.organisation.orders(), payload)
          return typeof answer === "string" ? yield* new Refused.InvalidQuery({ message: answer }) : answer
        }))
      .handle("detailedBLJ", ({ payload, request }) => place(context, payload, request))
      .handle("order", ({ params: path, request }) =>
        Effect.gen(function*() {
          if (yield* isDead(context, request)) return notAuthorized
          const order = context.organisation.orders().find((one) => one.OrderGuid === path.transactionId)
          if (order === undefined) return message("Fault", "E014", "Invalid transaction id")
          return {
            ...message("Info", "I001", "Success"),
            TransactionID: order.OrderGuid,
            CorrelationID: order.ReferenceNumber ?? null,
            Status: status,
            Ref: refOf(request, order.OrderGuid)
          }
        })))

const accessToken = (context: Context) =>
  Layer.succeed(
    Api.AccessToken,
    Api.AccessToken.of({
      user: (httpEffect, { credential: token }) =>
        Effect.andThen(
          context.refusals.token === "fault"
            ? Effect.void
            : context.authority.check(Redacted.value(token) || undefined).pipe(
              Effect.mapError(() => new Refused.NotAuthorized({ error: "invalid_token" })),
              Effect.asVoid
            ),
          httpEffect
        )
    })
  )

export const api = (context: Context) =>
  HttpApiBuilder.layer(Api.PitchpointApi).pipe(
    Layer.provide([authentication(context), orders(context)]),
    Layer.provide(accessToken(context))
  )

/** The answer to an invalid request is not documented. It gets the shape of the documented errors of its endpoint. */
export const invalidRequest = (path: string, what: string): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe(
    path === Api.paths.signIn || path === Api.paths.refresh
      ? { error: "invalid_request", error_description: what }
      : { message: what },
    { status: 400 }
  )

/** Names the fields that are wrong, never their values. */
export const undecodable = (error: DecodeError): string =>
  `Invalid: ${error.issues.map((issue) => issue.path.map(String).join(".") || "body").join(", ")}`
