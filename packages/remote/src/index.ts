/** The callers of a keeper, and what each of them may do. */
export * as Callers from "./Callers.ts"

/** Where a keeper is, and the bearer that this program shows it. */
export * as Endpoint from "./Endpoint.ts"

/** The sessions of a provider that a keeper in another process keeps: the same interface as `AuthSessions`. */
export * as RemoteSessions from "./RemoteSessions.ts"

/** The metrics of keepers and of their clients. */
export * as RemoteTelemetry from "./RemoteTelemetry.ts"

/** The calls between a program and the keeper of its sessions, as an `RpcGroup`. */
export * as SessionRpcs from "./SessionRpcs.ts"

/** A keeper: it serves the sessions of one process to others. */
export * as SessionServer from "./SessionServer.ts"
