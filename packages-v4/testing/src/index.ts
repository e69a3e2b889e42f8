/** An `AuthService` without a provider, a store or time, for tests of code that only needs a token. */
export * as FakeAuth from "./FakeAuth.ts"

/** Fakes of a provider's session, client and sessions, without a provider, a store, a server or time. */
export * as FakeProvider from "./FakeProvider.ts"

/** Faults between a client and a server, on demand. */
export * as Faults from "./Faults.ts"

/**
 * An authorization server as the RFCs describe it, for every grant of `@effect-auth/oauth2`: authorization code with
 * PKCE, refresh, client credentials, device code, JWT bearer, token exchange, and the installation tokens of a GitHub
 * App.
 */
export * as OAuth2Sandbox from "./OAuth2Sandbox.ts"

/** The laws of every provider, as plain Effects, for any test runner. */
export * as ProviderLaws from "./ProviderLaws.ts"

/** Finds secrets in a value: an assertion that prints and walks a value like logs, inspectors and serializers. */
export * as Redaction from "./Redaction.ts"

/**
 * The base of every sandbox: a provider's server that runs in memory or on a socket, behaves as the provider's
 * documentation says, fails on demand, and logs its requests.
 */
export * as Sandbox from "./Sandbox.ts"

/** An `AuthProvider` that answers from a script, without HTTP. */
export * as ScriptedProvider from "./ScriptedProvider.ts"

/**
 * The small token server behind every sandbox: it issues, rotates, expires and revokes opaque tokens, and records
 * which were spent.
 */
export * as TokenAuthority from "./TokenAuthority.ts"

/** The part of a second process in the law of processes of `TokenStoreLaws`. */
export * as TokenStoreContender from "./TokenStoreContender.ts"
