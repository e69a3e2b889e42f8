import { assumed, documented, type Preset } from "./preset.ts"

/**
 * Xero.
 *
 * @see https://developer.xero.com/faq/oauth2
 * @since 0.1.0
 * @category constructors
 */
export const xero: Preset = {
  name: "xero",
  server: {
    issuer: "https://identity.xero.com",
    authorizationEndpoint: "https://login.xero.com/identity/connect/authorize",
    tokenEndpoint: "https://identity.xero.com/connect/token",
    revocationEndpoint: "https://identity.xero.com/connect/revocation",
    userinfoEndpoint: "https://identity.xero.com/connect/userinfo"
  },
  origins: ["https://api.xero.com"],
  api: { baseUrl: "https://api.xero.com" },
  authentication: "basic",
  rotation: { rotating: { repeatable: "30 minutes" } },
  defaultLifetime: "30 minutes",
  facts: [
    ...documented(
      "https://developer.xero.com/faq/oauth2",
      "an access token lives 30 minutes",
      "a refresh token that was not used ends after 60 days",
      "a refresh replaces the refresh token; the old one can be used for 30 minutes when the answer was lost",
      "PKCE is taken"
    ),
    ...assumed("the endpoints of revocation and userinfo")
  ]
}
