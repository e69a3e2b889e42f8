/** An access token as callers get it: the secret, the session it belongs to, and its number in that session. */
export * as AccessToken from "./AccessToken.ts"

/** Every public error of `@effect-auth`; no other module defines one. */
export * as AuthError from "./AuthError.ts"

/** The middleware: an `HttpClient` that puts the session's access token on each request. */
export * as AuthHttpClient from "./AuthHttpClient.ts"

/** The parts of authentication that differ between providers. */
export * as AuthProvider from "./AuthProvider.ts"

/** Puts the token of a session on calls of `effect/rpc`. */
export * as AuthRpc from "./AuthRpc.ts"

/** The session of one account at one provider: sign in, get a working access token, sign out. */
export * as AuthService from "./AuthService.ts"

/** Many accounts in one process: every member of a club, every tenant of a service. */
export * as AuthSessions from "./AuthSessions.ts"

/** The base URL of an API: a URL that is checked once, and a client whose paths are relative to it. */
export * as BaseUrl from "./BaseUrl.ts"

/** A store in the browser, shared by every tab, window and worker of one origin. */
export * as BrowserTokenStore from "./BrowserTokenStore.ts"

/** A decorator over any other store that seals (encrypts) the secrets with a key. */
export * as EncryptedTokenStore from "./EncryptedTokenStore.ts"

/** The failure of a call to a token endpoint, as a provider reports it to the session machine. */
export * as ExchangeFailure from "./ExchangeFailure.ts"

/** Keeps unused sessions alive. */
export * as KeepAlive from "./KeepAlive.ts"

/**
 * Makes the layers of a provider from its tags: the session of one account, its client, and the sessions of many
 * accounts.
 */
export * as ProviderLayers from "./ProviderLayers.ts"

/** The inputs of every provider's layers: settings (plain data) and options (the behaviour of a session). */
export * as ProviderSettings from "./ProviderSettings.ts"

/** How a store reports changed records: one stream for all records, with a limit on the number of unread changes. */
export * as RecordChanges from "./RecordChanges.ts"

/** The name of a session's record in a store: provider / realm / account. */
export * as RecordKey from "./RecordKey.ts"

/** Pages of record names, for stores that can list them: requests, their checks, and the pages. */
export * as RecordPages from "./RecordPages.ts"

/** The options of refreshing: when a session is refreshed, and how long each step may take. */
export * as RefreshOptions from "./RefreshOptions.ts"

/** When to refresh ahead of expiry, how long to wait after a failure, and how many calls a broken endpoint gets. */
export * as RefreshSchedule from "./RefreshSchedule.ts"

/** The result of a sign-out at the server. */
export * as Revocation from "./Revocation.ts"

/** The events of a session, for logs and user interfaces. */
export * as SessionEvent from "./SessionEvent.ts"

/** What a store holds for one account. */
export * as SessionRecord from "./SessionRecord.ts"

/** The state of a session at one moment, without secrets: for user interfaces, logs and health checks. */
export * as SessionState from "./SessionState.ts"

/** One session as it is in memory, without secrets: for user interfaces that list many sessions. */
export * as SessionSummary from "./SessionSummary.ts"

/** The names of the spans, attributes and metrics, and the metrics themselves. */
export * as Telemetry from "./Telemetry.ts"

/** Helpers for calling a token endpoint: a client to use below the one that is derived from the contract. */
export * as TokenEndpoint from "./TokenEndpoint.ts"

/** The tokens of one token response, and pure functions over them. */
export * as TokenSet from "./TokenSet.ts"

/** The store of sessions: one record for each account, written only by compare-and-set. */
export * as TokenStore from "./TokenStore.ts"

/**
 * Schemas for wire contracts: errors without a `_tag` on the wire, secrets, path segments, and an accurate OpenAPI
 * document.
 */
export * as WireSchema from "./WireSchema.ts"
