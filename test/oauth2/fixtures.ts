/** A client at the sandbox of an authorization server, and what a browser does between the two. */
import * as ClientAuthentication from "@effect-auth/oauth2/ClientAuthentication"
import * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
import * as OAuth2Sandbox from "@effect-auth/testing/OAuth2Sandbox"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { createHash, generateKeyPairSync } from "node:crypto"

export const secret = Redacted.make("sandbox-client-secret")

export const redirectUri = "https://app.example.com/auth/callback"

const origins = ["https://login.example.com"]

/** A client at the sandbox; public, unless something else is said. */
export const client = (
  options: Partial<OAuth2Client.Options> = {}
): Effect.Effect<OAuth2Client.OAuth2Client, never, HttpClient.HttpClient> =>
  Effect.flatMap(
    OAuth2Server.make(OAuth2Sandbox.metadata()),
    (server) => OAuth2Client.make({ server, clientId: "app", origins, ...options })
  ).pipe(Effect.orDie)

/** The confidential client of the sandbox. */
export const service = (options: Partial<OAuth2Client.Options> = {}) =>
  client({ clientId: "service", authentication: ClientAuthentication.basic(secret), ...options })

export const world = (options?: OAuth2Sandbox.Options) =>
  Layer.provideMerge(OAuth2Sandbox.layerHttpClient, OAuth2Sandbox.layer(options))

let numbered = 0

/** What a person brings back from the sandbox: a code of its own each time. */
export const code = (options: { readonly scope?: string; readonly nonce?: string; readonly client_id?: string } = {}) =>
  Effect.gen(function*() {
    const sandbox = yield* OAuth2Sandbox.OAuth2Sandbox
    const verifier = `verifier-with-enough-letters-for-rfc-7636-number-${numbered++}`
    const url = new URL(`${sandbox.issuer}/authorize`)
    url.search = new URLSearchParams({
      response_type: "code",
      client_id: "app",
      redirect_uri: redirectUri,
      state: "state",
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
      ...options
    }).toString()
    const back = new URL((yield* sandbox.visit(url.href)) ?? "https://nowhere.example/")
    return {
      code: Redacted.make(back.searchParams.get("code") ?? ""),
      verifier: Redacted.make(verifier),
      redirectUri,
      nonce: options.nonce
    }
  })

/** A pair of RSA keys: the private one in both forms of PEM, the public one for a sandbox. */
export const rsa = Effect.promise(async () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
  const spki = publicKey.export({ type: "spki", format: "der" })
  return {
    pkcs1: Redacted.make(privateKey.export({ type: "pkcs1", format: "pem" }).toString()),
    pkcs8: Redacted.make(privateKey.export({ type: "pkcs8", format: "pem" }).toString()),
    publicKey: await crypto.subtle.importKey(
      "spki",
      new Uint8Array(spki),
      { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
      true,
      ["verify"]
    )
  }
})
