import type { Preset } from "./preset.ts"

/**
 * Spotify. Public clients (PKCE) rotate, those with a secret keep their token: set `rotation` to `static` for them.
 *
 * @see https://developer.spotify.com/documentation/web-api/tutorials/refreshing-tokens
 * @since 0.1.0
 * @category constructors
 */
export const spotify: Preset = {
  name: "spotify",
  server: {
    issuer: "https://accounts.spotify.com",
    authorizationEndpoint: "https://accounts.spotify.com/authorize",
    tokenEndpoint: "https://accounts.spotify.com/api/token"
  },
  origins: ["https://api.spotify.com"],
  api: { baseUrl: "https://api.spotify.com" },
  authentication: "basic",
  rotation: "rotating",
  defaultLifetime: "1 hour"
}
