/**
 * What is known of some servers, as data. `docs/oauth2/presets.md` says of each fact whether it is documented or assumed, and
 * where. **No live server was called**: check the page before you rely on a fact, and replace what has changed.
 *
 * ```ts
 * import * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
 * import * as Presets from "@effect-auth/oauth2/Presets"
 * import * as Effect from "effect/Effect"
 * import type * as Redacted from "effect/Redacted"
 *
 * const xero = (secret: Redacted.Redacted) =>
 *   Effect.flatMap(
 *     Presets.options(Presets.xero, { clientId: "my-client", secret, scopes: ["openid", "offline_access"] }),
 *     OAuth2Client.make
 *   )
 * ```
 *
 * @since 0.1.0
 */
import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Redacted from "effect/Redacted"
import * as ClientAuthentication from "./ClientAuthentication.ts"
import type { Preset } from "./internal/presets/preset.ts"
import type { Options } from "./OAuth2Client.ts"
import * as OAuth2Server from "./OAuth2Server.ts"

export { atlassian } from "./internal/presets/atlassian.ts"
export { auth0 } from "./internal/presets/auth0.ts"
export { github } from "./internal/presets/github.ts"
export { google } from "./internal/presets/google.ts"
export { keycloak } from "./internal/presets/keycloak.ts"
export { microsoft } from "./internal/presets/microsoft.ts"
export { notion } from "./internal/presets/notion.ts"
export { okta } from "./internal/presets/okta.ts"
export type { Preset } from "./internal/presets/preset.ts"
export { shopify } from "./internal/presets/shopify.ts"
export { slack } from "./internal/presets/slack.ts"
export { spotify } from "./internal/presets/spotify.ts"
export { xero } from "./internal/presets/xero.ts"

/**
 * The options of a client at the server of a preset. An option that is given here replaces that of the preset.
 *
 * @since 0.1.0
 * @category constructors
 */
export const options = Effect.fnUntraced(function*(
  preset: Preset,
  own:
    & Partial<Omit<Options, "server">>
    & { readonly clientId: string; readonly secret?: Redacted.Redacted<string> | undefined }
): Effect.fn.Return<Options, AuthMisconfigured, HttpClient.HttpClient> {
  const { server: where } = preset
  const { secret, ...given } = own
  const server = "discover" in where
    ? yield* OAuth2Server.discovered(where.discover, {
      override: where.issuer === undefined ? {} : { issuer: where.issuer }
    })
    : yield* OAuth2Server.make(where)
  return {
    name: preset.name,
    origins: preset.origins,
    // Whoever gives other origins says where the API is, too.
    api: own.origins === undefined ? preset.api : undefined,
    rotation: preset.rotation,
    defaultLifetime: preset.defaultLifetime,
    dialect: preset.dialect,
    parameters: preset.parameters,
    authentication: secret === undefined ? undefined : ClientAuthentication[preset.authentication](secret),
    ...given,
    server
  }
})
