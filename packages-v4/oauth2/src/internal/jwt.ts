/** Compact JWTs, signed with WebCrypto (RFC 7515 section 3.1). */
import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { unsent } from "./failures.ts"

const base64Url = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")

const packed = (value: object): string => base64Url(new TextEncoder().encode(JSON.stringify(value)))

interface Signing {
  readonly alg: string
  readonly how: AlgorithmIdentifier | RsaPssParams | EcdsaParams
}

/** The bits of the hash that goes with a hash or a curve (RFC 7518 section 3.1). */
const bits: Readonly<Record<string, number>> = {
  "SHA-256": 256,
  "SHA-384": 384,
  "SHA-512": 512,
  "P-256": 256,
  "P-384": 384,
  "P-521": 512
}

const signing = (key: CryptoKey): Signing | undefined => {
  const algorithm: KeyAlgorithm & { readonly hash?: KeyAlgorithm; readonly namedCurve?: string } = key.algorithm
  const { name } = algorithm
  if (name === "Ed25519") return { alg: name, how: name }
  const size = bits[algorithm.hash?.name ?? algorithm.namedCurve ?? ""]
  if (size === undefined) return undefined
  switch (name) {
    case "RSASSA-PKCS1-v1_5":
      return { alg: `RS${size}`, how: name }
    case "RSA-PSS":
      return { alg: `PS${size}`, how: { name, saltLength: size / 8 } }
    case "ECDSA":
      return { alg: `ES${size}`, how: { name, hash: `SHA-${size}` } }
    default:
      return undefined
  }
}

export const sign = (
  key: CryptoKey,
  header: Readonly<Record<string, string>>,
  claims: Readonly<Record<string, unknown>>
): Effect.Effect<Redacted.Redacted<string>, ExchangeFailure> =>
  Effect.tryPromise({
    try: async () => {
      const by = signing(key)
      if (by === undefined) throw new Error("no algorithm")
      const input = `${packed({ ...header, alg: by.alg, typ: "JWT" })}.${packed(claims)}`
      const signature = await crypto.subtle.sign(by.how, key, new TextEncoder().encode(input))
      return Redacted.make(`${input}.${base64Url(new Uint8Array(signature))}`)
    },
    catch: () => unsent("client", "the private key can't sign")
  })

/** The claims of a JWT, unchecked; `undefined` where there are none. */
export const claimsOf = (jwt: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const [, payload = ""] = jwt.split(".")
    const bytes = Uint8Array.from(
      atob(payload.replaceAll("-", "+").replaceAll("_", "/")),
      (letter) => letter.charCodeAt(0)
    )
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof claims === "object" && claims !== null ? claims as Readonly<Record<string, unknown>> : undefined
  } catch {
    return undefined
  }
}

/** 256 random bits as text (RFC 7636 section 4.1 asks for as many). */
export const randomText = (): string => base64Url(crypto.getRandomValues(new Uint8Array(32)))

/** SHA-256 as text: what a store keeps of a secret with 256 random bits, and the challenge of RFC 7636 section 4.2. */
export const digest = (text: string): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
    (bytes) => base64Url(new Uint8Array(bytes))
  )
