/** Where a token may go: URLs are compared by origin after parsing, never by how they begin. */
import { isLoopback } from "../BaseUrl.ts"

export type Refusal = "origin" | "insecure" | "url"

export interface Origins {
  /** Whether the text of a URL is surely allowed; `false` only means that it must be parsed to know. */
  readonly isPlain: (url: string) => boolean
  /** Why the token may not go there; `undefined` when it may. */
  readonly refusal: (url: string) => Refusal | undefined
}

/** `declared` holds scheme, host and port; what can't be read as a URL allows nothing. */
export const make = (declared: ReadonlyArray<string>, allowInsecure: boolean): Origins => {
  const urls = declared.map(parse).filter((url) => url !== undefined)
  const origins = new Set(urls.map((url) => url.origin))
  const hosts = new Set(urls.map((url) => url.hostname))
  const isSecure = (url: URL) =>
    url.protocol === "https:" || (url.protocol === "http:" && (allowInsecure || isLoopback(url)))
  // An origin followed by its slash ends the authority, so nothing behind it can name another host.
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
