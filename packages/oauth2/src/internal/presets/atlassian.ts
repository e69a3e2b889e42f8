import { assumed, documented, type Preset } from "./preset.ts"

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
  },
  facts: [
    ...documented(
      "https://community.developer.atlassian.com/t/updated-31-january-2022-action-required-deprecating-persistent-refresh-tokens/54172",
      "a refresh replaces the refresh token; the old one can be used for 10 minutes, later use ends all of them",
      "a refresh token ends after 90 days without use, and after 365 days in any case"
    ),
    ...assumed(
      "token requests are JSON with the secret in the body",
      "a dead refresh token is answered with 403, and RFC 6749's codes keep their meaning there",
      "offline_access has to be among the scopes"
    )
  ]
}
