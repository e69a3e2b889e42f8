/** The one-liners: a member's session and the client that carries its token, from options written once. */
export * as Placewise from "./Placewise.ts"

/**
 * The wire contract of the Placewise Public API, as far as a member session needs it: the token endpoints, the
 * one-time and registration passwords, and two member calls.
 */
export * as PlacewiseApi from "./PlacewiseApi.ts"

/**
 * A member's session at a Placewise loyalty club: sign in with a password (the member's own, a one-time or a
 * registration password) or with the token of a social provider, stay signed in, sign out.
 */
export * as PlacewiseAuth from "./PlacewiseAuth.ts"

/**
 * An `HttpClient` for the member API: the club's base URL, the headers that Placewise asks for, the member's token.
 */
export * as PlacewiseClient from "./PlacewiseClient.ts"

/** The errors of the Placewise Public API as they are on the wire: `{ "error": "…" }` under a status of its own. */
export * as PlacewiseError from "./PlacewiseError.ts"

/**
 * The members of a club in one process: each account has a session and a client of its own, all share one schedule.
 */
export * as PlacewiseSessions from "./PlacewiseSessions.ts"
