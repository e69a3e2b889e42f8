/**
 * The result of a sign-out at the server.
 *
 * @since 0.1.0
 */

/**
 * The result of revoking the tokens at the server after a sign-out. `revoked`: the server revoked them · `failed`: the
 * call failed and is retried in the background for a while · `unsupported`: the provider has no revocation ·
 * `nothing-to-revoke`: there were no tokens.
 *
 * @since 0.1.0
 * @category models
 */
export type Revocation = "revoked" | "failed" | "unsupported" | "nothing-to-revoke"
