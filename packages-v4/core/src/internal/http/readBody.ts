/** Parses the body of a token answer: JSON (RFC 6749), or a form, which some servers send. */
import { parseJson } from "./parseJson.ts"

/** A form: names and values without characters that a form encodes. */
const form = /^[^=&\s<>{}"]+=[^&\s<>{}"]*(?:&[^=&\s<>{}"]+=[^&\s<>{}"]*)*$/

/** With another content type, a text is a form only if it has one of these names. */
const names = ["access_token", "error"]

/**
 * The content type is only a hint: JSON is accepted with any. `undefined`: neither JSON nor a form. A name that is
 * twice in a form is left out, because it is not clear which value is right.
 */
export const readBody = (text: string, contentType: string | undefined): unknown => {
  const json = parseJson(text)
  if (json !== undefined) return json
  const trimmed = text.trim().replace(/&$/, "")
  if (!form.test(trimmed)) return undefined
  const params = new URLSearchParams(trimmed)
  const isForm = /^\s*application\/x-www-form-urlencoded\b/i.test(contentType ?? "")
  if (!isForm && !names.some((name) => params.has(name))) return undefined
  const counts = new Map<string, number>()
  for (const name of params.keys()) counts.set(name, (counts.get(name) ?? 0) + 1)
  return Object.fromEntries(Array.from(params).filter(([name]) => counts.get(name) === 1))
}
