/** The one-liners: a user's session and the client that carries its key, from options written once. */
export * as WalletApp from "./WalletApp.ts"

/**
 * The wire contract of the Wallet App API, as far as a session needs it: request, inspect and delete a token, and two
 * calls that need one.
 */
export * as WalletAppApi from "./WalletAppApi.ts"

/**
 * The session of one user at the Wallet App API: request a key with the permissions that are needed, keep it, delete
 * it.
 */
export * as WalletAppAuth from "./WalletAppAuth.ts"

/** An `HttpClient` for the Wallet App API: the base URL, `Accept: application/json`, the key. */
export * as WalletAppClient from "./WalletAppClient.ts"

/** The errors of the Wallet App API. */
export * as WalletAppError from "./WalletAppError.ts"

/** What a key of the Wallet App API may do. */
export * as WalletAppPermission from "./WalletAppPermission.ts"
