/**
 * An authorization server: where its endpoints are, and what it says it can do. Either written down or discovered.
 *
 * ```ts
 * import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
 *
 * const written = OAuth2Server.make({
 *   issuer: "https://login.example.com",
 *   tokenEndpoint: "https://login.example.com/oauth/token"
 * })
 * const discovered = OAuth2Server.discovered("https://login.example.com")
 * ```
 *
 * Every endpoint is https, or http on this machine. Discovery follows no redirect, reads 1 MiB at most, waits 10 seconds
 * at most, and refuses a document of another issuer.
 *
 * @see RFC 8414: https://www.rfc-editor.org/rfc/rfc8414
 * @since 0.1.0
 */
import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as discovery from "./internal/discovery.ts"
import { misconfigured } from "./internal/failures.ts"
import * as urls from "./internal/urls.ts"

/**
 * What is known of a server. Only the token endpoint is needed by every grant; a call that needs an endpoint which is
 * absent fails before anything is sent.
 *
 * @see RFC 8414 section 2: https://www.rfc-editor.org/rfc/rfc8414#section-2
 * @since 0.1.0
 * @category models
 */
export interface Metadata {
  /**
   * Compared with `iss` of ID tokens and authorization responses, letter by letter. `{tenantid}` stands for the `tid` of
   * the ID token, and for any tenant in an authorization response, as in the multi-tenant issuer of Microsoft Entra.
   */
  readonly issuer: string
  readonly tokenEndpoint: string
  readonly authorizationEndpoint?: string | undefined
  /** RFC 7009. */
  readonly revocationEndpoint?: string | undefined
  /** RFC 7662. */
  readonly introspectionEndpoint?: string | undefined
  /** OpenID Connect Core section 5.3. */
  readonly userinfoEndpoint?: string | undefined
  /** RFC 8628. */
  readonly deviceAuthorizationEndpoint?: string | undefined
  /** RFC 9126. */
  readonly pushedAuthorizationRequestEndpoint?: string | undefined
  readonly requirePushedAuthorizationRequests?: boolean | undefined
  /** The keys that sign ID tokens. */
  readonly jwksUri?: string | undefined
  /** RFC 7591. */
  readonly registrationEndpoint?: string | undefined
  /** RFC 9207: every authorization response carries `iss`, and one without it is refused. */
  readonly issParameter?: boolean | undefined
  /** Which algorithms sign ID tokens. Default: RS256. */
  readonly idTokenAlgorithms?: ReadonlyArray<string> | undefined
  /** RFC 7636. When the list is there and has no S256, no authorization is begun. */
  readonly codeChallengeMethods?: ReadonlyArray<string> | undefined
}

/**
 * An authorization server. `issuer` names it at once; `metadata` may ask for the document first.
 *
 * @since 0.1.0
 * @category models
 */
export interface OAuth2Server {
  readonly issuer: string
  readonly metadata: Effect.Effect<Metadata, ExchangeFailure>
  /** The metadata where it is written down. */
  readonly known?: Metadata | undefined
}

/**
 * A server whose endpoints are written down. Fails with `AuthMisconfigured`, reason `url` or `insecure`, when an endpoint
 * is no URL, or is not https and not on this machine.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (metadata: Metadata): Effect.Effect<OAuth2Server, AuthMisconfigured> => {
  for (const name of discovery.endpoints) {
    const text = metadata[name]
    if (text === undefined) continue
    const url = urls.parse(text)
    if (url === undefined) return Effect.fail(misconfigured("oauth2", "url", `${name} is not a URL`))
    if (!urls.isSecure(url)) {
      return Effect.fail(misconfigured("oauth2", "insecure", `${name} is neither https nor on this machine`))
    }
  }
  return Effect.succeed({ issuer: metadata.issuer, metadata: Effect.succeed(metadata), known: metadata })
}

/**
 * How a server is discovered. Everything has a default.
 *
 * @since 0.1.0
 * @category models
 */
export interface DiscoveryOptions {
  /**
   * Where the document is, for servers that keep it at a place of their own. Default: the three usual places, one after
   * the other: OpenID Connect behind the issuer's path, OpenID Connect with the path behind the well-known name, RFC 8414 the
   * same way.
   */
  readonly documentUrl?: string | undefined
  /** What the document leaves out or has wrong. The issuer can be replaced, too: that is how a templated one is named. */
  readonly override?: Partial<Metadata> | undefined
  /**
   * How old a document may be before it is asked for again; when that fails the old one is used. Default: 24 hours. If an
   * earlier place failed, the document of a later place is kept for one minute only.
   */
  readonly maxAge?: Duration.Input | undefined
}

/**
 * Asks for the document now. Fails when it can't be had, so a program that starts with it can't start without the server.
 *
 * @since 0.1.0
 * @category constructors
 */
export const discover = (
  issuer: string,
  options?: DiscoveryOptions
): Effect.Effect<OAuth2Server, AuthMisconfigured | ExchangeFailure, HttpClient.HttpClient> =>
  Effect.flatMap(
    discovered(issuer, options),
    (server) => Effect.map(server.metadata, (known) => ({ ...server, known }))
  )

/**
 * A server that is discovered when it is first called. A session whose tokens are stored starts without it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const discovered = Effect.fnUntraced(function*(
  issuer: string,
  options: DiscoveryOptions = {}
): Effect.fn.Return<OAuth2Server, AuthMisconfigured, HttpClient.HttpClient> {
  const httpClient = yield* HttpClient.HttpClient
  for (const [name, text] of [["issuer", issuer], ["documentUrl", options.documentUrl]] as const) {
    const url = text === undefined ? undefined : urls.parse(text)
    if (text !== undefined && url === undefined) return yield* misconfigured("oauth2", "url", `${name} is not a URL`)
    if (url !== undefined && !urls.isSecure(url)) {
      return yield* misconfigured("oauth2", "insecure", `${name} is neither https nor on this machine`)
    }
  }
  const maxAge = Duration.toMillis(options.maxAge ?? "24 hours")
  let held: { readonly metadata: Metadata; readonly isSure: boolean; readonly until: number } | undefined
  const metadata = Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    if (held !== undefined && now < held.until) return held.metadata
    const old = held
    const asked = discovery.find(httpClient, issuer, options)
    // A server that is away for a moment still has its endpoints where they were.
    const found = yield* old === undefined
      ? asked
      : Effect.orElseSucceed(asked, () => ({ value: old.metadata, isSure: false }))
    const isKept = old?.isSure === true && !found.isSure
    held = {
      metadata: isKept ? old.metadata : found.value,
      isSure: isKept || found.isSure,
      until: now + (found.isSure ? maxAge : Math.min(maxAge, retryAfter))
    }
    return held.metadata
  })
  return { issuer: options.override?.issuer ?? issuer, metadata }
})

/** Milliseconds until a document that could not be renewed, or is not the first one, is asked for again. */
const retryAfter = 60_000
