/**
 * The inputs of every provider's layers: settings (plain data) and options (the behaviour of a session).
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { AuthMisconfigured } from "./AuthError.ts"
import type { ClientOptions } from "./AuthHttpClient.ts"
import type { Rejection } from "./AuthProvider.ts"
import type * as AuthService from "./AuthService.ts"
import type * as AuthSessions from "./AuthSessions.ts"
import * as BaseUrl from "./BaseUrl.ts"

/**
 * The settings of all providers. Each provider adds its own: client id, club, user name.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProviderSettings {
  /** One of the names in the provider's `hosts`, or a URL. Default: `production`. */
  readonly host?: string | undefined
  /** More origins that may get the token, compared exactly: `https://orders.example.com`. Default: none. */
  readonly origins?: ReadonlyArray<string> | undefined
  /** Allows sending secrets over plain http. Default: no, except to loopback addresses. */
  readonly allowInsecure?: boolean | undefined
}

/**
 * The options of the provider itself.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProviderOptions {
  /** The account of the session; errors contain it. Default: `"default"`. */
  readonly account?: string | undefined
  /** Changes which answers mean that the access token is rejected. Default: as the provider documents it. */
  readonly rejection?: Partial<Rejection> | undefined
}

/**
 * How one session and its client behave. Everything has a default.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<Credentials> extends AuthService.Options<Credentials>, ProviderOptions {
  readonly client?: ClientOptions | undefined
}

/**
 * How the sessions of many accounts and their clients behave. Everything has a default.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionsOptions<Credentials>
  extends AuthSessions.Options<Credentials>, Omit<ProviderOptions, "account">
{
  readonly client?: ClientOptions | undefined
}

/**
 * A `Config` for each setting. An optional setting can be a `Config.option`.
 *
 * @since 0.1.0
 * @category models
 */
export type FromConfig<Settings> =
  | Config.Config<Settings>
  | {
    readonly [Name in keyof Settings]: undefined extends Settings[Name]
      ? Config.Config<Settings[Name]> | Config.Config<Option.Option<Exclude<Settings[Name], undefined>>>
      : Config.Config<Settings[Name]>
  }

/**
 * Reads settings from the configuration.
 *
 * ```ts
 * const settings = ProviderSettings.fromConfig<Settings>({
 *   clientId: Config.string("CLIENT_ID"),
 *   host: Config.option(Config.string("HOST"))
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromConfig = <Settings extends object>(
  config: FromConfig<Settings>
): Effect.Effect<Settings, ConfigError> =>
  Effect.map(Config.unwrap(config as Config.Config.Wrap<Settings>), (loaded) => {
    const known = Object.entries(loaded).flatMap(([name, value]) => {
      if (!Option.isOption(value)) return [[name, value]]
      return value._tag === "Some" ? [[name, value.value]] : []
    })
    return Object.fromEntries(known) as Settings
  })

/**
 * The checked settings of all providers.
 *
 * @since 0.1.0
 * @category models
 */
export interface Resolved {
  readonly base: BaseUrl.BaseUrl
  /** The origin of the host, and the additional origins. */
  readonly origins: ReadonlyArray<string>
  readonly allowInsecure: boolean
  /**
   * Makes a realm from the host, the path and further parts that separate two sessions. Parts are encoded, so that two
   * different lists never give the same realm.
   */
  readonly realm: (...parts: ReadonlyArray<string | ReadonlyArray<string>>) => string
}

type Reason = "url" | "insecure" | "options"

/**
 * A condition for the settings, and the error text when it does not hold. The text must not show a value.
 *
 * @since 0.1.0
 * @category models
 */
export type Rule = readonly [holds: boolean, otherwise: string, reason?: "url" | "insecure" | "options"]

/**
 * Whether a setting is a text that matches `form`. Plain JavaScript and a configuration can pass any value.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isText = (setting: unknown, form: RegExp): setting is string =>
  typeof setting === "string" && form.test(setting)

/**
 * Whether a setting is a `Redacted` with a text that matches `form`.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isSecret = (
  setting: unknown,
  holds: (text: string) => boolean
): setting is Redacted.Redacted<string> => {
  const text: unknown = Redacted.isRedacted(setting) ? Redacted.value(setting) : undefined
  return typeof text === "string" && holds(text)
}

/**
 * Whether a setting can be a name in a realm: a text with at least one visible character, without control characters
 * and without lone surrogates.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isName = (setting: unknown): setting is string => isText(setting, /^(?=.*\S)[^\p{Cc}\p{Surrogate}]+$/u)

/**
 * Checks the settings when a layer is made. Fails with `AuthMisconfigured`, reason `url`, `insecure` or `options`. No
 * error shows a value.
 *
 * @since 0.1.0
 * @category constructors
 */
export const resolve = <Settings extends ProviderSettings>(
  settings: Settings,
  about: {
    readonly provider: string
    readonly account?: string | undefined
    /** The documented hosts by name; one of them is `production`. */
    readonly hosts: Readonly<Record<string, string>>
    /** The provider's own rules, each with its error text. Default reason: `options`. They get an object, never `null`. */
    readonly rules?: ((settings: Settings) => ReadonlyArray<Rule>) | undefined
  }
): Effect.Effect<Resolved, AuthMisconfigured> => {
  const { hosts, provider, rules = () => [] } = about
  const refuse = (reason: Reason, errorDescription: string) => {
    const account = about.account ?? "default"
    return Effect.fail(new AuthMisconfigured({ provider, account, operation: "configure", reason, errorDescription }))
  }
  // Plain JavaScript can pass anything.
  const given: unknown = settings
  if (typeof given !== "object" || given === null) return refuse("options", "the settings are not an object")
  const { allowInsecure = false, host = "production", origins = [] } = settings
  if (typeof host !== "string" || typeof allowInsecure !== "boolean" || !isTexts(origins)) {
    return refuse(
      "options",
      "host is not a text, origins are not a list of texts, or allowInsecure is neither true nor false"
    )
  }
  const base = BaseUrl.parse(Object.hasOwn(hosts, host) ? hosts[host]! : host)
  if (base === undefined) {
    return refuse("url", `host is neither ${Object.keys(hosts).join(", ")} nor a URL without a query`)
  }
  if (!base.isSecure && !allowInsecure) return refuse("insecure", "host is not https")
  const further = origins.map(BaseUrl.parse).map((url) => url?.path === "" ? url : undefined)
  if (!further.every((url) => url !== undefined)) {
    return refuse("url", "one of the origins is not scheme, host and port")
  }
  if (!further.every(({ isSecure }) => isSecure || allowInsecure)) {
    return refuse("insecure", "one of the origins is not https")
  }
  const broken = rules(settings).find(([holds]) => !holds)
  if (broken !== undefined) return refuse(broken[2] ?? "options", broken[1])
  return Effect.succeed({
    base,
    origins: [base.origin, ...further.map(({ origin }) => origin)],
    allowInsecure,
    realm: (...parts) => [base.host + base.path, ...parts.map(encoded)].join("/")
  })
}

const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === "string")

const encoded = (part: string | ReadonlyArray<string>): string =>
  typeof part === "string" ? encodeURIComponent(part) : part.map(encodeURIComponent).join(",")
