import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import type { Preset } from "./preset.ts"

/**
 * Okta. Single-page apps rotate with 30 seconds of grace, unless it was set otherwise; other apps keep their token.
 *
 * @see https://developer.okta.com/docs/guides/refresh-tokens/main/
 * @since 0.1.0
 * @category constructors
 */
export const okta = (
  domain: string,
  settings: {
    readonly origins: ReadonlyArray<string>
    /** Default: `default`. */
    readonly authorizationServer?: string | undefined
    /** Default: `static`. */
    readonly rotation?: AuthProvider<never>["rotation"] | undefined
  }
): Preset => ({
  name: "okta",
  server: { discover: `https://${domain}/oauth2/${settings.authorizationServer ?? "default"}` },
  origins: settings.origins,
  authentication: "basic",
  rotation: settings.rotation ?? "static"
})
