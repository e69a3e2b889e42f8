/**
 * Texts that a server sent are cut and cleaned before they become part of an error: a server may echo what it was sent.
 */
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as UrlParams from "@effect/platform/UrlParams"

const longest = 200
const gone = "…"

/** Names of fields, headers and parameters whose value nobody may read. */
const secretName = /auth|token|secret|password|passwd|code|key|cookie|verifier|assertion|credential|session|signature/i

/** Names of fields that say who a person is. */
const personName = /^(identifier|e-?mail|user(_?name)?|msisdn|phone|login)$/i

/** Fields of token requests that match by name but whose value is a word of the protocol. */
const harmless = /^(grant_type|token_type|token_type_hint|code_challenge_method|identifier_type|external_token_type)$/i

/**
 * What remains of a text: no secret in any usual spelling, no piece of one, no control character, no long opaque word, 200
 * characters.
 */
export const scrub = (text: string, secrets: Iterable<string>): string => {
  let out = text
  for (const spelling of spellings(secrets)) out = out.replace(spelling, gone)
  out = withoutPieces(out.slice(0, scanned), secrets)
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ")
    .replace(/[A-Za-z0-9+/=_.~|%-]{24,}/g, (word) => /\d/.test(word) && /[A-Za-z]/.test(word) ? gone : word)
    .trim()
  return out.length > longest ? `${out.slice(0, longest)}${gone}` : out
}

/** So many letters in a row of a long word are a piece of it: servers like to show how a token begins or ends. */
const piece = 8
const longWord = 12

/** What comes after this of a text can't be within the 200 characters, short of a wall of secrets. */
const scanned = 8192

const withoutPieces = (text: string, secrets: Iterable<string>): string => {
  const pieces = new Set<string>()
  for (const word of Array.from(secrets).flatMap((secret) => secret.split(/\s+/))) {
    if (word.length < longWord) continue
    for (let at = 0; at + piece <= word.length; at++) pieces.add(word.slice(at, at + piece).toLowerCase())
  }
  let shown = 0
  return text.replace(/[^]/g, (letter, at: number) => {
    const isShown = at >= shown
    if (!pieces.has(text.slice(at, at + piece).toLowerCase())) return isShown ? letter : ""
    shown = at + piece
    return isShown ? gone : ""
  })
}

/** Tells whether a text holds one of the secrets in any usual spelling. Fewer than four letters are in every text. */
export const teller = (secrets: Iterable<string>): (text: string) => boolean => {
  const looked = spellings(Array.from(secrets).filter((secret) => secret.length >= 4))
  return (text) => looked.some((spelling) => text.search(spelling) >= 0)
}

/** Longest first, so that no piece of a longer secret is left by a shorter one. */
const spellings = (secrets: Iterable<string>): ReadonlyArray<RegExp> => {
  const all = new Set<string>()
  for (const secret of secrets) {
    if (secret === "") continue
    const form = new URLSearchParams([["", secret]]).toString().slice(1)
    all.add(secret).add(encoded(secret)).add(form).add(JSON.stringify(secret).slice(1, -1)).add(html(secret))
    for (const base64 of base64s(secret)) {
      all.add(base64).add(base64.replaceAll("+", "-").replaceAll("/", "_"))
    }
  }
  return Array.from(all)
    .filter((text) => text !== "")
    .sort((a, b) => b.length - a.length)
    .map((text) => new RegExp(text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"), "gi"))
}

/** `encodeURIComponent` throws on a lone surrogate. */
const encoded = (text: string): string => {
  try {
    return encodeURIComponent(text)
  } catch {
    return text
  }
}

const html = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\"", "&quot;")

/** By itself, and inside a longer text, where the letters at the ends depend on the neighbours. */
const base64s = (text: string): ReadonlyArray<string> => {
  const bytes = new TextEncoder().encode(text).length
  const inside = [0, 1, 2].map((shift) =>
    toBase64("x".repeat(shift) + text).slice(shift === 0 ? 0 : 4, Math.floor((bytes + shift) / 3) * 4)
  )
  return [toBase64(text).replace(/=+$/, ""), ...inside.filter((part) => part.length >= 4)]
}

const toBase64 = (text: string): string => {
  let binary = ""
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte)
  return btoa(binary)
}

const fromBase64 = (text: string): string => {
  try {
    return atob(text)
  } catch {
    return ""
  }
}

/** What must not come back out of a request: its secret headers, fields and parameters, and who it is about. */
export const secretsOf = (request: HttpClientRequest.HttpClientRequest): ReadonlySet<string> => {
  const found = new Set<string>()
  for (const [name, value] of Object.entries(request.headers)) {
    if (!secretName.test(name)) continue
    found.add(value)
    // Behind an authentication scheme stands the secret itself, for Basic (RFC 7617) packed with a name.
    const secret = value.slice(value.indexOf(" ") + 1)
    found.add(secret)
    if (/^basic /i.test(value)) { for (const part of fromBase64(secret).split(":")) found.add(part).add(decode(part)) }
  }
  for (const [name, value] of request.urlParams) collect(name, value, found)
  fromUrl(request.url, found)
  fromBody(request.body, found)
  return found
}

const fromUrl = (text: string, found: Set<string>): void => {
  const [path = "", query = ""] = text.split("?", 2)
  for (const segment of path.split("/").slice(3)) {
    const decoded = decode(segment)
    if (/@|\d{5,}/.test(decoded)) found.add(decoded)
  }
  for (const [name, value] of new URLSearchParams(query)) collect(name, value, found)
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const fromBody = (body: HttpClientRequest.HttpClientRequest["body"], found: Set<string>): void => {
  const text = body._tag === "Uint8Array"
    ? new TextDecoder().decode(body.body)
    : body._tag === "Raw" && typeof body.body === "string"
    ? body.body
    : ""
  const json = parseJson(text)
  if (json !== undefined) return collect("", json, found)
  for (const [name, value] of UrlParams.fromInput(new URLSearchParams(text))) collect(name, value, found)
}

/** Every text under a secret name, and every text below an object under one. */
const collect = (name: string, value: unknown, found: Set<string>, depth = 0): void => {
  if (typeof value === "string" || typeof value === "number") {
    if ((secretName.test(name) && !harmless.test(name)) || personName.test(name)) found.add(String(value))
  } else if (typeof value === "object" && value !== null && depth < 8) {
    const isList = Array.isArray(value)
    for (const [key, member] of Object.entries(value)) collect(isList ? name : key, member, found, depth + 1)
  }
}

/** The engine's error quotes the text, so it is thrown away. `undefined`: not JSON. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
