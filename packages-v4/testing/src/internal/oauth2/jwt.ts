/** Makes and checks JWTs on the server side, after RFC 7515 and 7519, with WebCrypto. */
import * as Effect from "effect/Effect"

const toText = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")

const toBytes = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0))

const utf8 = (text: string) => new TextEncoder().encode(text)

export const randomText = (): string => toText(crypto.getRandomValues(new Uint8Array(24)))

export const sha256 = (text: string): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", utf8(text))),
    (bytes) => toText(new Uint8Array(bytes))
  )

/** The server's key. Generating a key is slow, so all sandboxes of a process share it. */
let ownKey: Promise<CryptoKeyPair> | undefined

const keyPair = Effect.promise(() =>
  ownKey ??= crypto.subtle.generateKey(
    { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
    true,
    ["sign", "verify"]
  )
)

export const issue = (claims: object): Effect.Effect<string> =>
  Effect.flatMap(keyPair, ({ privateKey }) =>
    Effect.promise(async () => {
      const header = { alg: "RS256", kid: "sandbox" }
      const input = `${toText(utf8(JSON.stringify(header)))}.${toText(utf8(JSON.stringify(claims)))}`
      const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", privateKey, utf8(input))
      return `${input}.${toText(new Uint8Array(signature))}`
    }))

export const publicKeys: Effect.Effect<object> = Effect.flatMap(keyPair, ({ publicKey }) =>
  Effect.promise(async () => {
    const { e, kty, n } = await crypto.subtle.exportKey("jwk", publicKey)
    return { keys: [{ kty, n, e, alg: "RS256", kid: "sandbox", use: "sig" }] }
  }))

const algorithms: Readonly<Record<string, AlgorithmIdentifier | RsaPssParams | EcdsaParams>> = {
  HS256: "HMAC",
  RS256: "RSASSA-PKCS1-v1_5",
  PS256: { name: "RSA-PSS", saltLength: 32 },
  ES256: { name: "ECDSA", hash: "SHA-256" },
  ES384: { name: "ECDSA", hash: "SHA-384" },
  Ed25519: "Ed25519"
}

export const hmacKey = (secret: string): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", utf8(secret), { name: "HMAC", hash: "SHA-256" }, false, ["verify"])

/**
 * The claims of a JWT with a valid signature that has not expired; `undefined` for every other text. `now` in epoch
 * milliseconds.
 */
export const verify = (
  text: string,
  key: CryptoKey | Promise<CryptoKey>,
  now: number
): Effect.Effect<Readonly<Record<string, unknown>> | undefined> =>
  Effect.promise(async () => {
    try {
      const [header = "", payload = "", signature = ""] = text.split(".")
      const { alg } = JSON.parse(new TextDecoder().decode(toBytes(header)))
      const by = algorithms[alg]
      if (by === undefined) return undefined
      const holds = await crypto.subtle.verify(by, await key, toBytes(signature), utf8(`${header}.${payload}`))
      const claims = JSON.parse(new TextDecoder().decode(toBytes(payload)))
      return holds && claims.exp * 1000 > now && !(claims.iat * 1000 > now + 60_000) ? claims : undefined
    } catch {
      return undefined
    }
  })
