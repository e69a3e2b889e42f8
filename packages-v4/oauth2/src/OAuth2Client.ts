/**
 * One registered client at one authorization server: what every grant and every other call of this package is made from.
 *
 * ```ts
 * import * as ClientAuthentication from "@effect-auth/oauth2/ClientAuthentication"
 * import * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
 * import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 *
 * const client = Effect.gen(function*() {
 *   const server = yield* OAuth2Server.discovered("https://login.example.com")
 *   return yield* OAuth2Client.make({
 *     name: "billing",
 *     server,
 *     clientId: "my-client",
 *     authentication: ClientAuthentication.basic(Redacted.make("secret")),
 *     scopes: ["invoices"],
 *     origins: ["https://api.example.com"]
 *   })
 * })
 * ```
 *
 * @since 0.1.0
 */
import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import type { Api, AuthProvider, Rejection } from "@effect-auth/core/AuthProvider"
import type { Kind, Reason } from "@effect-auth/core/ExchangeFailure"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Predicate from "effect/Predicate"
import * as ClientAuthentication from "./ClientAuthentication.ts"
import { misconfigured } from "./internal/failures.ts"
import * as urls from "./internal/urls.ts"
import type { OAuth2Server } from "./OAuth2Server.ts"

/**
 * Where a server leaves the RFCs. Presets hold the ones that are known; all of it is data, but for `read` and `refusal`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Dialect {
  /** How token requests are written. Default: `form`, the only format of RFC 6749. */
  readonly body?: "form" | "json" | undefined
  /** Further headers of token requests. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** What stands between two scopes, in requests and in answers. Default: a blank. */
  readonly scopeSeparator?: string | undefined
  /** Parameters of the authorization request: `access_type=offline`. */
  readonly authorizationParameters?: Readonly<Record<string, string>> | undefined
  /**
   * Whether an ID token may lack the nonce that was asked for: `optional` for servers that send none. A wrong one is refused all
   * the same. If the server checks PKCE, a code of another sign-in is refused there. Default: `required`.
   */
  readonly nonce?: "required" | "optional" | undefined
  /** What the server's own error codes mean. Codes of RFC 6749 can be given another meaning, too. */
  readonly errors?: Readonly<Record<string, { readonly kind: Kind; readonly reason: Reason }>> | undefined
  /** The error code in a 200 that is a refusal; `undefined` in a success. Default: `error`, where there is no access token. */
  readonly refusal?: ((body: unknown) => string | undefined) | undefined
  /** Brings the answer of a token request into the form of RFC 6749 section 5.1. */
  readonly read?: ((body: unknown) => unknown) | undefined
}

/**
 * What makes a client.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** A short name of the provider: the first part of every record key, and in spans and errors. Default: `oauth2`. */
  readonly name?: string | undefined
  readonly server: OAuth2Server
  readonly clientId: string
  /** Default: `ClientAuthentication.none`, a public client. */
  readonly authentication?: ClientAuthentication.ClientAuthentication | undefined
  /** What is asked for. Default: nothing, which leaves it to the server. */
  readonly scopes?: ReadonlyArray<string> | undefined
  /** Which APIs the token is for (RFC 8707). */
  readonly resources?: ReadonlyArray<string> | undefined
  /**
   * Which further APIs a person is asked about when signing in. Their tokens come from `forResource` of the session, one by one;
   * its own token is not for them. `forResource` asks for no others: some servers spend the refresh token before they refuse a
   * resource that was not granted.
   */
  readonly furtherResources?: ReadonlyArray<string> | undefined
  /**
   * Further parameters of token requests: `audience` at Auth0. They can't replace one that a grant defines. They are part of the
   * realm, because another audience is another token: none may be a secret. Names of secrets, such as `client_secret`, are refused.
   */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** Where the access token may be sent: `https://api.example.com`. Never taken from an answer. */
  readonly origins: ReadonlyArray<string>
  /** Where the API is and which headers it wants, for `AuthHttpClient.fromSession`. Its origin must be among `origins`. */
  readonly api?: Api | undefined
  /**
   * What a refresh does to the refresh token. Default: `rotating`, the reading that loses nothing when it is wrong. Grants
   * without refresh tokens are `none` whatever stands here.
   */
  readonly rotation?: AuthProvider<never>["rotation"] | undefined
  /** Which answers of the API mean that the access token is dead. Default: status 401. */
  readonly rejection?: Rejection | undefined
  /** The lifetime of a token whose answer does not say one. Default: used until the API rejects it. */
  readonly defaultLifetime?: Duration.Input | undefined
  readonly dialect?: Dialect | undefined
}

