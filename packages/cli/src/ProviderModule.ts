/**
 * A provider of your own for the command line: a JavaScript module that says how to make it.
 *
 * ```ts
 * // acme.mjs
 * import { provider as acme } from "./acme-provider.js"
 *
 * export const provider = ({ settings }) => acme(settings)
 * export const credentials = ({ secret, settings }) => ({ username: settings.username, password: secret })
 * ```
 *
 * ```sh
 * effect-auth sign-in module --module ./acme.mjs --settings '{"host":"https://api.acme.example","username":"anna"}'
 * effect-auth call module GET /me
 * ```
 *
 * @since 0.1.0
 */
import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"

/**
 * The values that a provider is made from.
 *
 * @since 0.1.0
 * @category models
 */
export interface Given {
  /** The object of `--settings`; `{}` without it. It is kept in clear: no secret belongs in it. */
  readonly settings: any
  /** The secret of the application, from `EFFECT_AUTH_MODULE_CLIENT_SECRET`. It is kept, sealed. */
  readonly clientSecret: Redacted.Redacted<string> | undefined
}

/**
 * The exports of the module, by name or as its default export.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProviderModule<Credentials> {
  /** Makes the provider. It is called once by each command. */
  readonly provider: (
    given: Given
  ) => AuthProvider<Credentials> | Effect.Effect<AuthProvider<Credentials>, AuthMisconfigured, HttpClient.HttpClient>
  /** Makes the credentials of a sign-in from the secret that was typed. */
  readonly credentials: (given: Given & { readonly secret: Redacted.Redacted<string> }) => Credentials
}
