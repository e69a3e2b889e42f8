/**
 * A private key that signs assertions, read from the text that a console hands out.
 *
 * @since 0.1.0
 */
import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { misconfigured } from "./internal/failures.ts"

/**
 * What signs: RSA with PKCS #1 v1.5 (`RS256`, the default), RSA with PSS, elliptic curves.
 *
 * @see RFC 7518 section 3.1: https://www.rfc-editor.org/rfc/rfc7518#section-3.1
 * @since 0.1.0
 * @category models
 */
export type Algorithm = "RS256" | "PS256" | "ES256" | "ES384" | "Ed25519"

const parameters: Readonly<Record<Algorithm, RsaHashedImportParams | EcKeyImportParams | { readonly name: string }>> = {
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  PS256: { name: "RSA-PSS", hash: "SHA-256" },
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  ES384: { name: "ECDSA", namedCurve: "P-384" },
  Ed25519: { name: "Ed25519" }
}

/**
 * Reads a key in PEM: `PRIVATE KEY` (PKCS #8), or `RSA PRIVATE KEY` (PKCS #1), which GitHub hands out. `\n` written as two
 * letters, as in an environment variable, is read as a line end. Fails with `AuthMisconfigured`, reason `options`.
 *
 * @see RFC 5958 and RFC 8017 appendix A.1.2
 * @since 0.1.0
 * @category constructors
 */
export const fromPem = (
  pem: Redacted.Redacted<string>,
  algorithm: Algorithm = "RS256"
): Effect.Effect<CryptoKey, AuthMisconfigured> =>
  Effect.tryPromise({
    try: () => {
      const text = Redacted.value(pem).replaceAll("\\n", "\n")
      const [, label, body] = /-----BEGIN ((?:RSA )?PRIVATE KEY)-----([^-]+)-----END/.exec(text) ?? []
      if (label === undefined || body === undefined) throw new Error("no key")
      const der = Uint8Array.from(atob(body.replace(/\s+/g, "")), (letter) => letter.charCodeAt(0))
      const pkcs8 = label === "PRIVATE KEY" ? der : wrapped(der)
      return crypto.subtle.importKey("pkcs8", pkcs8, parameters[algorithm], false, ["sign"])
    },
    // What the platform says may quote the key.
    catch: () => misconfigured("oauth2", "options", `the private key is no ${algorithm} key in PEM`)
  })

/** SEQUENCE { version 0, SEQUENCE { rsaEncryption, NULL }, OCTET STRING { the PKCS #1 key } } */
const wrapped = (pkcs1: Uint8Array): Uint8Array<ArrayBuffer> => {
  const rsaEncryption = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00]
  const inner = [0x02, 0x01, 0x00, ...rsaEncryption, ...element(0x04, pkcs1)]
  return Uint8Array.from(element(0x30, inner))
}

const element = (tag: number, content: ArrayLike<number>): Array<number> => {
  const { length } = content
  const size = length < 0x80
    ? [length]
    : length < 0x100
    ? [0x81, length]
    : [0x82, length >> 8, length & 0xff]
  return [tag, ...size, ...Array.from(content)]
}
