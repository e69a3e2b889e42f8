/** How Slack answers token requests: a refusal is a 200, and a person's tokens stand inside those of the bot. */
import type { Dialect } from "../OAuth2Client.ts"

const field = (body: unknown, name: string): unknown =>
  typeof body === "object" && body !== null && Object.hasOwn(body, name)
    ? (body as Readonly<Record<string, unknown>>)[name]
    : undefined

export const slackDialect = (whose: "bot" | "person"): Dialect => ({
  scopeSeparator: ",",
  refusal: (body) => {
    const error = field(body, "error")
    return field(body, "ok") === false ? (typeof error === "string" ? error : "invalid_request") : undefined
  },
  read: (body) => {
    const person = field(body, "authed_user")
    const has = field(person, "access_token") !== undefined
    // A refresh has the person's tokens at the top. Those of a bot are never a person's.
    const isOwn = whose === "bot" || field(body, "token_type") === "user"
    const tokens = whose === "person" && has ? person : isOwn ? body : undefined
    return { ...(typeof tokens === "object" ? tokens : {}), token_type: undefined }
  },
  errors: {
    invalid_refresh_token: { kind: "terminal", reason: "credentials" },
    token_revoked: { kind: "terminal", reason: "credentials" },
    invalid_code: { kind: "terminal", reason: "credentials" },
    code_already_used: { kind: "terminal", reason: "credentials" },
    bad_client_secret: { kind: "config", reason: "client" },
    invalid_client_id: { kind: "config", reason: "client" },
    ratelimited: { kind: "transient", reason: "rate-limited" },
    internal_error: { kind: "transient", reason: "server" }
  }
})
