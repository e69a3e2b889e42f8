import type { Preset } from "./preset.ts"

/**
 * Keycloak. `baseUrl` is where it runs, with the `/auth` of older ones; `rotation` is `rotating` where the realm's "Revoke
 * Refresh Token" is on.
 *
 * @see https://www.keycloak.org/docs/latest/server_admin/
 * @since 0.1.0
 * @category constructors
 */
export const keycloak = (
  baseUrl: string,
  realm: string,
  settings: {
    readonly origins: ReadonlyArray<string>
    /** Default: `static`. */
    readonly rotation?: "static" | "rotating" | undefined
  }
): Preset => ({
  name: "keycloak",
  server: { discover: `${baseUrl.replace(/\/$/, "")}/realms/${realm}` },
  origins: settings.origins,
  authentication: "basic",
  rotation: settings.rotation ?? "static"
})
