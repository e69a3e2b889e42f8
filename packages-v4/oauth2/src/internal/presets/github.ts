import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { Preset } from "./preset.ts"

/**
 * GitHub, for the user tokens of a GitHub App with expiring tokens. Installations: `GitHubApp`.
 *
 * @see https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens
 * @since 0.1.0
 * @category constructors
 */
export const github: Preset = {
  name: "github",
  server: {
    issuer: "https://github.com/login/oauth",
    authorizationEndpoint: "https://github.com/login/oauth/authorize",
    tokenEndpoint: "https://github.com/login/oauth/access_token",
    deviceAuthorizationEndpoint: "https://github.com/login/device/code"
  },
  origins: ["https://api.github.com"],
  api: {
    baseUrl: "https://api.github.com",
    prepare: HttpClientRequest.setHeaders({
      accept: "application/vnd.github+json",
      "x-github-api-version": "2022-11-28"
    })
  },
  authentication: "post",
  rotation: "rotating",
  dialect: {
    errors: {
      bad_refresh_token: { kind: "terminal", reason: "credentials" },
      bad_verification_code: { kind: "terminal", reason: "credentials" },
      incorrect_client_credentials: { kind: "config", reason: "client" },
      redirect_uri_mismatch: { kind: "config", reason: "request" }
    }
  }
}
