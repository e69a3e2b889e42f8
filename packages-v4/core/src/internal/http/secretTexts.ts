/** The secrets of a request, which no error, log or span may show. */
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import { parametersOf } from "../seams/requests.ts"
import { parseJson } from "./parseJson.ts"

/** Names of fields, headers and parameters whose value is a secret. */
const secretName =
  /auth|token|secret|pass|code|key|cookie|verifier|assertion|credential|session|signature|(?:^|[^a-z])(?:pin|otp)(?:$|[^a-z])/i

/** Names of fields that identify a person. */
const personName = /^(identifier|e-?mail|user(_?name)?|msisdn|phone|login)$/i

/** Fields of token requests whose names match, but whose values are words of the protocol. */
const harmless = /^(grant_type|token_type|token_type_hint|code_challenge_method|identifier_type|external_token_type)$/i

/**
 * UTF-16 units of all secrets together, and bytes of a URL or body that is searched for secrets: 5 to 15 ms of work.
 */
const mostUnits = 36 * 1024

/** The most secrets, because each one needs a search in several spellings. */
const mostTexts = 64

/** Nested objects of a body are searched to this depth. */
const mostLevels = 8

/**
 * A set of secrets with a limit. Beyond the limit the set is not `complete`, and no text of a server is shown, because
 * some secrets would not be searched for.
 */
export class SecretTexts {
  readonly #texts = new Set<string>()
  #units = 0
  #complete = true

  /** Whether every secret of the request is in the set. */
  get complete(): boolean {
    return this.#complete
  }

  get all(): ReadonlySet<string> {
    return this.#texts
  }

  add(text: string): this {
    if (text === "" || this.#texts.has(text)) return this
    if (this.#texts.size >= mostTexts || this.#units + text.length > mostUnits) return this.giveUp()
    this.#texts.add(text)
    this.#units += text.length
    return this
  }

  addAll(texts: Iterable<string>): this {
    for (const text of texts) this.add(text)
    return this
  }

  merge(others: SecretTexts): this {
    this.addAll(others.#texts)
    return others.#complete ? this : this.giveUp()
  }

  /** Marks the set as not complete, because some secrets can't be added. */
  giveUp(): this {
    this.#complete = false
    return this
  }
}

/** The secret headers, fields and parameters of a request, and the fields that identify a person. */
export const secretsOf = (request: HttpClientRequest.HttpClientRequest): SecretTexts => {
  const found = new SecretTexts()
  for (const [name, value] of Object.entries(request.headers)) if (secretName.test(name)) addHeader(value, found)
  for (const [name, value] of parametersOf(request)) addNamed(name, value, found)
  addUrl(request.url, found)
  addBody(request.body, found)
  return found
}

/** The secret follows the authentication scheme. Basic (RFC 7617) encodes it together with a user name. */
const addHeader = (value: string, found: SecretTexts): void => {
  const secret = value.slice(value.indexOf(" ") + 1)
  found.add(value).add(secret)
  if (!/^basic /i.test(value) || secret.length > mostUnits) return
  for (const part of fromBase64(secret).split(":")) found.add(part).add(decode(part))
}

const addUrl = (text: string, found: SecretTexts): void => {
  if (text.length > mostUnits) {
    found.giveUp()
    return
  }
  const start = text.indexOf("?")
  const [path, query] = start < 0 ? [text, ""] : [text.slice(0, start), text.slice(start + 1)]
  for (const segment of path.split("/").slice(3)) {
    const decoded = decode(segment)
    if (/@|\d{5,}/.test(decoded)) found.add(decoded)
  }
  for (const [name, value] of new URLSearchParams(query)) addNamed(name, value, found)
}

/** Content types of bodies with named fields. A body without a type may have them too. */
const namesFields = /^\s*(?:$|text\/|application\/octet-stream|[^;]*(?:json|urlencoded|xml))/i

/**
 * Fields are found by name only in JSON and forms. Another body that may have named fields makes the set incomplete.
 */
const addBody = (body: HttpClientRequest.HttpClientRequest["body"], found: SecretTexts): void => {
  if (body._tag === "FormData") {
    for (const [name, value] of body.formData) addNamed(name, value, found)
    return
  }
  const type = "contentType" in body ? body.contentType ?? "" : ""
  if (body._tag === "Empty" || !namesFields.test(type)) return
  // The bytes of a stream are not available before the send. `application/octet-stream` counts as a file.
  if (body._tag === "Stream") return void (type === "application/octet-stream" || found.giveUp())
  const content = contentOf(body.body)
  if (content === undefined || content.length > mostUnits || /^[^;]*xml/i.test(type)) return void found.giveUp()
  const text = typeof content === "string" ? content : new TextDecoder().decode(content)
  const json = parseJson(text)
  if (json !== undefined) addNamed("", json, found)
  else if (/^[^;]*json/i.test(type) && text !== "") found.giveUp()
  else for (const [name, value] of new URLSearchParams(text)) addNamed(name, value, found)
}

/** `undefined` if the content can't be read here. */
const contentOf = (body: unknown): string | Uint8Array | undefined => {
  if (typeof body === "string" || body instanceof Uint8Array) return body
  if (body instanceof URLSearchParams) return body.toString()
  if (body instanceof ArrayBuffer) return new Uint8Array(body)
  return ArrayBuffer.isView(body) ? new Uint8Array(body.buffer, body.byteOffset, body.byteLength) : undefined
}

/** Adds every text under a secret name, down to `mostLevels`. The members of a list have the name of the list. */
const addNamed = (name: string, value: unknown, found: SecretTexts, level = 0, isInside = false): void => {
  const isSecret = isInside || (secretName.test(name) && !harmless.test(name))
  if (typeof value === "string" || typeof value === "number") {
    if (isSecret || personName.test(name)) found.add(String(value))
    // A text may be JSON itself.
    if (typeof value === "string" && /^\s*[{[]/.test(value)) {
      addNamed(name, parseJson(value), found, level + 1, isInside)
    }
  } else if (typeof value === "object" && value !== null) {
    if (level >= mostLevels) return void found.giveUp()
    const isList = Array.isArray(value)
    for (const [key, member] of Object.entries(value)) {
      addNamed(isList ? name : key, member, found, level + 1, isSecret)
    }
  }
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const fromBase64 = (text: string): string => {
  try {
    return atob(text)
  } catch {
    return ""
  }
}
