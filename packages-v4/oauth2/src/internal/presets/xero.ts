import type { Preset } from "./preset.ts"

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
  defaultLifetime: "30 minutes"
}
