import { slackDialect } from "../slack.ts"
import { assumed, documented, type Preset } from "./preset.ts"

/**
 * Slack, with token rotation. A bot's tokens stand in the answer itself, a person's under `authed_user`: `whose` says which
 * ones the session keeps.
 *
 * @see https://docs.slack.dev/authentication/using-token-rotation
 * @since 0.1.0
 * @category constructors
 */
export const slack = (whose: "bot" | "person"): Preset => ({
  name: "slack",
  server: {
    issuer: "https://slack.com",
    authorizationEndpoint: "https://slack.com/oauth/v2/authorize",
    tokenEndpoint: "https://slack.com/api/oauth.v2.access"
  },
  origins: ["https://slack.com"],
  authentication: "post",
  rotation: "rotating",
  defaultLifetime: "12 hours",
  dialect: slackDialect(whose),
  facts: [
    ...documented(
      "https://docs.slack.dev/authentication/using-token-rotation",
      "an access token lives 12 hours; a refresh replaces the refresh token, and the old one is revoked"
    ),
    ...assumed(
      "a refusal is a 200 with ok: false",
      "which error codes stand for the end of a refresh token",
      "token_type is a word of its own (bot), and the token is sent as Bearer",
      "scopes are separated by commas; those of a person go into the parameter user_scope",
      "PKCE is ignored where it is not known"
    )
  ]
})
