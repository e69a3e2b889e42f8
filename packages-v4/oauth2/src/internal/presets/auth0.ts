import type * as Duration from "effect/Duration"
import type { Preset } from "./preset.ts"

/**
 * Auth0. `overlap` is the "rotation overlap period" of the application; without one, a second use is a breach.
 *
 * @see https://auth0.com/docs/secure/tokens/refresh-tokens/configure-refresh-token-rotation
 * @since 0.1.0
 * @category constructors
 */
export const auth0 = (
  domain: string,
  settings: {
    /** The origins of the APIs that the tokens are for. */
    readonly origins: ReadonlyArray<string>
    /** The API that the tokens are for, as it is registered. It goes into the authorization request and into token requests. */
    readonly audience?: string | undefined
    readonly rotation?: "rotating" | "static" | undefined
    readonly overlap?: Duration.Duration | undefined
  }
): Preset => ({
  name: "auth0",
  server: { discover: `https://${domain}/` },
  origins: settings.origins,
  authentication: "post",
  rotation: settings.rotation === "static"
    ? "static"
    : settings.overlap === undefined
    ? "rotating"
    : { rotating: { repeatable: settings.overlap } },
  ...(settings.audience === undefined ? {} : {
    parameters: { audience: settings.audience },
    dialect: { authorizationParameters: { audience: settings.audience } }
  })
})
