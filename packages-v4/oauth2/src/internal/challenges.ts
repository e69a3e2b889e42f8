/** The header `WWW-Authenticate` (RFC 9110 section 11.6.1). */
import type { Challenge } from "../Challenge.ts"

/** A longer header is not read. */
const longest = 8192

/** A scheme or the name of a parameter, alone, or with a value behind `=`. Quoted texts may hold anything, so they are read whole. */
const part = /([a-z0-9!#$%&'*+.^_`|~-]+)(?:[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([a-z0-9!#$%&'*+.^_`|~/:-]+)))?/iy

/** What may stand between two parts. A token68 (`Basic abc==`) ends what can be read of its challenge. */
const between = /[\s,]*(?:=*[\s,]*)/y

export const parse = (header: string | undefined): ReadonlyArray<Challenge> => {
  if (header === undefined || header.length > longest) return []
  const found: Array<{ readonly scheme: string; readonly all: Array<readonly [string, string]> }> = []
  let at = 0
  while (at < header.length) {
    between.lastIndex = at
    at += between.exec(header)?.[0].length ?? 0
    if (at >= header.length) break
    part.lastIndex = at
    const match = part.exec(header)
    if (match === null) return []
    at += match[0].length
    const [, name = "", quoted, plain] = match
    const value = quoted?.replace(/\\(.)/gs, "$1") ?? plain
    if (value === undefined) found.push({ scheme: name.toLowerCase(), all: [] })
    else if (found.length === 0) return []
    else found.at(-1)?.all.push([name.toLowerCase(), value])
  }
  return found.map(({ all, scheme }) => ({
    scheme,
    parameters: Object.fromEntries(all.filter(([name]) => all.filter(([other]) => other === name).length === 1))
  }))
}

/** Texts of a server that are asked for again: only what RFC 6749 section 3.3 allows, and each once. */
export const scopesOf = (text: string | undefined): ReadonlyArray<string> =>
  Array.from(new Set((text ?? "").split(" ").filter((scope) => /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/.test(scope))))
