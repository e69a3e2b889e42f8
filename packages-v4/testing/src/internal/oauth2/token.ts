/** The token endpoint: one function for each grant. */
import * as Effect from "effect/Effect"
import type { Client, Grant } from "../../OAuth2Sandbox.ts"
import { note } from "../../Sandbox.ts"
import * as jwt from "./jwt.ts"
import * as resources from "./resources.ts"
import { type Answer, type Call, clientOf, type Given, json, mayUse, refuse, tokenAnswer } from "./world.ts"

const scopesOf = (scope: string): ReadonlyArray<string> => scope.split(" ").filter((name) => name !== "")

type Begun = Pick<Given, "subject" | "scope" | "nonce"> & Partial<Pick<Given, "resources">>

/** The first token of a grant, for the APIs that this request names (RFC 8707 section 2.2). */
const begun = Effect.fnUntraced(function*(call: Call, client: Client, given: Begun, refreshes: boolean) {
  const { world } = call
  const audience = resources.asked(world, call.form, given.resources)
  if (audience === undefined) return yield* refuse("invalid_target")
  const issued = yield* world.authority.issue(given.subject, { scopes: scopesOf(given.scope) })
  world.audiences.set(issued.accessToken, audience)
  if (!refreshes) return yield* tokenAnswer(call, client, given, { ...issued, refreshToken: undefined })
  if (issued.refreshToken !== undefined) world.granted.set(issued.refreshToken, given.resources ?? audience)
  return yield* tokenAnswer(call, client, given, issued)
})

/**
 * RFC 6749 section 4.1.3, RFC 7636 section 4.6. Any use removes a code, and a second use is refused (RFC 6749 section
 * 4.1.2).
 */
const code = Effect.fnUntraced(function*(call: Call, client: Client) {
  const { form, now, world } = call
  const text = form.get("code") ?? ""
  const given = world.codes.get(text)
  world.codes.delete(text)
  if (given === undefined || given.ends <= now || given.clientId !== client.id) {
    yield* note({ refused: world.spentCodes.has(text) ? "spent" : "unknown" })
    return yield* refuse("invalid_grant")
  }
  world.spentCodes.add(text)
  const challenge = yield* jwt.sha256(form.get("code_verifier") ?? "")
  if (given.redirectUri !== form.get("redirect_uri") || given.challenge !== challenge) {
    return yield* refuse("invalid_grant")
  }
  return yield* begun(call, client, given, true)
})

/** A resource that was not granted is refused before the refresh token is spent. */
const refresh = Effect.fnUntraced(function*(call: Call, client: Client) {
  const { world } = call
  const presented = call.form.get("refresh_token") ?? ""
  const known = world.granted.get(presented)
  const granted = known ?? []
  const audience = resources.asked(world, call.form, granted)
  if (audience === undefined && known !== undefined) return yield* refuse("invalid_target")
  const outcome = yield* Effect.result(world.authority.refresh(presented))
  if (outcome._tag === "Failure") return yield* refuse("invalid_grant")
  if (audience === undefined) return yield* refuse("invalid_target")
  const { accessToken, refreshToken, scopes, subject } = outcome.success
  world.audiences.set(accessToken, audience)
  if (refreshToken !== undefined) world.granted.set(refreshToken, granted)
  return yield* tokenAnswer(call, client, { subject, scope: scopes.join(" ") }, outcome.success)
})

const clientCredentials = (call: Call, client: Client) =>
  client.method === "none"
    ? refuse("unauthorized_client")
    : begun(call, client, { subject: client.id, scope: call.form.get("scope") ?? "" }, false)

/** RFC 8628 section 3.5. */
const device = Effect.fnUntraced(function*(call: Call, client: Client) {
  const { form, now, world } = call
  const text = form.get("device_code") ?? ""
  const found = world.devices.get(text)
  if (found === undefined || found.clientId !== client.id) return yield* refuse("invalid_grant")
  if (found.ends <= now) return yield* refuse("expired_token")
  const isHasty = now - found.polledAt < world.fixed.deviceInterval
  found.polledAt = now
  if (found.decided === "denied") return yield* refuse("access_denied")
  if (found.decided === undefined) return yield* refuse(isHasty ? "slow_down" : "authorization_pending")
  world.devices.delete(text)
  return yield* begun(call, client, { ...found.decided, scope: found.scope, resources: found.resources }, true)
})

/** RFC 7523 section 3: signed with a trusted key, for this server, not expired. */
const bearer = Effect.fnUntraced(function*(call: Call, client: Client | undefined) {
  const { form, now, world } = call
  for (const [issuer, key] of Object.entries(world.fixed.trusted)) {
    const claims = yield* jwt.verify(form.get("assertion") ?? "", key, now)
    const { aud, iss, sub } = claims ?? {}
    if (
      iss !== issuer || typeof sub !== "string" || (aud !== world.fixed.issuer && aud !== `${world.fixed.issuer}/token`)
    ) {
      continue
    }
    return yield* begun(call, client ?? { id: issuer, method: "none" }, {
      subject: sub,
      scope: form.get("scope") ?? ""
    }, false)
  }
  return yield* refuse("invalid_grant")
})

const accessTokenType = "urn:ietf:params:oauth:token-type:access_token"

/** RFC 8693 section 2.1. */
const exchanged = Effect.fnUntraced(function*(call: Call, client: Client) {
  const { form, world } = call
  const subject = world.fixed.subjectTokens[form.get("subject_token") ?? ""]
  if (subject === undefined) return yield* refuse("invalid_grant")
  if (!form.has("subject_token_type")) return yield* refuse("invalid_request")
  const audience = resources.asked(world, form)
  if (audience === undefined) return yield* refuse("invalid_target")
  const issued = yield* world.authority.issue(subject, { scopes: scopesOf(form.get("scope") ?? "") })
  world.audiences.set(issued.accessToken, audience)
  if (issued.refreshToken !== undefined) world.granted.set(issued.refreshToken, audience)
  return json({
    access_token: issued.accessToken,
    issued_token_type: accessTokenType,
    token_type: "Bearer",
    expires_in: Math.floor((issued.accessExpiresAt - call.now) / 1000),
    ...(client.exchangeRefreshes === true ? { refresh_token: issued.refreshToken } : {})
  })
})

const grants: Readonly<Record<Grant, (call: Call, client: Client) => Answer>> = {
  authorization_code: code,
  refresh_token: refresh,
  client_credentials: clientCredentials,
  "urn:ietf:params:oauth:grant-type:device_code": device,
  "urn:ietf:params:oauth:grant-type:jwt-bearer": bearer,
  "urn:ietf:params:oauth:grant-type:token-exchange": exchanged
}

const isGrant = (text: string): text is Grant => Object.hasOwn(grants, text)

export const token = Effect.fnUntraced(function*(call: Call) {
  const grant = call.form.get("grant_type") ?? ""
  if (!isGrant(grant)) return yield* refuse("unsupported_grant_type")
  const client = yield* clientOf(call)
  // Without a client id, the assertion alone is enough (RFC 7521 section 4.1).
  if (grant === "urn:ietf:params:oauth:grant-type:jwt-bearer" && !call.form.has("client_id")) {
    return yield* bearer(call, client)
  }
  if (client === undefined) return yield* refuse("invalid_client", 401)
  return yield* mayUse(client, grant) ? grants[grant](call, client) : refuse("unauthorized_client")
})
