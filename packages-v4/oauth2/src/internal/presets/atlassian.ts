import type { Preset } from "./preset.ts"

/**
 * Atlassian, for apps with OAuth 2.0 (3LO).
 *
 * @see https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/
 * @since 0.1.0
 * @category constructors
 */
export const atlassian: Preset = {
  name: "atlassian",
  server: {
    issuer: "https://auth.atlassian.com",
    authorizationEndpoint: "https://auth.atlassian.com/authorize",
    tokenEndpoint: "https://auth.atlassian.com/oauth/token"
  },
  origins: ["https://api.atlassian.com"],
  api: { baseUrl: "https://api.atlassian.com" },
  authentication: "post",
  rotation: { rotating: { repeatable: "10 minutes" } },
  defaultLifetime: "1 hour",
  dialect: {
    body: "json",
    authorizationParameters: { audience: "api.atlassian.com", prompt: "consent" }
  }
}
