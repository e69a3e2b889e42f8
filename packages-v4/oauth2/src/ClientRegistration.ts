/**
 * A client that registers itself at a server where nobody registered it by hand: with a request (RFC 7591), or with a
 * document at a URL that is the client's id.
 *
 * ```ts
 * import * as ClientRegistration from "@effect-auth/oauth2/ClientRegistration"
 * import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
 * import * as Effect from "effect/Effect"
 *
 * const registered = Effect.gen(function*() {
 *   const server = yield* OAuth2Server.discovered("https://login.example.com")
 *   const registration = yield* ClientRegistration.make(server, {
 *     clientName: "Example tools",
 *     redirectUris: ["http://127.0.0.1/callback"]
 *   })
 *   return yield* registration.client
 * })
 * ```
 *
 * **One registration for all processes.** The answer is kept in the `TokenStore`, as the token of a session that signs in by
 * itself: processes over one store register once, under one claim, and a client secret that ends is replaced. Under
 * `EncryptedTokenStore` the answer is sealed.
 *
 * @see RFC 7591: https://www.rfc-editor.org/rfc/rfc7591
 * @since 0.1.0
 */
import type { AccessToken } from "@effect-auth/core/AccessToken"
import type { AccessTokenError, SignInError } from "@effect-auth/core/AuthError"
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as ClientAuthentication from "./ClientAuthentication.ts"
import { sorted } from "./internal/session.ts"
import * as tokenCall from "./internal/tokenCall.ts"
import * as urls from "./internal/urls.ts"
import type { OAuth2Server } from "./OAuth2Server.ts"

/**
 * What a client says of itself.
 *
 * @see RFC 7591 section 2: https://www.rfc-editor.org/rfc/rfc7591#section-2
 * @since 0.1.0
 * @category models
 */
export interface Metadata {
  readonly clientName: string
  readonly redirectUris: ReadonlyArray<string>
  /** Default: `none`, a public client. */
  readonly authentication?: "none" | "client_secret_basic" | "client_secret_post" | undefined
  /** Default: authorization code and refresh. */
  readonly grantTypes?: ReadonlyArray<string> | undefined
  readonly scopes?: ReadonlyArray<string> | undefined
  /** Further members: `logo_uri`, `software_id`. They can't replace one that is named above. */
  readonly more?: Readonly<Record<string, unknown>> | undefined
}

/**
 * A client that a server knows now: `clientId` and `authentication` of an `OAuth2Client`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Registered {
  readonly clientId: string
  readonly secret: Redacted.Redacted<string> | undefined
  readonly authentication: ClientAuthentication.ClientAuthentication
}

/**
 * The members of a registration request, and of a client-id document.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toJson = (metadata: Metadata): Readonly<Record<string, unknown>> => ({
  ...metadata.more,
  client_name: metadata.clientName,
  redirect_uris: metadata.redirectUris,
  grant_types: metadata.grantTypes ?? ["authorization_code", "refresh_token"],
  response_types: ["code"],
  token_endpoint_auth_method: metadata.authentication ?? "none",
  ...(metadata.scopes === undefined ? {} : { scope: metadata.scopes.join(" ") })
})

/**
 * The document that a client with an id of this kind serves at `url`, as `application/json`. The client is public, its id is
 * the URL, and nothing is registered.
 *
 * @see https://datatracker.ietf.org/doc/draft-ietf-oauth-client-id-metadata-document/
 * @since 0.1.0
 * @category conversions
 */
export const document = (
  url: string,
  metadata: Omit<Metadata, "authentication">
): Readonly<Record<string, unknown>> => ({
  ...toJson(metadata),
  client_id: url
})

/** Only the id is needed. A wrong member beside it must not cost the registration: the next attempt would register once more. */
const Answer = Schema.Struct({
  client_id: Schema.NonEmptyString,
  client_secret: Schema.optional(Schema.Unknown),
  client_secret_expires_at: Schema.optional(Schema.Unknown),
  token_endpoint_auth_method: Schema.optional(Schema.Unknown)
})

const secretOf = ({ client_secret: secret }: typeof Answer.Type): Redacted.Redacted<string> | undefined =>
  typeof secret === "string" && secret !== "" ? Redacted.make(secret) : undefined

const malformed = new ExchangeFailure({ kind: "transient", sent: "unknown", reason: "malformed", status: 201 })

