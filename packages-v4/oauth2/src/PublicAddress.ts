/**
 * Keeps requests out of private networks when their URL comes from somebody else: an issuer that a customer typed in, a
 * metadata document, a resource of an MCP server.
 *
 * ```ts
 * import * as PublicAddress from "@effect-auth/oauth2/PublicAddress"
 * import type * as HttpClient from "effect/http/HttpClient"
 * import * as Effect from "effect/Effect"
 * import { lookup } from "node:dns/promises"
 *
 * const guarded = (client: HttpClient.HttpClient) =>
 *   PublicAddress.guarded(client, {
 *     resolve: (hostname) =>
 *       Effect.map(Effect.tryPromise(() => lookup(hostname, { all: true })), (all) => all.map(({ address }) => address))
 *   })
 * ```
 *
 * The name is looked up once more when the request is sent, and may lead elsewhere by then. Where that matters, let the
 * connection itself refuse private addresses, or send through a proxy that does.
 *
 * @see RFC 6890, RFC 9728 section 7.7: https://www.rfc-editor.org/rfc/rfc9728#section-7.7
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"

/** The blocks of IPv4 that are not of the public internet: first address and length of the prefix. */
const reserved: ReadonlyArray<readonly [string, number]> = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3]
]

const numberOf = (address: string): number => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0)

const isPublicV4 = (address: string): boolean =>
  !reserved.some(([first, prefix]) => {
    const size = 2 ** (32 - prefix)
    return Math.floor(numberOf(address) / size) === Math.floor(numberOf(first) / size)
  })

/** Public IPv6 addresses begin with 2000::/3. Teredo, 6to4 and the documentation addresses in it are not public. */
const isPublicV6 = (address: string): boolean => {
  const [first = 0, second = 0] = address.split(":").map((part) => Number.parseInt(part || "0", 16))
  if (first < 0x2000 || first > 0x3fff || first === 0x2002) return false
  return !(first === 0x2001 && (second === 0 || second === 0xdb8))
}

const hostOf = (text: string): string | undefined => URL.canParse(text) ? new URL(text).hostname : undefined

const v4 = /^\d+\.\d+\.\d+\.\d+$/

/**
 * Whether an IP address is one of the public internet. What is no IP address is not.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isPublic = (address: string): boolean => {
  const host = hostOf(address.includes(":") ? `http://[${address.replace(/%.*$/, "")}]/` : `http://${address}/`)
  if (host === undefined) return false
  if (host.startsWith("[")) return isPublicV6(host.slice(1, -1))
  return v4.test(host) && isPublicV4(host)
}

/**
 * A client that sends nothing unless every address of the host is public. `resolve` asks the DNS; it is not asked about a
 * host that is an address already. A request that is refused, and one whose host is not found, fails as an invalid URL.
 *
 * @since 0.1.0
 * @category combinators
 */
export const guarded = (
  client: HttpClient.HttpClient,
  options: { readonly resolve: (hostname: string) => Effect.Effect<ReadonlyArray<string>, unknown> }
): HttpClient.HttpClient =>
  HttpClient.mapRequestEffect(client, (request) =>
    Effect.gen(function*() {
      const host = hostOf(request.url)
      const literal = host === undefined || host.startsWith("[") || v4.test(host)
      const addresses = host === undefined
        ? []
        : literal
        ? [host.replace(/^\[|\]$/g, "")]
        : yield* Effect.orElseSucceed(options.resolve(host), () => [])
      if (addresses.length > 0 && addresses.every(isPublic)) return request
      return yield* new HttpClientError.HttpClientError({
        reason: new HttpClientError.InvalidUrlError({
          request,
          description: "the host has an address that is not public"
        })
      })
    }))
