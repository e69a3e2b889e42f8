/** Finds and reads the document in which a server describes itself. */
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { DiscoveryOptions, Metadata } from "../OAuth2Server.ts"
import { unsent } from "./failures.ts"
import * as urls from "./urls.ts"

/** The members of {@link Metadata} that are URLs which get called or opened. */
export const endpoints = [
  "tokenEndpoint",
  "authorizationEndpoint",
  "revocationEndpoint",
  "introspectionEndpoint",
  "userinfoEndpoint",
  "deviceAuthorizationEndpoint",
  "pushedAuthorizationRequestEndpoint",
  "jwksUri",
  "registrationEndpoint"
] as const

const names = {
  tokenEndpoint: "token_endpoint",
  authorizationEndpoint: "authorization_endpoint",
  revocationEndpoint: "revocation_endpoint",
  introspectionEndpoint: "introspection_endpoint",
  userinfoEndpoint: "userinfo_endpoint",
  deviceAuthorizationEndpoint: "device_authorization_endpoint",
  pushedAuthorizationRequestEndpoint: "pushed_authorization_request_endpoint",
  jwksUri: "jwks_uri",
  registrationEndpoint: "registration_endpoint"
} as const satisfies Record<(typeof endpoints)[number], string>

/** How long one document may take. */
const deadline = "10 seconds"

/**
 * The usual places, in the order in which they are tried. OpenID Connect comes first: Okta's document of RFC 8414 lacks the members
 * that only OpenID Connect has.
 */
const places = (issuer: string): ReadonlyArray<string> => {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, "")
  const all = [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/openid-configuration${path}`,
    `${origin}/.well-known/oauth-authorization-server${path}`
  ]
  return Array.from(new Set(all))
}

export const find = Effect.fnUntraced(function*(
  httpClient: HttpClient.HttpClient,
  issuer: string,
  options: DiscoveryOptions
): Effect.fn.Return<Found<Metadata>, ExchangeFailure> {
  const tried = options.documentUrl === undefined ? places(issuer) : [options.documentUrl]
  return yield* firstOf(httpClient, tried, (document) => read(issuer, document, options.override))
})

/** The more a failure explains, the higher: 3 the server is away, 2 a document is invalid, 1 the answer is no document, 0 not found. */
const weight = ({ kind, reason, status }: ExchangeFailure): number => {
  if (reason === "malformed") return 1
  return kind === "transient" ? away : status === undefined ? 2 : 0
}

const away = 3

interface Found<A> {
  readonly value: A
  /** `false`: an earlier place was away, and its document may be more complete. */
  readonly isSure: boolean
}

/** Asks the places in their order, and gives the first valid document. If no place has one, the failure with the highest weight. */
export const firstOf = Effect.fnUntraced(function*<A>(
  httpClient: HttpClient.HttpClient,
  tried: ReadonlyArray<string>,
  read: (document: unknown) => Effect.Effect<A, ExchangeFailure>
): Effect.fn.Return<Found<A>, ExchangeFailure> {
  let worst: ExchangeFailure | undefined
  for (const url of tried) {
    const found = yield* Effect.result(Effect.flatMap(fetchJson(httpClient, url), read))
    if (found._tag === "Success") return { value: found.success, isSure: worst === undefined || weight(worst) < away }
    const failure = found.failure
    if (worst === undefined || weight(failure) > weight(worst)) worst = failure
    // All places are on one server, so after a timeout the others are not tried. A lost connection does not stop the search: in
    // a browser, an answer without CORS looks like one.
    if (failure.reason === "timeout") break
  }
  return yield* worst ?? unsent("url", "there is no metadata document")
})

/** A public document; a failure of it is no failure of an exchange, because none was sent. */
export const fetchJson = (httpClient: HttpClient.HttpClient, url: string): Effect.Effect<unknown, ExchangeFailure> =>
  TokenEndpoint.client(httpClient, {
    classify: (answer) =>
      TokenEndpoint.common(answer) ?? TokenEndpoint.failure(answer, { kind: "config", reason: "url" })
  }).execute(HttpClientRequest.setHeader(HttpClientRequest.get(url), "accept", "application/json")).pipe(
    Effect.flatMap((response) => response.json),
    TokenEndpoint.exchange,
    Effect.timeoutOrElse({
      duration: deadline,
      orElse: () => Effect.fail(new ExchangeFailure({ kind: "transient", sent: "no", reason: "timeout" }))
    }),
    Effect.mapError(({ kind, reason, retryAfter, status }) =>
      new ExchangeFailure({ kind, sent: "no", reason, retryAfter, status })
    )
  )

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? value as Readonly<Record<string, unknown>> : {}

const texts = (value: unknown): ReadonlyArray<string> | undefined =>
  Array.isArray(value) ? value.filter((text) => typeof text === "string") : undefined

/** Checks a document. What it says is shown nowhere: it comes from elsewhere. */
const read = (
  issuer: string,
  document: unknown,
  override: Partial<Metadata> | undefined
): Effect.Effect<Metadata, ExchangeFailure> => {
  const fields = record(document)
  // RFC 8414 section 3.3: otherwise one server can pass itself off as another.
  const named = fields["issuer"]
  if (typeof named !== "string" || (named !== issuer && named !== override?.issuer)) {
    return Effect.fail(unsent("url", "the metadata document is another issuer's"))
  }
  const found: Record<string, unknown> = {
    issuer,
    requirePushedAuthorizationRequests: fields["require_pushed_authorization_requests"] === true,
    issParameter: fields["authorization_response_iss_parameter_supported"] === true,
    idTokenAlgorithms: texts(fields["id_token_signing_alg_values_supported"]),
    codeChallengeMethods: texts(fields["code_challenge_methods_supported"])
  }
  for (const name of endpoints) {
    const text = fields[names[name]]
    if (text === undefined || text === null) continue
    if (typeof text !== "string" || !urls.isSecureText(text)) {
      return Effect.fail(unsent("url", `${names[name]} is neither https nor on this machine`))
    }
    if (urls.reachesIn(issuer, text)) {
      return Effect.fail(unsent("url", `${names[name]} leads from another machine into this one`))
    }
    found[name] = text
  }
  const metadata = { ...found, ...override }
  return isMetadata(metadata)
    ? Effect.succeed(metadata)
    : Effect.fail(unsent("url", "the metadata document has no token_endpoint"))
}

const isMetadata = (value: object): value is Metadata =>
  "issuer" in value && "tokenEndpoint" in value && typeof value.tokenEndpoint === "string"
