/** The layers of Priava: the session of one integration with its client, or those of many integrations. */
export * as Priava from "./Priava.ts"

/**
 * The part of the Priava API's wire contract that an integration's session needs: the token endpoint, three searches
 * and the webhook subscription.
 */
export * as PriavaApi from "./PriavaApi.ts"

/**
 * An integration's session at Priava: a code from the admin screen is exchanged once, and the refresh token keeps the
 * session from then on.
 */
export * as PriavaAuth from "./PriavaAuth.ts"

/** The errors of the Priava API on the wire. */
export * as PriavaError from "./PriavaError.ts"

/** The rate limit of the API: 450 requests in five minutes, and a date in the body of a 429. */
export * as PriavaRateLimit from "./PriavaRateLimit.ts"
