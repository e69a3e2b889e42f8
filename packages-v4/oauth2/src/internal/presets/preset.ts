/** What is known of one server. `Presets` exports it. */
import type { Api, AuthProvider } from "@effect-auth/core/AuthProvider"
import type * as Duration from "effect/Duration"
import type { Dialect } from "../../OAuth2Client.ts"
import type * as OAuth2Server from "../../OAuth2Server.ts"

/**
 * What is known of one server.
 *
 * @since 0.1.0
 * @category models
 */
export interface Preset {
  readonly name: string
  /** Its endpoints, or the issuer to discover them from. */
  readonly server: OAuth2Server.Metadata | { readonly discover: string; readonly issuer?: string | undefined }
  /** Where its API is. */
  readonly origins: ReadonlyArray<string>
  readonly api?: Api | undefined
  /** How a client with a secret proves itself. */
  readonly authentication: "basic" | "post"
  readonly rotation: AuthProvider<never>["rotation"]
  readonly defaultLifetime?: Duration.Input | undefined
  readonly dialect?: Dialect | undefined
  /** Further parameters of token requests. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
}
