import { slackDialect } from "../slack.ts"
import type { Preset } from "./preset.ts"

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
  dialect: slackDialect(whose)
})
