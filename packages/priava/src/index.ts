/** The one-liners: an integration's session and the client that carries its token, from options written once. */
export * as Priava from "./Priava.ts"

/**
 * The wire contract of the Priava API, as far as an integration's session needs it: the token endpoint, three searches
 * and the webhook subscription.
 */
export * as PriavaApi from "./PriavaApi.ts"

/**
 * An integration's session at Priava: a code from the admin screen is exchanged once, and the refresh token keeps the
 * session from then on.
 */
export * as PriavaAuth from "./PriavaAuth.ts"

/** An `HttpClient` for the Priava API: base URL, region and the integration's token. */
export * as PriavaClient from "./PriavaClient.ts"

/** The errors of the Priava API as they are on the wire. */
export * as PriavaError from "./PriavaError.ts"
