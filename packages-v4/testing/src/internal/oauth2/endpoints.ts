/** All endpoints except the token endpoint. */
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as jwt from "./jwt.ts"
import * as resources from "./resources.ts"
import { token } from "./token.ts"
import { type Answer, type Call, challenge, clientOf, json, refuse } from "./world.ts"

/** RFC 8414 section 2. */
const metadata = ({ world: { fixed } }: Call): Answer => {
  const { issuer } = fixed
  return Effect.succeed(json({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    revocation_endpoint: `${issuer}/revoke`,
    introspection_endpoint: `${issuer}/introspect`,
    userinfo_endpoint: `${issuer}/userinfo`,
    device_authorization_endpoint: `${issuer}/device`,
    pushed_authorization_request_endpoint: `${issuer}/par`,
    require_pushed_authorization_requests: fixed.requirePar,
    jwks_uri: `${issuer}/jwks`,
    registration_endpoint: `${issuer}/register`,
    response_types_supported: ["code"],
    code_challenge_methods_supported: ["S256"],
    id_token_signing_alg_values_supported: ["RS256"],
    authorization_response_iss_parameter_supported: fixed.issParameter
  }))
}

const page = (status: number) => Effect.succeed(HttpServerResponse.text("The request can't be answered", { status }))

/**
 * RFC 6749 section 4.1.1. The person at the browser decides at once. A request with an unknown client or redirect URI
 * gets an error page and no redirect (section 4.1.2.1).
 */
const authorize = Effect.fnUntraced(function*(call: Call) {
  const { now, query, world } = call
  const requestUri = query.get("request_uri")
  const pushed = requestUri === null ? undefined : world.pushed.get(requestUri)
  if (requestUri !== null) world.pushed.delete(requestUri)
  if (pushed === undefined && (requestUri !== null || world.fixed.requirePar)) return yield* page(400)
  if (pushed !== undefined && pushed.ends <= now) return yield* page(400)
  const asked = pushed?.parameters ?? query
  const client = world.clients.get(asked.get("client_id") ?? "")
  const redirectUri = asked.get("redirect_uri") ?? ""
  if (client === undefined || query.get("client_id") !== client.id) return yield* page(400)
  if (!(client.redirectUris ?? []).some((known) => isSameRedirect(known, redirectUri))) return yield* page(400)
  const back = new URL(redirectUri)
  const send = (parameters: Readonly<Record<string, string | null>>) => {
    const all = { ...parameters, state: asked.get("state"), iss: world.fixed.issParameter ? world.fixed.issuer : null }
    for (const [name, value] of Object.entries(all)) if (value !== null) back.searchParams.set(name, value)
    return Effect.succeed(HttpServerResponse.empty({ status: 302, headers: { location: back.href } }))
  }
  const challenge = asked.get("code_challenge")
  if (asked.get("response_type") !== "code") return yield* send({ error: "unsupported_response_type" })
  if (challenge === null || asked.get("code_challenge_method") !== "S256") {
    return yield* send({ error: "invalid_request" })
  }
  const granted = resources.asked(world, asked)
  if (granted === undefined) return yield* send({ error: "invalid_target" })
  if (!world.person.consents) return yield* send({ error: "access_denied", error_description: "The person said no" })
  const code = jwt.randomText()
  world.codes.set(code, {
    clientId: client.id,
    subject: world.person.subject,
    scope: asked.get("scope") ?? "",
    nonce: asked.get("nonce") ?? undefined,
    redirectUri,
    challenge,
    resources: granted,
    ends: now + 60_000
  })
  return yield* send({ code })
})

