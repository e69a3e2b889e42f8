/** Reads the `WWW-Authenticate` header of a refusal (RFC 6750 section 3). */

/** Matches one parameter. A quoted text may hold any character, so it is matched as a whole. */
const part = /([a-z0-9!#$%&'*+.^_`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/gi

/** Characters. A longer header is not read. */
const longest = 4096

/**
 * Whether a token is refused because of its scope: the only Bearer challenge has `insufficient_scope`. A new token
 * would not help, because it would have the same scope.
 */
export const isAboutScope = (header: string | undefined): boolean => {
  if (header === undefined || header.length > longest) return false
  let scheme = ""
  const errors: Array<string> = []
  let bearers = 0
  for (const [, name = "", quoted, plain] of header.matchAll(part)) {
    const value = quoted ?? plain
    if (value === undefined) {
      scheme = name.toLowerCase()
      if (scheme === "bearer") bearers++
    } else if (scheme === "bearer" && name.toLowerCase() === "error") errors.push(value)
  }
  return bearers === 1 && errors.length === 1 && errors[0] === "insufficient_scope"
}
