/** The options and secrets of each provider. The providers themselves are loaded when they are used. */

export const providerNames = ["placewise", "priava", "pitchpoint", "wallet-app", "oauth2", "module"] as const

export type ProviderName = typeof providerNames[number]

export const isProvider = (text: string): text is ProviderName => providerNames.some((name) => name === text)

/** An option that is no secret. It is a flag of `sign-in`, may come from a variable, and is remembered. */
export interface Flag {
  readonly name: string
  readonly description: string
  readonly required?: boolean | undefined
  readonly oneOf?: ReadonlyArray<string> | undefined
  /** The file of a module, or the name of a package. The whole path of the file is remembered. */
  readonly isModule?: boolean | undefined
  /** Meant for this one sign-in: neither remembered nor taken from a variable. */
  readonly once?: boolean | undefined
}

export interface Secret {
  readonly name: string
  readonly label: string
  /**
   * Not every account has one. It comes from its variable when the account signs in, and is kept, sealed: the variable may
   * belong to another account later.
   */
  readonly optional?: boolean | undefined
}

export interface Questions {
  readonly title: string
  readonly flags: ReadonlyArray<Flag>
  /** Secrets of the application itself: later refreshes need them, so they are kept, sealed. */
  readonly kept: ReadonlyArray<Secret>
  /** The secret that signs in. It is never stored. Absent: a person signs in with a browser. */
  readonly credential?: Secret | undefined
}

const host = (known: string): Flag => ({ name: "host", description: `${known} or a URL; default: production` })

export const registry: Readonly<Record<ProviderName, Questions>> = {
  placewise: {
    title: "a member of a Placewise loyalty club",
    flags: [
      host("production, apac, dev"),
      { name: "club", description: "The slug of the loyalty club", required: true },
      { name: "product-name", description: "The product name that Placewise assigned", required: true },
      { name: "user-agent", description: "Names your client; default: this program" },
      { name: "locale", description: "An IETF language tag" },
      { name: "email", description: "The person who signs in: an e-mail address" },
      { name: "msisdn", description: "The person who signs in: a phone number" },
      { name: "member-id", description: "The person who signs in: a member's id" },
      { name: "external", description: "Sign in with a token of this provider", oneOf: ["google", "apple"] },
      { name: "send-code", description: "First send a one-time password that way", oneOf: ["sms", "email"], once: true }
    ],
    kept: [{ name: "client-token", label: "client token" }],
    credential: { name: "password", label: "password" }
  },
  priava: {
    title: "an integration at Priava",
    flags: [
      host("production, sandbox"),
      { name: "region", description: "Where the tenant's data lives", required: true, oneOf: ["APAC", "EU", "US"] },
      { name: "client-id", description: "The client id of the admin screen", required: true },
      { name: "redirect-uri", description: "The redirect URI of the admin screen", required: true },
      { name: "token-url", description: "The token endpoint, where it is not the usual one" }
    ],
    kept: [{ name: "client-secret", label: "client secret" }],
    credential: { name: "code", label: "code of the admin screen" }
  },
  pitchpoint: {
    title: "a service account at Pitchpoint",
    flags: [
      host("production"),
      { name: "username", description: "The user name of the service account", required: true },
      { name: "alias", description: "Act as this account of the same organisation" }
    ],
    kept: [],
    credential: { name: "password", label: "password" }
  },
  "wallet-app": {
    title: "a user of the Wallet App API",
    flags: [
      host("production"),
      { name: "email", description: "The user's e-mail address", required: true },
      {
        name: "permissions",
        description: "What the key may do, with commas between: brands.get,members.get",
        required: true
      }
    ],
    kept: [],
    credential: { name: "password", label: "password" }
  },
  oauth2: {
    title: "a person at an OAuth 2 server, with a browser",
    flags: [
      { name: "issuer", description: "The server's issuer: https://login.example.com", required: true },
      { name: "client-id", description: "The client id that the server knows this program by", required: true },
      { name: "api", description: "The base URL of the API that gets the token", required: true },
      { name: "scopes", description: "What to ask for, with commas between: openid,invoices" },
      { name: "with", description: "A browser here (default), or one on another device", oneOf: ["browser", "device"] }
    ],
    kept: [{ name: "client-secret", label: "client secret", optional: true }]
  },
  module: {
    title: "somebody at an API whose provider is a module of yours",
    flags: [
      { name: "module", description: "The module: a file, or an installed package", required: true, isModule: true },
      { name: "settings", description: "A JSON object, which the module makes its provider from" }
    ],
    kept: [{ name: "client-secret", label: "client secret", optional: true }],
    credential: { name: "password", label: "password" }
  }
}

/** The environment variable of a flag or a secret: `EFFECT_AUTH_WALLET_APP_PASSWORD`. */
export const variableOf = (provider: ProviderName, name: string): string =>
  `EFFECT_AUTH_${provider}_${name}`.replaceAll("-", "_").toUpperCase()

/**
 * Where a setting is looked for: under its variable, else under the name that programs with the library's `Config` give it
 * in the documentation, so that one env file serves both.
 */
export const variablesOf = (provider: ProviderName, name: string): ReadonlyArray<string> => {
  const variable = variableOf(provider, name)
  // Other programs have variables of such names.
  if (provider === "oauth2" || provider === "module") return [variable]
  return [variable, variable.slice("EFFECT_AUTH_".length)]
}

/** How to have a token without signing in first, where that is possible. */
export const wayOf = (provider: ProviderName): string | undefined => {
  const { credential, flags, kept } = registry[provider]
  if (credential === undefined) return undefined
  const needed = [
    ...flags.filter((flag) => flag.required === true),
    ...kept.filter((secret) => secret.optional !== true),
    credential
  ]
  return `or, for a token without a store, set ${needed.map(({ name }) => variableOf(provider, name)).join(", ")}`
}