/** Exact comparison; on a loopback address the port is ignored (RFC 8252 section 7.3). */
const isSameRedirect = (known: string, given: string): boolean =>
  known === given ||
  (known.startsWith("http://127.0.0.1/") &&
    given.replace(/^http:\/\/127\.0\.0\.1:\d+\//, "http://127.0.0.1/") === known)

/** RFC 9126 section 2. */
const push = Effect.fnUntraced(function*(call: Call) {
  const { form, now, world } = call
  const client = yield* clientOf(call)
  if (client === undefined) return yield* refuse("invalid_client", 401)
  if (form.has("request_uri")) return yield* refuse("invalid_request")
  const uri = `urn:ietf:params:oauth:request_uri:${jwt.randomText()}`
  const parameters = new URLSearchParams(form)
  parameters.set("client_id", client.id)
  world.pushed.set(uri, { parameters, ends: now + 60_000 })
  return json({ request_uri: uri, expires_in: 60 }, 201)
})

const letters = "BCDFGHJKLMNPQRSTVWXZ"

/** RFC 8628 section 3.2, with the letters of section 6.1. */
const device = Effect.fnUntraced(function*(call: Call) {
  const { form, now, world } = call
  const client = yield* clientOf(call)
  if (client === undefined) return yield* refuse("invalid_client", 401)
  const granted = resources.asked(world, form)
  if (granted === undefined) return yield* refuse("invalid_target")
  const deviceCode = jwt.randomText()
  const userCode = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => letters[byte % 20]).join("")
  world.devices.set(deviceCode, {
    clientId: client.id,
    scope: form.get("scope") ?? "",
    resources: granted,
    userCode,
    ends: now + 600_000,
    decided: undefined,
    polledAt: Number.NEGATIVE_INFINITY
  })
  return json({
    device_code: deviceCode,
    user_code: userCode,
    verification_uri: `${world.fixed.issuer}/activate`,
    verification_uri_complete: `${world.fixed.issuer}/activate?user_code=${userCode}`,
    expires_in: 600,
    interval: world.fixed.deviceInterval / 1000
  })
})

/** RFC 7009 section 2. */
const revoke = Effect.fnUntraced(function*(call: Call) {
  if ((yield* clientOf(call)) === undefined) return yield* refuse("invalid_client", 401)
  yield* call.world.authority.revoke(call.form.get("token") ?? "")
  return HttpServerResponse.empty({ status: 200 })
})

/** RFC 7662 section 2, for access tokens only. */
const introspect = Effect.fnUntraced(function*(call: Call) {
  const client = yield* clientOf(call)
  if (client === undefined) return yield* refuse("invalid_client", 401)
  const found = yield* Effect.result(call.world.authority.check(call.form.get("token") ?? ""))
  if (found._tag === "Failure") return json({ active: false })
  const { accessExpiresAt, accessToken, issuedAt, scopes, subject } = found.success
  const audience = call.world.audiences.get(accessToken) ?? []
  return json({
    active: true,
    sub: subject,
    client_id: client.id,
    scope: scopes.join(" "),
    exp: Math.floor(accessExpiresAt / 1000),
    iat: Math.floor(issuedAt / 1000),
    ...(audience.length === 0 ? {} : { aud: audience })
  })
})

const bearerOf = ({ headers }: Call): string | undefined => /^Bearer (.+)$/i.exec(headers["authorization"] ?? "")?.[1]

/**
 * The calls that need an access token: `userinfo` (OpenID Connect Core section 5.3), and all paths below `/api`. Paths
 * below `/api/scope/<name>` need that scope (RFC 6750 section 3.1).
 */
const guarded = Effect.fnUntraced(function*(call: Call) {
  const found = yield* Effect.result(call.world.authority.check(bearerOf(call)))
  if (found._tag === "Failure" || !resources.isFor(call, found.success.accessToken)) return yield* challenge()
  const [, scope] = /^\/api\/scope\/([^/]+)/.exec(call.path) ?? []
  if (scope !== undefined && !found.success.scopes.includes(scope)) {
    const headers = { "www-authenticate": `Bearer realm="api", error="insufficient_scope", scope="${scope}"` }
    return HttpServerResponse.empty({ status: 403, headers })
  }
  return json({ sub: found.success.subject, scope: found.success.scopes.join(" ") })
})

/** https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app */
const installation = Effect.fnUntraced(function*(call: Call, id: string) {
  const { form, now, world } = call
  const { github } = world.fixed
  const message = (status: number, text: string) =>
    json({ message: text, documentation_url: "https://docs.github.com" }, status)
  if (github === undefined) return message(404, "Not Found")
  const claims = yield* jwt.verify(bearerOf(call) ?? "", github.publicKey, now)
  const isLong = typeof claims?.["exp"] === "number" && claims["exp"] * 1000 > now + 600_000
  if (claims?.["iss"] !== github.appId || isLong) return message(401, "A JSON web token could not be decoded")
  const repositories = github.installations[id]
  if (repositories === undefined) return message(404, "Not Found")
  const asked = form.getAll("repositories")
  if (!asked.every((name) => repositories.includes(name))) {
    return message(422, "There is at least one repository that …")
  }
  const issued = yield* world.authority.issue(`installation ${id}`, { scopes: asked })
  return json({
    token: issued.accessToken,
    expires_at: new Date(issued.accessExpiresAt).toISOString(),
    permissions: { contents: "read" },
    repository_selection: "selected"
  }, 201)
})

/** RFC 7591 section 3. Every client is registered; it gets a secret if it asks for client authentication. */
const register = Effect.fnUntraced(function*({ form, world }: Call) {
  const method = form.get("token_endpoint_auth_method") ?? "client_secret_basic"
  const redirectUris = form.getAll("redirect_uris")
  if (redirectUris.length === 0 || redirectUris.some((uri) => !URL.canParse(uri))) {
    return yield* refuse("invalid_redirect_uri")
  }
  if (method !== "none" && method !== "client_secret_basic" && method !== "client_secret_post") {
    return yield* refuse("invalid_client_metadata")
  }
  const secret = method === "none" ? undefined : jwt.randomText()
  const id = `registered-${jwt.randomText().slice(0, 8)}`
  world.clients.set(id, { id, method, secret, redirectUris })
  return json({
    client_id: id,
    ...(secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
    token_endpoint_auth_method: method,
    redirect_uris: redirectUris
  }, 201)
})

/** RFC 9728 section 2: everything below `/api` is one resource. */
const resource = ({ world: { fixed } }: Call): Answer =>
  Effect.succeed(json({ resource: `${fixed.issuer}/api`, authorization_servers: [fixed.issuer] }))

const routes: Readonly<Record<string, (call: Call) => Answer>> = {
  "GET /.well-known/oauth-authorization-server": metadata,
  "GET /.well-known/openid-configuration": metadata,
  "GET /.well-known/oauth-protected-resource/api": resource,
  "POST /register": register,
  "GET /authorize": authorize,
  "GET /jwks": () => Effect.map(jwt.publicKeys, (keys) => json(keys)),
  "POST /token": token,
  "POST /par": push,
  "POST /device": device,
  "POST /revoke": revoke,
  "POST /introspect": introspect,
  "GET /userinfo": guarded
}

export const answer = (call: Call): Answer => {
  const route = `${call.method} ${call.path}`
  if (Object.hasOwn(routes, route)) return routes[route]!(call)
  const [, id] = /^\/app\/installations\/([^/]+)\/access_tokens$/.exec(call.path) ?? []
  if (id !== undefined && call.method === "POST") return installation(call, id)
  return call.path.startsWith("/api/") ? guarded(call) : page(404)
}
