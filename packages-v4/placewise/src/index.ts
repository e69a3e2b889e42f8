/** The layers of Placewise: the session of one member with its client, or those of many members. */
export * as Placewise from "./Placewise.ts"

/**
 * The part of the Placewise Public API's wire contract that a member session needs: the token endpoints, the one-time
 * and registration passwords, and two member calls.
 */
export * as PlacewiseApi from "./PlacewiseApi.ts"

/**
 * A member's session at a Placewise loyalty club: sign in with a password (the member's own, a one-time or a
 * registration password) or with the token of a social provider, stay signed in, sign out.
 */
export * as PlacewiseAuth from "./PlacewiseAuth.ts"

/** The errors of the Placewise Public API on the wire: `{ "error": "…" }`, each with its own status. */
export * as PlacewiseError from "./PlacewiseError.ts"
