/**
 * What the table of answers is made of: every status with every kind of body, a server that answers so from some moment
 * on, and what is looked at afterwards.
 */
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import type { AuthService } from "@effect-auth/core/AuthService"
import type { Kind, Reason, Sent } from "@effect-auth/core/ExchangeFailure"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"

/** Every secret that is in play; each bad answer sends all of them back. */
export const secrets = {
  access: "access-s3cret-0123456789abcdef",
  refresh: "refresh-s3cret-0123456789abcdef",
  given: "given-s3cret-0123456789abcdef",
  client: "client-s3cret-0123456789abcdef"
} as const

export const echo = Object.values(secrets).join(" ")

/** What the server may say under any status. `documented` is the provider's own error body. */
const bodies = ["documented", "empty", "HTML", "truncated JSON", "another shape", "10 MB"] as const
export type Body = typeof bodies[number]

const statuses = [
  200,
  302,
  400,
  401,
  402,
  403,
  404,
  405,
  406,
  408,
  409,
  415,
  422,
  429,
  444,
  460,
  461,
  462,
  467,
  470,
  471,
  500,
  502,
  503,
  504
] as const
export type Status = typeof statuses[number]

/** Where so much text takes different ways: a success, a redirect, a refusal, a rejection, a limit, a failure. */
const long: ReadonlyArray<Status> = [200, 302, 400, 401, 429, 460, 500]

export const cells: ReadonlyArray<readonly [Status, Body]> = statuses.flatMap((status) =>
  bodies.filter((body) => body !== "10 MB" || long.includes(status)).map((body) => [status, body] as const)
)

const few: ReadonlyArray<Status> = [200, 302, 401, 403, 409, 422, 429, 460, 462, 500]

/** One of each kind; the other cells run with the slow tests. */
export const quickCells: typeof cells = cells.filter(([status, body]) =>
  few.includes(status) &&
  (body === "documented" || body === "HTML" || status === 200 || status === 401)
)

const megabytes = `${echo} `.repeat(10_000_000 / (echo.length + 1))

const textOf = (body: Body, documented: object): string => {
  switch (body) {
    case "documented":
      return JSON.stringify(documented)
    case "empty":
      return ""
    case "HTML":
      return `<html><body>${echo}</body></html>`
    case "truncated JSON":
      return `{"error":"${echo}`
    case "another shape":
      return JSON.stringify([{ error: echo, access_token: echo }])
    case "10 MB":
      return megabytes
  }
}

/** How an operation of a provider fails. */
export interface Failure {
  readonly kind: Kind
  readonly sent: Sent
  readonly reason: Reason
}

/** The calls to the provider's own endpoints. */
export type Operation = "signIn" | "refresh" | "revoke" | "info"

/** `"config client"`: a failure that was answered. */
export type Told = `${Kind} ${Reason}`

export const told = (text: Told): Failure => {
  const [kind, reason] = text.split(" ") as [Kind, Reason]
  return { kind, reason, sent: "answered" }
}

/** What says the same everywhere; `undefined`: the provider has a word in it. */
export const common = (status: Status): Failure | undefined => {
  switch (status) {
    case 302:
      return told("config url")
    case 429:
      return told("transient rate-limited")
    case 503:
      return told("transient server")
    case 408:
    case 500:
    case 502:
    case 504:
      return { ...told("transient server"), sent: "unknown" }
    default:
      return undefined
  }
}

export const malformed = told("transient malformed")

/** A success that can't be read may have been carried out. */
export const unreadable: Failure = { ...malformed, sent: "unknown" }

/** What is done with a session. */
export interface Session<Credentials> {
  readonly auth: AuthService<Credentials>
  /** Asks about the token; absent where the provider has no such call. */
  readonly info?: Effect.Effect<unknown, unknown> | undefined
  readonly call: Effect.Effect<HttpClientResponse.HttpClientResponse, unknown>
}

/** One provider, as the table sees it. */
export interface Subject<Credentials> {
  readonly name: string
  /** What a sign-in is answered with while all is well, and every success afterwards. */
  readonly issued: object
  /** The documented body of an error. */
  readonly error: object
  /** Statuses that mean a dead access token to an API call. */
  readonly rejected: ReadonlyArray<Status>
  /** New ones each time, for those that work once. */
  readonly credentials: () => Credentials
  /** Whether the session renews itself by signing in. */
  readonly renews: "refresh" | "signIn"
  readonly make: Effect.Effect<World<Credentials>, unknown, HttpClient.HttpClient>
  /** What the provider's page and README say: `undefined` is a success. */
  readonly expected: (operation: Operation, status: Status, body: Body) => Failure | undefined
}

export interface World<Credentials> {
  readonly provider: AuthProvider<Credentials>
  readonly session: (
    auth: AuthService<Credentials>
  ) => Effect.Effect<Session<Credentials>, unknown, HttpClient.HttpClient>
}

/** Issues tokens until it is told to answer otherwise. */
export const makeServer = (issued: object, error: object) => {
  const state = { answer: undefined as readonly [Status, Body] | undefined, requests: 0 }
  const types = { HTML: "text/html", "10 MB": "text/plain" } as const
  const respond = (): Response => {
    if (state.answer === undefined) return Response.json(issued)
    const [status, body] = state.answer
    const type = body === "HTML" || body === "10 MB" ? types[body] : "application/json"
    return new Response(textOf(body, status === 200 ? issued : error), { status, headers: { "content-type": type } })
  }
  const httpClient = HttpClient.make((request) =>
    Effect.sync(() => {
      state.requests++
      return HttpClientResponse.fromWeb(request, respond())
    })
  )
  return { state, httpClient }
}

/** The body that an answer has, for who reads it. */
export const textFor = (subject: Pick<Subject<never>, "issued" | "error">, [status, body]: readonly [Status, Body]) =>
  textOf(body, status === 200 ? subject.issued : subject.error)
