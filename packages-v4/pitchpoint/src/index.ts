/** The layers of Pitchpoint: the session of one service account with its client, or those of many applications. */
export * as Pitchpoint from "./Pitchpoint.ts"

/**
 * The part of the wire contract of pointservices that a session needs: the two token endpoints, and three order calls.
 */
export * as PitchpointApi from "./PitchpointApi.ts"

/** The session of a service account at pointservices: sign in with a password, stay signed in, sign out. */
export * as PitchpointAuth from "./PitchpointAuth.ts"

/** The errors of pointservices on the wire. */
export * as PitchpointError from "./PitchpointError.ts"

/** Rejections in the body of a success status: messages of category `Fault`. */
export * as PitchpointFault from "./PitchpointFault.ts"
