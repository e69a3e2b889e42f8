/**
 * How a client proves to a token endpoint who it is. The same proof goes on every call to the server: sign-in, refresh,
 * revocation, introspection, a pushed authorization request.
 *
 * ```ts
 * import * as ClientAuthentication from "@effect-auth/oauth2/ClientAuthentication"
 * import * as Config from "effect/Config"
 * import * as Effect from "effect/Effect"
 *
 * const authentication = Effect.map(Config.Redacted("CLIENT_SECRET"), ClientAuthentication.basic)
 * ```
 *
 * @see RFC 6749 section 2.3: https://www.rfc-editor.org/rfc/rfc6749#section-2.3
 * @since 0.1.0
 */
import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as oauth from "oauth4webapi"
import { unsent } from "./internal/failures.ts"
import { clientOf } from "./internal/library.ts"

/**
 * A request that is about to be sent: the proof is added to its form or its headers.
 *
 * @since 0.1.0
 * @category models
 */
export interface Draft {
  readonly issuer: string
  /** The token endpoint: an audience that some servers want in assertions. */
  readonly tokenEndpoint: string
  readonly clientId: string
  readonly form: URLSearchParams
  readonly headers: Headers
}

/**
 * One way of proving it. `method` is its name in `token_endpoint_auth_method`.
 *
 * @see RFC 7591 section 2: https://www.rfc-editor.org/rfc/rfc7591#section-2
 * @since 0.1.0
 * @category models
 */
export interface ClientAuthentication {
  readonly method: string
  readonly apply: (draft: Draft) => Effect.Effect<void, ExchangeFailure>
}

const of = (method: string, authentication: () => oauth.ClientAuth): ClientAuthentication => ({
  method,
  apply: ({ clientId, form, headers, issuer, tokenEndpoint }) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Effect.tryPromise({
        try: async () =>
          authentication()({ issuer, token_endpoint: tokenEndpoint }, clientOf(clientId, now), form, headers),
        // What the library says may hold the secret.
        catch: () => unsent("client", `the proof of the client (${method}) could not be made`)
      }))
})

/**
 * A public client: its id, and no proof.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none: ClientAuthentication = of("none", oauth.None)

const inHeader = (encode: (text: string) => string) => (secret: Redacted.Redacted<string>): ClientAuthentication =>
  of("client_secret_basic", () => (_, { client_id }, __, headers) => {
    const bytes = new TextEncoder().encode(`${encode(client_id)}:${encode(Redacted.value(secret))}`)
    headers.set("authorization", `Basic ${btoa(String.fromCharCode(...bytes))}`)
  })

/**
 * Id and secret in the `Authorization` header, each form-encoded first, as RFC 6749 section 2.3.1 and appendix B ask. Letters,
 * digits and `-`, `_`, `.`, `*` stay as they are.
 *
 * @since 0.1.0
 * @category constructors
 */
export const basic: (secret: Redacted.Redacted<string>) => ClientAuthentication = inHeader((text) =>
  new URLSearchParams([["", text]]).toString().slice(1)
)

/**
 * Id and secret in the `Authorization` header as they are, for servers that do not decode them (RFC 7617 alone).
 *
 * @since 0.1.0
 * @category constructors
 */
export const basicUnencoded: (secret: Redacted.Redacted<string>) => ClientAuthentication = inHeader((text) => text)

/**
 * Id and secret in the body.
 *
 * @since 0.1.0
 * @category constructors
 */
export const post = (secret: Redacted.Redacted<string>): ClientAuthentication =>
  of("client_secret_post", () => oauth.ClientSecretPost(Redacted.value(secret)))

/**
 * What differs in the assertions that a server wants.
 *
 * @since 0.1.0
 * @category models
 */
export interface AssertionOptions {
  /** `aud`. Default: the issuer. `token-endpoint` is what many older servers want; any other text is sent as it is. */
  readonly audience?: "issuer" | "token-endpoint" | (string & {}) | undefined
  /** Further members of the header: `x5t`, `typ`. */
  readonly header?: Readonly<Record<string, string>> | undefined
  /** Further claims. */
  readonly claims?: Readonly<Record<string, string | number | boolean>> | undefined
}

const modify = (tokenEndpoint: string | undefined, options: AssertionOptions = {}): oauth.ModifyAssertionOptions => ({
  [oauth.modifyAssertion]: (header, payload) => {
    const { audience = "issuer" } = options
    if (audience !== "issuer") payload["aud"] = audience === "token-endpoint" ? tokenEndpoint : audience
    Object.assign(header, options.header)
    Object.assign(payload, options.claims)
  }
})

/**
 * A JWT signed with the client secret (HS256), a new one for each request; it lives for a minute.
 *
 * @see OpenID Connect Core section 9, RFC 7523 section 2.2: https://www.rfc-editor.org/rfc/rfc7523#section-2.2
 * @since 0.1.0
 * @category constructors
 */
export const clientSecretJwt = (
  secret: Redacted.Redacted<string>,
  options?: AssertionOptions
): ClientAuthentication =>
  of(
    "client_secret_jwt",
    () => (server, ...rest) =>
      oauth.ClientSecretJwt(Redacted.value(secret), modify(server.token_endpoint, options))(server, ...rest)
  )

/**
 * A JWT signed with a private key, a new one for each request; it lives for a minute. The key's own algorithm signs:
 * RS256, PS256, ES256, Ed25519, … `SigningKey` reads one from PEM.
 *
 * @see OpenID Connect Core section 9, RFC 7523 section 2.2: https://www.rfc-editor.org/rfc/rfc7523#section-2.2
 * @since 0.1.0
 * @category constructors
 */
export const privateKeyJwt = (
  key: CryptoKey,
  options?: AssertionOptions & { readonly keyId?: string | undefined }
): ClientAuthentication =>
  of("private_key_jwt", () => (server, ...rest) =>
    oauth.PrivateKeyJwt(
      options?.keyId === undefined ? key : { key, kid: options.keyId },
      modify(server.token_endpoint, options)
    )(server, ...rest))

/**
 * An assertion that somebody else made: a Kubernetes service account token, a workload identity. The Effect runs for each
 * request, so a file that is replaced is read again.
 *
 * @see RFC 7521 section 4.2: https://www.rfc-editor.org/rfc/rfc7521#section-4.2
 * @since 0.1.0
 * @category constructors
 */
export const assertion = (
  read: Effect.Effect<Redacted.Redacted<string> | string, unknown>,
  options?: {
    /** Default: `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`. */
    readonly type?: string | undefined
    /** Whether `client_id` is sent beside it (RFC 7521 section 4.2 leaves it open). Default: true. */
    readonly sendClientId?: boolean | undefined
  }
): ClientAuthentication => ({
  method: "private_key_jwt",
  apply: ({ clientId, form }) =>
    read.pipe(
      Effect.mapError(() => unsent("client", "the Effect that gives the client's assertion failed")),
      Effect.map((text) => (Redacted.isRedacted(text) ? Redacted.value(text) : text).trim()),
      Effect.filterOrFail(
        (text) => text !== "",
        () => unsent("client", "the Effect that gives the client's assertion gave nothing")
      ),
      Effect.map((text) => {
        if (options?.sendClientId !== false) form.set("client_id", clientId)
        form.set("client_assertion_type", options?.type ?? "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        form.set("client_assertion", text)
      })
    )
})
