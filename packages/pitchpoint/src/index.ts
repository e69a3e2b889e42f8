/** The one-liners: a service account's session and the client that carries its token, from options written once. */
export * as Pitchpoint from "./Pitchpoint.ts"

/**
 * The wire contract of pointservices, as far as a session needs it: the two token endpoints, and three order calls.
 */
export * as PitchpointApi from "./PitchpointApi.ts"

/** The session of a service account at pointservices: sign in with a password, stay signed in, sign out. */
export * as PitchpointAuth from "./PitchpointAuth.ts"

/** An `HttpClient` for the APIs of pointservices: the base URL and the access token. */
export * as PitchpointClient from "./PitchpointClient.ts"

/** The errors of pointservices as they are on the wire. */
export * as PitchpointError from "./PitchpointError.ts"
