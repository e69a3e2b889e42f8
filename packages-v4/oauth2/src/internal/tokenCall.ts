/** One request to an endpoint that takes a client's proof: token, revocation, introspection, device, pushed request. */
import type { TokenResponse } from "@effect-auth/core/AuthProvider"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { Dialect, OAuth2Client } from "../OAuth2Client.ts"
import type { Metadata } from "../OAuth2Server.ts"
import { unsent } from "./failures.ts"

/** Parameters of a request; what is `undefined` is left out, a list is sent once for each member. */
export type Parameters = Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

type EndpointName = {
  [K in keyof Metadata]-?: K extends `${string}Endpoint` ? K : never
}[keyof Metadata]

/** The endpoint of that name, where the server has one. */
export const endpoint = (metadata: Metadata, name: EndpointName): Effect.Effect<string, ExchangeFailure> => {
  const url = metadata[name]
  return url === undefined ? Effect.fail(unsent("url", `the server has no ${name}`)) : Effect.succeed(url)
}

const formOf = (parameters: Parameters, extra: Readonly<Record<string, string>> | undefined): URLSearchParams => {
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    for (const text of typeof value === "string" ? [value] : value ?? []) form.append(name, text)
  }
  for (const [name, text] of Object.entries(extra ?? {})) if (!form.has(name)) form.set(name, text)
  return form
}

/** A parameter that comes more than once is a list. */
const jsonOf = (form: URLSearchParams): string =>
  JSON.stringify(Object.fromEntries(Array.from(new Set(form.keys()), (name) => {
    const [only, ...more] = form.getAll(name)
    return [name, more.length === 0 ? only : form.getAll(name)]
  })))

const classify = (dialect: Dialect | undefined) => (answer: TokenEndpoint.Answer): ExchangeFailure => {
  const code = TokenEndpoint.errorCode(answer)
  const own = code !== undefined && Object.hasOwn(dialect?.errors ?? {}, code) ? dialect?.errors?.[code] : undefined
  if (own !== undefined) return TokenEndpoint.failure(answer, own)
  return TokenEndpoint.common(answer) ?? TokenEndpoint.oauth(answer)
}

const refusalOf = (body: unknown, dialect: Dialect | undefined): string | undefined => {
  if (dialect?.refusal !== undefined) return dialect.refusal(body)
  const has = (name: string) => typeof body === "object" && body !== null && Object.hasOwn(body, name)
  return has("error") && !has("access_token") ? TokenEndpoint.errorCode({ body }) : undefined
}

/** A success that is a refusal has the meaning of the same code under status 400. */
const refusal = (dialect: Dialect | undefined) => (answer: TokenEndpoint.Answer): ExchangeFailure | undefined => {
  const code = refusalOf(answer.body, dialect)
  if (code === undefined) return undefined
  const { error, errorDescription, kind, reason, sent } = classify(dialect)({
    ...answer,
    status: 400,
    body: { error: code },
    error: answer.scrub(code)
  })
  return new ExchangeFailure({ kind, reason, sent, status: answer.status, error, errorDescription })
}

/** Sends it once; the JSON of a success. `extra` can't replace a parameter. */
export const send = Effect.fnUntraced(function*(
  client: OAuth2Client,
  name: EndpointName,
  parameters: Parameters,
  options: { readonly extra?: Readonly<Record<string, string>> | undefined; readonly dialect?: Dialect | undefined } =
    {}
): Effect.fn.Return<unknown, ExchangeFailure> {
  const metadata = yield* client.server.metadata
  const url = yield* endpoint(metadata, name)
  const { dialect } = options
  const form = formOf(parameters, options.extra)
  const headers = new globalThis.Headers(dialect?.headers)
  headers.set("accept", "application/json")
  const { clientId } = client
  yield* client.authentication.apply({
    issuer: metadata.issuer,
    tokenEndpoint: metadata.tokenEndpoint,
    clientId,
    form,
    headers
  })
  const request = HttpClientRequest.post(url).pipe(
    dialect?.body === "json"
      ? HttpClientRequest.bodyText(jsonOf(form), "application/json")
      : HttpClientRequest.bodyText(form.toString(), "application/x-www-form-urlencoded"),
    HttpClientRequest.setHeaders(Object.fromEntries(headers))
  )
  const http = TokenEndpoint.client(client.httpClient, { classify: classify(dialect), refusal: refusal(dialect) })
  return yield* TokenEndpoint.exchange(Effect.flatMap(http.execute(request), (response) => response.json))
})

const Answer = Schema.Struct({
  ...TokenEndpoint.TokenBody.fields,
  id_token: Schema.optional(Schema.Unknown),
  issued_token_type: Schema.optional(Schema.Unknown),
  refresh_token_expires_in: Schema.optional(Schema.Unknown),
  refresh_expires_in: Schema.optional(Schema.Unknown)
})

/** The tokens of a success, and the ID token beside them, unchecked. */
export interface Issued {
  readonly tokens: TokenResponse
  readonly idToken: Redacted.Redacted<string> | undefined
}

/** A number above zero, also written as a text. */
export const seconds = (value: unknown): number | undefined => {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value
  return typeof number === "number" && Number.isFinite(number) && number > 0 ? number : undefined
}

/** Reads a success of the token endpoint. */
const read = (body: unknown, dialect: Dialect | undefined): Effect.Effect<Issued, ExchangeFailure> =>
  Effect.gen(function*() {
    const decoding = Schema.decodeUnknownEffect(Answer)(dialect?.read === undefined ? body : dialect.read(body))
    const answer = yield* Effect.mapError(
      decoding,
      // A parse error is not kept: it quotes.
      () => new ExchangeFailure({ kind: "transient", sent: "unknown", reason: "malformed", status: 200 })
    )
    const life = seconds(answer.refresh_token_expires_in ?? answer.refresh_expires_in)
    const now = yield* Clock.currentTimeMillis
    const { scopeSeparator: separator } = dialect ?? {}
    const scope = typeof answer.scope === "string" && separator !== undefined
      ? answer.scope.replaceAll(separator, " ")
      : answer.scope
    const tokens = TokenEndpoint.tokenResponse({ ...answer, scope })
    return {
      tokens: life === undefined ? tokens : { ...tokens, refreshExpiresAt: now + life * 1000 },
      idToken: typeof answer.id_token === "string" ? Redacted.make(answer.id_token) : undefined
    }
  })

export const scopeText = (client: OAuth2Client, scopes: ReadonlyArray<string> | undefined): string | undefined =>
  scopes === undefined || scopes.length === 0 ? undefined : scopes.join(client.dialect?.scopeSeparator ?? " ")

/** What a person is asked about: the APIs of the session's own token, and those of `forResource` (RFC 8707 section 2.1). */
export const askedResources = ({ furtherResources = [], resources = [] }: OAuth2Client): ReadonlyArray<string> => [
  ...resources,
  ...furtherResources
]

/** A token request. */
export const token = (client: OAuth2Client, parameters: Parameters): Effect.Effect<Issued, ExchangeFailure> =>
  Effect.flatMap(
    send(client, "tokenEndpoint", { ...parameters, resource: parameters["resource"] ?? client.resources }, {
      extra: client.parameters,
      dialect: client.dialect
    }),
    (body) => read(body, client.dialect)
  )

/** A missing `scope` means: as asked (RFC 6749 section 5.1). */
export const asAsked = (tokens: TokenResponse, asked: ReadonlyArray<string> | undefined): TokenResponse =>
  tokens.scopes !== undefined || asked === undefined || asked.length === 0 ? tokens : { ...tokens, scopes: asked }
