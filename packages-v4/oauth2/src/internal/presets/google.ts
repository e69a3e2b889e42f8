import type { Preset } from "./preset.ts"

/**
 * Google, for a person's data. Machines: `JwtBearer`.
 *
 * @see https://developers.google.com/identity/protocols/oauth2/web-server
 * @since 0.1.0
 * @category constructors
 */
export const google: Preset = {
  name: "google",
  server: {
    issuer: "https://accounts.google.com",
    authorizationEndpoint: "https://accounts.google.com/o/oauth2/v2/auth",
    tokenEndpoint: "https://oauth2.googleapis.com/token",
    revocationEndpoint: "https://oauth2.googleapis.com/revoke",
    deviceAuthorizationEndpoint: "https://oauth2.googleapis.com/device/code",
    userinfoEndpoint: "https://openidconnect.googleapis.com/v1/userinfo",
    jwksUri: "https://www.googleapis.com/oauth2/v3/certs"
  },
  origins: ["https://www.googleapis.com"],
  api: { baseUrl: "https://www.googleapis.com" },
  authentication: "post",
  rotation: "static",
  dialect: { authorizationParameters: { access_type: "offline", prompt: "consent" } }
}
