/** The origins that a token may be sent to. URLs are parsed and compared by origin, never by prefix. */
import { isLoopback } from "../../BaseUrl.ts"

export type Refusal = "origin" | "insecure" | "url"

export interface Origins {
  /** Whether a URL is surely allowed. `false` means that it must be parsed to know. */
  readonly isPlain: (url: string) => boolean
  /** Why the token must not go there; `undefined` when it may. */
  readonly refusal: (url: string) => Refusal | undefined
}

/** `declared` holds scheme, host and port. A text that is not a URL allows nothing. */
export const make = (declared: ReadonlyArray<string>, allowInsecure: boolean): Origins => {
  const urls = declared.map(parse).filter((url) => url !== undefined)
  const origins = new Set(urls.map((url) => url.origin))
  const hosts = new Set(urls.map((url) => url.hostname))
  const isSecure = (url: URL) =>
    url.protocol === "https:" || (url.protocol === "http:" && (allowInsecure || isLoopback(url)))
  // The slash after an origin ends the authority, so the text after it can't name another host.
  const prefixes = urls.filter(isSecure).map((url) => `${url.origin}/`)
  const [first] = prefixes
  const isPlain = prefixes.length === 1 && first !== undefined
    ? (url: string) => url.startsWith(first)
    : (url: string) => prefixes.some((prefix) => url.startsWith(prefix))
  return {
    isPlain,
    refusal: (text) => {
      const url = parse(text)
      // A user name or password in a URL is a second set of credentials.
      if (url === undefined || url.username !== "" || url.password !== "") return "url"
      // The origin of a `blob:` URL is that of the page that made it.
      if (!isSecure(url)) return hosts.has(url.hostname) ? "insecure" : "origin"
      return origins.has(url.origin) ? undefined : "origin"
    }
  }
}

const parse = (text: string): URL | undefined => {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
