/** Which URLs may be called: https, or plain http to this machine. */
import { isLoopback } from "@effect-auth/core/BaseUrl"

export const parse = (text: string): URL | undefined => URL.canParse(text) ? new URL(text) : undefined

/** Whether secrets may be sent there. A user name, a password or a fragment in a URL is refused. */
export const isSecure = (url: URL): boolean =>
  url.username === "" && url.password === "" && url.hash === "" &&
  (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url)))

export const isSecureText = (text: string): boolean => {
  const url = parse(text)
  return url !== undefined && isSecure(url)
}

/**
 * Every host that leads to this machine, as `URL` writes it: also the unspecified address, IPv4 written as IPv6, and the names
 * below `localhost`. Wider than the rule for plain http, because here a wrong refusal is better than a request to
 * this machine.
 */
const here = /^(?:127(?:\.\d+){3}|0(?:\.\d+){3}|\[::(?:1|ffff:(?:7f[\da-f]{2}|0):[\da-f]+)?\]|(?:.+\.)?localhost\.?)$/

/** Whether `to` is on this machine although `from` is not: a server elsewhere has no business there. */
export const reachesIn = (from: string, to: string): boolean => {
  const [outer, inner] = [parse(from), parse(to)]
  return outer !== undefined && inner !== undefined && !here.test(outer.hostname) && here.test(inner.hostname)
}

/**
 * The path that a browser may be sent to. `undefined`: the text is no path, or it leads to another origin (RFC 9700 section
 * 4.11).
 */
export const pathOf = (base: URL, text: string | null): string | undefined => {
  if (text === null || !text.startsWith("/") || !URL.canParse(text, base)) return undefined
  const url = new URL(text, base)
  // Resolved once and written again: a browser reads neither a second slash nor a backslash into it.
  const path = `/${url.pathname.replace(/^[/\\]+/, "")}${url.search}${url.hash}`
  return url.origin === base.origin ? path : undefined
}
