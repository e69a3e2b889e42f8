/**
 * The layers of Wallet App: the session of one user with its client, those of many accounts, or a key for one piece of
 * work.
 */
export * as WalletApp from "./WalletApp.ts"

/**
 * The part of the Wallet App API's wire contract that a session needs: request, inspect and delete a token, and three
 * calls that need one.
 */
export * as WalletAppApi from "./WalletAppApi.ts"

/** The session of one user at the Wallet App API: request a key with the needed permissions, keep it, delete it. */
export * as WalletAppAuth from "./WalletAppAuth.ts"

/** The errors of the Wallet App API. */
export * as WalletAppError from "./WalletAppError.ts"

/** The permissions of a key of the Wallet App API. */
export * as WalletAppPermission from "./WalletAppPermission.ts"
