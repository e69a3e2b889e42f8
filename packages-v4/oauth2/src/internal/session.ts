/** What all grants have in common as providers. */
import type { AuthProvider, TokenResponse } from "@effect-auth/core/AuthProvider"
import type { AuthService, ForResource, WithResources } from "@effect-auth/core/AuthService"
import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import type { TokenSet } from "@effect-auth/core/TokenSet"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { OAuth2Client } from "../OAuth2Client.ts"
import { unsent } from "./failures.ts"
import * as tokenCall from "./tokenCall.ts"
import * as urls from "./urls.ts"

/** What a grant asks for or fixes beside the client, by its kind: scopes, a subject. */
export type Asked = Readonly<Record<string, ReadonlyArray<string> | undefined>>

/** What separates two sessions of one account. Each value has its kind before it: a scope is never taken for a resource. */
export const realmOf = ({ clientId, parameters = {}, resources, server }: OAuth2Client, more: Asked = {}): string => {
  const url = urls.parse(server.issuer)
  const issuer = url === undefined ? server.issuer : url.host + url.pathname.replace(/\/$/, "")
  const further = Object.entries(parameters).map(([name, value]) => `${encodeURIComponent(name)}=${value}`)
  const query = new URLSearchParams()
  for (const [kind, values] of Object.entries({ resource: resources, ...more, parameter: further })) {
    for (const value of sorted(values)) query.append(kind, value)
  }
  const text = query.toString()
  return `${issuer}/${encodeURIComponent(clientId)}${text === "" ? "" : `?${text}`}`
}

export const sorted = (all: ReadonlyArray<string> | undefined): ReadonlyArray<string> => Array.from(new Set(all)).sort()

/** What is read of the ID token that comes with a refresh. */
export type Reader = (client: OAuth2Client, issued: tokenCall.Issued) => Effect.Effect<TokenResponse>

/** `resource`: for which further API (RFC 8707 section 2.2); absent: for those of the client. @see RFC 6749 section 6 */
const refresh =
  (client: OAuth2Client, read: Reader | undefined) =>
  (refreshToken: Redacted.Redacted<string>, _: TokenSet, resource?: string) =>
    resource !== undefined && !tokenCall.askedResources(client).includes(resource)
      ? Effect.fail(unsent("request", "furtherResources of the client does not name this resource"))
      : Effect.flatMap(
        tokenCall.token(client, {
          grant_type: "refresh_token",
          refresh_token: Redacted.value(refreshToken),
          resource
        }),
        (issued) => read === undefined ? Effect.succeed(issued.tokens) : read(client, issued)
      )

/**
 * A 2xx answer means that the token is revoked, even if its body can't be read (RFC 7009 section 2.2). `invalid_token` means
 * that it was gone already (Keycloak: 200, Google: 400). Any other error means that the token is still valid.
 */
const isDone = ({ error, status = 0 }: ExchangeFailure): boolean =>
  error === "invalid_token" ? status < 500 && status !== 401 : error === undefined && status >= 200 && status < 300

export const revokeOne = (
  client: OAuth2Client,
  token: Redacted.Redacted<string>,
  hint: "access_token" | "refresh_token"
): Effect.Effect<void, ExchangeFailure> =>
  tokenCall.send(client, "revocationEndpoint", { token: Redacted.value(token), token_type_hint: hint }).pipe(
    Effect.asVoid,
    Effect.catchIf(isDone, () => Effect.void)
  )

/**
 * The refresh token first: with it most servers end the access token, too. A server that can't revoke access tokens says
 * `unsupported_token_type`, and they end by themselves (RFC 7009 section 2.2.1).
 */
const revoke = (client: OAuth2Client) => (tokens: TokenSet): Effect.Effect<void, ExchangeFailure> => {
  const { accessToken, refreshToken, resources = {} } = tokens
  const all = [accessToken, ...Object.values(resources).map((one) => one.accessToken)]
  const access = all.map((token) => revokeOne(client, token, "access_token"))
  const tolerant = access.map(Effect.catchIf(({ error }) => error === "unsupported_token_type", () => Effect.void))
  const calls = refreshToken === undefined
    ? access
    : [revokeOne(client, refreshToken, "refresh_token"), ...tolerant]
  return Effect.forEach(calls, Effect.result).pipe(
    Effect.flatMap((outcomes) => Effect.forEach(outcomes, (outcome) => Effect.fromResult(outcome), { discard: true }))
  )
}

/** The members of a provider that every grant has. A server that is written down without a revocation endpoint has none. */
export const common = (client: OAuth2Client, more?: Asked) => ({
  name: client.name,
  realm: realmOf(client, more),
  origins: client.origins,
  api: client.api,
  rejection: client.rejection ?? { statuses: [401] },
  defaultLifetime: client.defaultLifetime,
  ...(client.server.known !== undefined && client.server.known.revocationEndpoint === undefined
    ? {}
    : { revoke: revoke(client) })
})

/** The members that a grant with refresh tokens adds. */
export const renewing = (
  client: OAuth2Client,
  read?: Reader
): Pick<AuthProvider<never>, "rotation" | "refresh"> & { readonly extend: typeof extend } => {
  const rotation = client.rotation ?? "rotating"
  return rotation === "none" ? { rotation, extend } : { rotation, refresh: refresh(client, read), extend }
}

/** Where there is no refresh token, asking for another API's token fails with `SignInRequired`. */
export const extend = <C>(auth: AuthService<C>, forResource: ForResource): WithResources<C> => ({
  ...auth,
  forResource
})
