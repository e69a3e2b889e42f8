/**
 * An API that says which authorization servers it takes tokens of: the first step of a client that knows nothing but the
 * API's URL, as an MCP client does.
 *
 * ```ts
 * import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
 * import * as ProtectedResource from "@effect-auth/oauth2/ProtectedResource"
 * import * as Effect from "effect/Effect"
 *
 * const server = Effect.gen(function*() {
 *   const { authorizationServers } = yield* ProtectedResource.discover("https://tools.example.com/mcp")
 *   return yield* OAuth2Server.discover(authorizationServers[0])
 * })
 * ```
 *
 * The document is of the API's own origin, and about this API; no redirect, 1 MiB, 10 seconds. Where the API's URL comes from
 * somebody else, put `PublicAddress.guarded` around the `HttpClient`.
 *
 * @see RFC 9728: https://www.rfc-editor.org/rfc/rfc9728
 * @since 0.1.0
 */
import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as Array from "effect/Array"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Predicate from "effect/Predicate"
import { firstOf } from "./internal/discovery.ts"
import { unsent } from "./internal/failures.ts"
import type { CallError } from "./internal/publicCall.ts"
import * as urls from "./internal/urls.ts"

/**
 * What an API says of itself.
 *
 * @see RFC 9728 section 2: https://www.rfc-editor.org/rfc/rfc9728#section-2
 * @since 0.1.0
 * @category models
 */
export interface ProtectedResource {
  /** Its name, letter by letter: what `resources` of a client holds. */
  readonly resource: string
  /** Issuers, the API's own choice first. */
  readonly authorizationServers: Array.NonEmptyReadonlyArray<string>
  readonly scopes: ReadonlyArray<string> | undefined
}

/** Whether a resource of that name is this URL, or one below it (RFC 9728 section 7.3). */
const covers = (resource: string, url: URL): boolean => {
  const named = urls.parse(resource)
  if (named === undefined || named.origin !== url.origin || named.search !== "" || named.hash !== "") return false
  const path = named.pathname.replace(/\/$/, "")
  return url.pathname === path || url.pathname.startsWith(`${path}/`)
}

const texts = (value: unknown): ReadonlyArray<string> => Array.isArray(value) ? value.filter(Predicate.isString) : []

/** Checks a document. What it says is shown nowhere: it comes from elsewhere. */
const read = (asked: string, url: URL, document: unknown): Effect.Effect<ProtectedResource, ExchangeFailure> => {
  const fields = Predicate.isObject(document) ? document : {}
  const { resource } = fields
  // The resource that was asked for (RFC 9728 section 3.3), or one that covers it, such as the origin.
  if (typeof resource !== "string" || (resource !== asked && !covers(resource, url))) {
    return Effect.fail(unsent("url", "the metadata document is about another resource"))
  }
  const issuers = texts(fields["authorization_servers"])
  if (!Array.isReadonlyArrayNonEmpty(issuers)) {
    return Effect.fail(unsent("url", "the metadata document names no authorization server"))
  }
  if (!issuers.every((issuer) => urls.isSecureText(issuer) && !urls.reachesIn(url.href, issuer))) {
    return Effect.fail(unsent("url", "an authorization server is neither https nor on this machine, or leads into it"))
  }
  const scopes = fields["scopes_supported"]
  return Effect.succeed({
    resource,
    authorizationServers: issuers,
    scopes: scopes === undefined ? undefined : texts(scopes)
  })
}

/** RFC 9728 section 3.1, and the root for servers that describe all they have in one document. */
const places = (url: URL): ReadonlyArray<string> => {
  const root = `${url.origin}/.well-known/oauth-protected-resource`
  const path = url.pathname.replace(/\/$/, "")
  return path === "" ? [root] : [`${root}${path}${url.search}`, root]
}

const find = Effect.fnUntraced(function*(
  httpClient: HttpClient.HttpClient,
  resource: string,
  metadataUrl: string | undefined
): Effect.fn.Return<ProtectedResource, ExchangeFailure> {
  const url = urls.parse(resource)
  if (url === undefined || !urls.isSecure(url)) {
    return yield* unsent("url", "the resource is neither https nor on this machine")
  }
  const named = metadataUrl === undefined ? undefined : urls.parse(metadataUrl)
  if (metadataUrl !== undefined && named?.origin !== url.origin) {
    return yield* unsent("url", "the metadata document is of another origin")
  }
  const { value } = yield* firstOf(
    httpClient,
    named === undefined ? places(url) : [named.href],
    (found) => read(resource, url, found)
  )
  return value
})

/**
 * Asks an API for its document. `metadataUrl` is the address that the API's challenge named
 * (`StepUpRequired.resourceMetadata`); it must have the API's origin. Default: the addresses of RFC 9728. Fails with
 * `AuthMisconfigured`, reason `url`, if the API has no document, or if the document is about another API.
 *
 * @since 0.1.0
 * @category constructors
 */
export const discover = (
  resource: string,
  options: { readonly metadataUrl?: string | undefined } = {}
): Effect.Effect<ProtectedResource, CallError, HttpClient.HttpClient> =>
  Effect.flatMap(
    HttpClient.HttpClient,
    (httpClient) =>
      TokenEndpoint.call(find(httpClient, resource, options.metadataUrl), {
        provider: "oauth2",
        account: "default",
        operation: "discover",
        deadline: "25 seconds"
      })
  )