/**
 * A client, checked. `httpClient` is the one that was in the environment when it was made.
 *
 * @since 0.1.0
 * @category models
 */
export interface OAuth2Client extends Options {
  readonly name: string
  readonly authentication: ClientAuthentication.ClientAuthentication
  readonly httpClient: HttpClient.HttpClient
}

const isText = (value: unknown): boolean => typeof value === "string" && value !== ""

const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText)

const isParameters = (value: unknown): boolean =>
  Predicate.isObject(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value)) &&
  Object.values(value).every((one) => typeof one === "string")

/** Parameters stand in the realm, and so in logs and in every record key. */
const secretName = /^(?:client_secret|password|assertion|client_assertion|.*_token)$/

const isAuthentication = (value: unknown): boolean =>
  Predicate.isObject(value) && isText(value["method"]) && typeof value["apply"] === "function"

const isServer = (value: unknown): boolean =>
  Predicate.isObject(value) && isText(value["issuer"]) && Effect.isEffect(value["metadata"])

type Rule = readonly [name: keyof Options, isFit: (value: unknown) => boolean, words: string]

const required: ReadonlyArray<Rule> = [
  ["server", isServer, "a server of OAuth2Server"],
  ["clientId", isText, "a text that is not empty"],
  [
    "origins",
    (value) => isTexts(value) && (value as ReadonlyArray<unknown>).length > 0,
    "a list of texts that is not empty"
  ]
]

const optional: ReadonlyArray<Rule> = [
  ["name", isText, "a text that is not empty"],
  ["authentication", isAuthentication, "one of ClientAuthentication"],
  ["scopes", isTexts, "a list of texts"],
  ["resources", isTexts, "a list of texts"],
  ["furtherResources", isTexts, "a list of texts"],
  ["parameters", isParameters, "an object of texts"],
  ["api", (value) => Predicate.isObject(value) && isText(value["baseUrl"]), "an object with a baseUrl"]
]

/** The first option of the wrong kind. Plain JavaScript and configurations can pass any value; none is shown. */
const faultOf = (options: unknown): string | undefined => {
  if (!Predicate.isObject(options)) return "the options are not an object"
  const kinds = [...required, ...optional.filter(([name]) => options[name] !== undefined)]
  const wrong = kinds.find(([name, isFit]) => !isFit(options[name]))
  if (wrong !== undefined) return `${wrong[0]} is not ${wrong[2]}`
  const secret = Object.keys(options["parameters"] ?? {}).find((one) => secretName.test(one))
  return secret === undefined
    ? undefined
    : `parameters has ${secret}: parameters are part of the realm, so a secret goes to the grant or to authentication`
}

/**
 * Checks the options. Nothing is sent. Fails with `AuthMisconfigured`. The reason is `url` if a text of `origins` is not an
 * origin, `insecure` if an origin is neither https nor on this machine, and `options` for all other faults.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<OAuth2Client, AuthMisconfigured, HttpClient.HttpClient> {
  const wrong = faultOf(options)
  if (wrong !== undefined) return yield* misconfigured("oauth2", "options", wrong)
  const { name = "oauth2" } = options
  for (const origin of options.origins) {
    const url = urls.parse(origin)
    if (url === undefined || url.origin !== origin) {
      return yield* misconfigured(name, "url", "an origin is not scheme, host and port")
    }
    if (!urls.isSecure(url)) {
      return yield* misconfigured(name, "insecure", "an origin is neither https nor on this machine")
    }
  }
  if (options.api !== undefined && !options.origins.includes(urls.parse(options.api.baseUrl)?.origin ?? "")) {
    return yield* misconfigured(name, "url", "the origin of api.baseUrl is not among the origins")
  }
  for (const resource of [...options.resources ?? [], ...options.furtherResources ?? []]) {
    const url = urls.parse(resource)
    if (url === undefined || url.hash !== "") {
      return yield* misconfigured(name, "options", "a resource is not an absolute URI without a fragment")
    }
  }
  return {
    ...options,
    name,
    authentication: options.authentication ?? ClientAuthentication.none,
    httpClient: yield* HttpClient.HttpClient
  }
})
