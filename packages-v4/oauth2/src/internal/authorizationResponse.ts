/** The authorization response, checked. The library's own errors hold the code, so none is kept. */
import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as Effect from "effect/Effect"
import * as oauth from "oauth4webapi"
import type { OAuth2Client } from "../OAuth2Client.ts"
import type { Metadata } from "../OAuth2Server.ts"
import { refused } from "./failures.ts"

/** RFC 6749 section 4.1.2.1 and OpenID Connect Core section 3.1.2.6: other texts of a server are not shown to anybody. */
const known: ReadonlySet<string> = new Set([
  "access_denied",
  "invalid_request",
  "unauthorized_client",
  "unsupported_response_type",
  "invalid_scope",
  "server_error",
  "temporarily_unavailable",
  "interaction_required",
  "login_required",
  "account_selection_required",
  "consent_required",
  "invalid_target"
])

const invalid = refused(
  "terminal",
  "request",
  "invalid_response",
  "the response is not the server's, or not to this request"
)

/** Whether a parameter comes twice (RFC 6749 section 3.1): the two readers of such a response may see different ones. */
const isAmbiguous = (parameters: URLSearchParams): boolean =>
  ["code", "state", "iss", "error"].some((name) => parameters.getAll(name).length > 1)

const denied = (error: string): ExchangeFailure => {
  switch (error) {
    case "server_error":
    case "temporarily_unavailable":
      return refused("transient", "server", error)
    case "unauthorized_client":
    case "unsupported_response_type":
      return refused("config", "client", error)
    case "invalid_scope":
    case "invalid_target":
      return refused("config", "scope", error)
    case "invalid_request":
      return refused("config", "request", error)
    default:
      return refused("terminal", "credentials", known.has(error) ? error : "access_denied")
  }
}

/**
 * The code of a response whose `state` was found. The library compares `iss` (RFC 9207 section 2.4), also that of a denial:
 * an issuer that is another one's says nothing about this sign-in.
 */
export const codeOf = Effect.fnUntraced(function*(
  client: OAuth2Client,
  parameters: URLSearchParams
): Effect.fn.Return<string, ExchangeFailure> {
  const metadata = yield* client.server.metadata
  const state = parameters.get("state")
  if (isAmbiguous(parameters) || state === null) return yield* invalid
  const checked = yield* Effect.try({
    try: () =>
      oauth.validateAuthResponse(
        serverOf(metadata, parameters.get("iss")),
        { client_id: client.clientId },
        parameters,
        state
      ),
    catch: (error) =>
      error instanceof oauth.AuthorizationResponseError ? denied(parameters.get("error") ?? "") : invalid
  })
  const code = checked.get("code")
  return code === null || code === "" ? yield* invalid : code
})

/** With a shared issuer, only the ID token shows the tenant. So `iss` may name any tenant here. */
const serverOf = ({ issParameter, issuer }: Metadata, named: string | null): oauth.AuthorizationServer => {
  const [before = "", after] = issuer.split("{tenantid}")
  const isTenants = named !== null && after !== undefined && named.startsWith(before) && named.endsWith(after) &&
    /^[\w-]+$/.test(named.slice(before.length, named.length - after.length))
  return {
    issuer: isTenants ? named : issuer,
    authorization_response_iss_parameter_supported: issParameter === true
  }
}