const send = Effect.fnUntraced(function*(
  httpClient: HttpClient.HttpClient,
  server: OAuth2Server,
  metadata: Metadata,
  initialAccessToken: Redacted.Redacted<string> | undefined
): Effect.fn.Return<typeof Answer.Type, ExchangeFailure> {
  const url = yield* tokenCall.endpoint(yield* server.metadata, "registrationEndpoint")
  const request = HttpClientRequest.post(url).pipe(
    HttpClientRequest.bodyText(JSON.stringify(toJson(metadata)), "application/json"),
    HttpClientRequest.setHeader("accept", "application/json"),
    initialAccessToken === undefined ? (same) => same : HttpClientRequest.bearerToken(initialAccessToken)
  )
  const http = TokenEndpoint.client(httpClient, {
    // What is refused is the metadata, or the right to register (RFC 7591 section 3.2.2): both are of the configuration.
    classify: (answer) =>
      TokenEndpoint.common(answer) ?? TokenEndpoint.failure(answer, { kind: "config", reason: "client" })
  })
  const body = yield* TokenEndpoint.exchange(Effect.flatMap(http.execute(request), (response) => response.json))
  // A parse error is not kept, because its message quotes the answer.
  return yield* Effect.mapError(Schema.decodeUnknownEffect(Answer)(body), () => malformed)
})

/** The answer as the token of a session: visible ASCII. Members of another form say nothing, and may be of any size. */
const pack = (answer: typeof Answer.Type): Redacted.Redacted<string> => {
  const readable = Object.entries(answer).filter(([, value]) => typeof value === "string" || typeof value === "number")
  return Redacted.make(Base64Url.encode(JSON.stringify(Object.fromEntries(readable))))
}

const unpack = (token: Redacted.Redacted<string>): Registered => {
  const text = Base64Url.decodeString(Redacted.value(token))
  const answer = Schema.decodeUnknownSync(Schema.fromJsonString(Answer))(text._tag === "Success" ? text.success : "")
  const secret = secretOf(answer)
  return { clientId: answer.client_id, secret, authentication: proof(answer.token_endpoint_auth_method, secret) }
}

/** The method that the server settled on; RFC 7591 section 2 has basic where it says none. */
const proof = (method: unknown, secret: Redacted.Redacted<string> | undefined) => {
  if (secret === undefined || method === "none") return ClientAuthentication.none
  return method === "client_secret_post" ? ClientAuthentication.post(secret) : ClientAuthentication.basic(secret)
}

/** Another name or another redirect URI is another client. */
const realmOf = (server: OAuth2Server, metadata: Metadata): string => {
  const url = urls.parse(server.issuer)
  const issuer = url === undefined ? server.issuer : url.host + url.pathname.replace(/\/$/, "")
  return [issuer, ...[metadata.clientName, ...sorted(metadata.redirectUris)].map(encodeURIComponent)].join("/")
}

/** Milliseconds since the epoch, where the secret ends. Zero stands for never (RFC 7591 section 3.2.1). */
const endOf = (answer: typeof Answer.Type): number | undefined => {
  const seconds = tokenCall.seconds(answer.client_secret_expires_at)
  return secretOf(answer) === undefined || seconds === undefined ? undefined : seconds * 1000
}

const provider = (
  httpClient: HttpClient.HttpClient,
  server: OAuth2Server,
  metadata: Metadata,
  initialAccessToken: Redacted.Redacted<string> | undefined
): AuthProvider<void> => ({
  name: "client-registration",
  realm: realmOf(server, metadata),
  origins: [],
  rotation: "none",
  rejection: { statuses: [] },
  signIn: () =>
    Effect.flatMap(
      send(httpClient, server, metadata, initialAccessToken),
      (answer) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const end = endOf(answer)
          return { accessToken: pack(answer), expiresIn: end === undefined ? undefined : (end - now) / 1000 }
        })
    )
})

/**
 * A registration that is kept.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClientRegistration {
  /** The client, registered on first use. Fails with `AuthMisconfigured`, reason `client`, where the server refuses it. */
  readonly client: Effect.Effect<Registered, AccessTokenError>
  /**
   * Registers again: for `invalid_client` of a server that forgot the client. Sessions of the client before are lost, and
   * other processes find the new one when they next read the store.
   */
  readonly again: Effect.Effect<Registered, SignInError>
}

/**
 * The registration at one server. Nothing is sent until it is used.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function*(
  server: OAuth2Server,
  metadata: Metadata,
  options: { readonly initialAccessToken?: Redacted.Redacted<string> | undefined } = {}
): Effect.fn.Return<ClientRegistration, never, HttpClient.HttpClient | TokenStore | Scope.Scope> {
  const httpClient = yield* HttpClient.HttpClient
  const session = yield* AuthService.make(provider(httpClient, server, metadata, options.initialAccessToken), {
    credentials: Effect.void,
    refresh: { mode: "onDemand" }
  })
  const registered = ({ value }: AccessToken) => unpack(value)
  return {
    client: Effect.map(session.accessToken, registered),
    again: Effect.map(Effect.suspend(() => session.signIn()), registered)
  }
})
