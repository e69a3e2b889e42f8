/**
 * The base URL of an API: a URL that is checked once, and a client whose paths are relative to it.
 *
 * @since 0.1.0
 */
import * as HttpClient from "effect/http/HttpClient"
import { below } from "./internal/http/base.ts"

/**
 * A URL without user name, query or fragment.
 *
 * @since 0.1.0
 * @category models
 */
export interface BaseUrl {
  /** Scheme, host and port: the provider's origin. */
  readonly origin: string
  /** Host, and port if it is not the scheme's default: the first part of most realms. */
  readonly host: string
  /** The path, without a slash at the end. Empty for a URL without a path. */
  readonly path: string
  /** Origin and path. */
  readonly href: string
  /** Whether the URL is https or a loopback address. */
  readonly isSecure: boolean
}

/**
 * Parses a URL; `undefined` when the text can't be the base URL of an API.
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
 * Whether a URL names this machine. `URL` has already normalised the spelling of the address.
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

/**
 * A client that prepends `href` to relative requests; a request with a full URL stays unchanged. The client of a
 * session (`AuthHttpClient.fromSession`) does not need it: the provider has the base URL.
 *
 * @since 0.1.0
 * @category combinators
 */
export const prepend =
  (href: string) => <E, R>(client: HttpClient.HttpClient.With<E, R>): HttpClient.HttpClient.With<E, R> =>
    HttpClient.mapRequest(client, below(href, undefined))
