/** The state of the authorization server's sandbox, and helpers of its endpoints. */
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Client, Fixed, Grant } from "../../OAuth2Sandbox.ts"
import type { TokenAuthority } from "../../TokenAuthority.ts"
import * as jwt from "./jwt.ts"

/** An authorization that a person gave, for a code or a device code. */
export interface Given {
  readonly clientId: string
  readonly subject: string
  readonly scope: string
  readonly nonce?: string | undefined
  readonly redirectUri?: string | undefined
  readonly challenge?: string | undefined
  readonly resources: ReadonlyArray<string>
  readonly ends: number
}

export interface Device {
  readonly clientId: string
  readonly scope: string
  readonly resources: ReadonlyArray<string>
  readonly userCode: string
  readonly ends: number
  decided: { readonly subject: string } | "denied" | undefined
  polledAt: number
}

export interface World {
  readonly fixed: Fixed
  readonly clients: Map<string, Client>
  readonly authority: TokenAuthority
  readonly codes: Map<string, Given>
  readonly spentCodes: Set<string>
  readonly devices: Map<string, Device>
  readonly pushed: Map<string, { readonly parameters: URLSearchParams; readonly ends: number }>
  readonly assertions: Set<string>
  /** The APIs that a refresh token can get tokens for. */
  readonly granted: Map<string, ReadonlyArray<string>>
  /** The APIs that an access token is for. */
  readonly audiences: Map<string, ReadonlyArray<string>>
  /** The person at the browser, and whether that person consents. */
  person: { readonly subject: string; readonly consents: boolean }
}

export interface Call {
  readonly world: World
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly form: URLSearchParams
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly now: number
}

export type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse>

const noStore = { "cache-control": "no-store" }

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  HttpServerResponse.jsonUnsafe(body, { status, headers: { ...noStore, ...headers } })

/** RFC 6749 section 5.2. */
export const refuse = (error: string, status = 400, description?: string) =>
  Effect.succeed(json({ error, ...(description === undefined ? {} : { error_description: description }) }, status))

/** RFC 6750 section 3.1. */
export const challenge = (error = "invalid_token") =>
  Effect.succeed(json({ error }, 401, { "www-authenticate": `Bearer error="${error}"` }))

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll("+", " "))
  } catch {
    return text
  }
}

const basicOf = (header: string | undefined): { readonly id: string; readonly secret: string } | undefined => {
  if (header?.startsWith("Basic ") !== true) return undefined
  const text = new TextDecoder().decode(Uint8Array.from(atob(header.slice(6)), (letter) => letter.charCodeAt(0)))
  const at = text.indexOf(":")
  return { id: text.slice(0, at), secret: text.slice(at + 1) }
}

/**
 * The authenticated client of a request; `undefined` if authentication failed (RFC 6749 section 2.3, RFC 7523 section
 * 3).
 */
export const clientOf = Effect.fnUntraced(function*({ form, headers, now, world }: Call) {
  const basic = basicOf(headers["authorization"])
  const id = basic === undefined ? form.get("client_id") ?? "" : decoded(basic.id)
  const client = world.clients.get(id) ?? (basic === undefined ? undefined : world.clients.get(basic.id))
  if (client === undefined) return undefined
  const assertion = form.get("client_assertion")
  switch (client.method) {
    case "none":
      return basic === undefined && assertion === null && !form.has("client_secret") ? client : undefined
    case "client_secret_basic":
      return basic !== undefined && decoded(basic.secret) === client.secret ? client : undefined
    case "basic_unencoded":
      return basic !== undefined && basic.id === client.id && basic.secret === client.secret ? client : undefined
    case "client_secret_post":
      return basic === undefined && form.get("client_secret") === client.secret ? client : undefined
    case "assertion":
      return assertion !== null && assertion === client.secret ? client : undefined
    case "client_secret_jwt":
    case "private_key_jwt": {
      const key = client.method === "client_secret_jwt" ? jwt.hmacKey(client.secret ?? "") : client.publicKey
      if (assertion === null || key === undefined) return undefined
      const claims = yield* jwt.verify(assertion, key, now)
      const { aud, iss, jti, sub } = claims ?? {}
      const isFor = iss === id && sub === id &&
        (aud === world.fixed.issuer || aud === `${world.fixed.issuer}/token`)
      // A JWT works once (RFC 7523 section 3, item 7).
      if (!isFor || typeof jti !== "string" || world.assertions.has(jti)) return undefined
      world.assertions.add(jti)
      return client
    }
  }
})

export const mayUse = (client: Client, grant: Grant): boolean => client.grants?.includes(grant) ?? true

/** RFC 6749 section 5.1, with an ID token if `openid` was granted. */
export const tokenAnswer = Effect.fnUntraced(function*(
  { now, world }: Call,
  client: Client,
  grant: { readonly subject: string; readonly scope: string; readonly nonce?: string | undefined },
  issued: { readonly accessToken: string; readonly refreshToken: string | undefined; readonly accessExpiresAt: number }
) {
  const isOpenId = grant.scope.split(" ").includes("openid")
  const idToken = isOpenId
    ? yield* jwt.issue({
      iss: world.fixed.issuer,
      sub: grant.subject,
      aud: client.id,
      iat: Math.floor(now / 1000),
      exp: Math.floor(now / 1000) + 300,
      ...(grant.nonce === undefined ? {} : { nonce: grant.nonce })
    })
    : undefined
  const lifetime = Math.floor((issued.accessExpiresAt - now) / 1000)
  return json({
    access_token: issued.accessToken,
    token_type: "Bearer",
    ...(Number.isFinite(lifetime) ? { expires_in: lifetime } : {}),
    ...(issued.refreshToken === undefined ? {} : { refresh_token: issued.refreshToken }),
    ...(grant.scope === "" ? {} : { scope: grant.scope }),
    ...(idToken === undefined ? {} : { id_token: idToken })
  })
})
