/**
 * Where an API is: a URL that was checked once, and a client that is brought there.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import { AuthMisconfigured } from "./AuthError.ts"

/**
 * A URL without user name, query or fragment.
 *
 * @since 0.1.0
 * @category models
 */
export interface BaseUrl {
  /** Scheme, host and port: what a provider declares as its origin. */
  readonly origin: string
  /** Host, and port where it is not the scheme's own: the first part of most realms. */
  readonly host: string
  /** The path, without a slash at the end; empty when there is none. */
  readonly path: string
  /** Origin and path. */
  readonly href: string
  /** Whether it is https, or on this machine. */
  readonly isSecure: boolean
}

/**
 * Reads a URL; `undefined` when it can't be one of an API.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (text: string): BaseUrl | undefined => {
  const url = urlOf(text)
  if (url === undefined || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    return undefined
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") return undefined
  const path = url.pathname.replace(/\/+$/, "")
  return {
    origin: url.origin,
    host: url.host,
    path,
    href: url.origin + path,
    isSecure: url.protocol === "https:" || isLoopback(url)
  }
}

/**
 * Checks the host that a layer was given: a name that the provider knows, or a URL. Plain http is refused unless it is on
 * this machine or was allowed. Fails with `AuthMisconfigured`, reason `url` or `insecure`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const resolve = (options: {
  readonly provider: string
  readonly account: string | undefined
  /** Such as `production`, or a URL. */
  readonly host: string
  /** The hosts that have a name. */
  readonly known: Readonly<Record<string, string>>
  readonly allowInsecure: boolean | undefined
}): Effect.Effect<BaseUrl, AuthMisconfigured> => {
  const { allowInsecure, host, known } = options
  const refuse = (reason: "url" | "insecure", errorDescription: string) =>
    Effect.fail(
      new AuthMisconfigured({
        provider: options.provider,
        account: options.account ?? "default",
        operation: "configure",
        reason,
        errorDescription
      })
    )
  const base = parse(Object.hasOwn(known, host) ? known[host]! : host)
  if (base === undefined) {
    return refuse("url", `host is neither ${Object.keys(known).join(", ")} nor a URL without a query`)
  }
  return base.isSecure || allowInsecure === true ? Effect.succeed(base) : refuse("insecure", "host is not https")
}

/**
 * A client whose relative requests go below `href`; a request with a URL of its own is left alone.
 *
 * @since 0.1.0
 * @category combinators
 */
export const prepend =
  (href: string) => <E, R>(client: HttpClient.HttpClient.With<E, R>): HttpClient.HttpClient.With<E, R> =>
    HttpClient.mapRequest(client, (request) => below(request, href))

/**
 * A relative request below `href`, with a slash between the two whether it begins with one or not; a request with a URL
 * of its own as it is.
 *
 * @since 0.1.0
 * @category combinators
 */
export const below = (
  request: HttpClientRequest.HttpClientRequest,
  href: string
): HttpClientRequest.HttpClientRequest =>
  isAbsolute(request.url)
    ? request
    : HttpClientRequest.prependUrl(request, /^([/?#]|$)/.test(request.url) ? href : `${href}/`)

/**
 * Whether the text of a URL has a scheme, and so a host of its own.
 *
 * @see RFC 3986 section 3.1
 * @since 0.1.0
 * @category predicates
 */
export const isAbsolute = (url: string): boolean => /^[a-z][a-z0-9+.-]*:/i.test(url)

/**
 * Whether a URL names this machine; `URL` has brought every spelling of an address into one form.
 *
 * @see RFC 6761 section 6.3 and RFC 1122 section 3.2.1.3
 * @since 0.1.0
 * @category predicates
 */
export const isLoopback = (url: URL): boolean =>
  url.hostname === "localhost" || url.hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(url.hostname)

const urlOf = (text: string): URL | undefined => {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
