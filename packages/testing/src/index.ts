/** An `AuthService` that needs no provider, no store and no time: for tests of code that only wants a token. */
export * as FakeAuth from "./FakeAuth.ts"

/** What can go wrong between a client and a server, on demand. */
export * as Faults from "./Faults.ts"

/** Does a value tell a secret? */
export * as Redaction from "./Redaction.ts"

/**
 * What every sandbox is: a provider's server that runs in memory or on a socket, does what the provider's page says,
 * goes wrong on demand, and tells what it saw.
 */
export * as Sandbox from "./Sandbox.ts"

/**
 * An `AuthProvider` that answers from a script: for tests of what an application, a store or the session machine does
 * when an exchange succeeds, fails, takes long or never ends.
 */
export * as ScriptedProvider from "./ScriptedProvider.ts"

/**
 * The small token server behind every sandbox: it issues, rotates, expires and revokes opaque tokens, and knows which
 * were spent.
 */
export * as TokenAuthority from "./TokenAuthority.ts"
