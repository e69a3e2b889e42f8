/** An access token as it is handed out: the secret, and which token of which session it is. */
export * as AccessToken from "./AccessToken.ts"

/** Every public error of `@effect-auth`, and nothing else defines one. */
export * as AuthError from "./AuthError.ts"

/**
 * The middleware: an `HttpClient` that puts the token of a session on each request, and a fresh one when the server
 * says that it is dead.
 */
export * as AuthHttpClient from "./AuthHttpClient.ts"

/** What only a provider can know. */
export * as AuthProvider from "./AuthProvider.ts"

/** What a program holds for one account at one provider: sign in, have a token that works, sign out. */
export * as AuthService from "./AuthService.ts"

/** Many accounts in one process: every member of a club, every tenant of a service. */
export * as AuthSessions from "./AuthSessions.ts"

/** Where an API is: a URL that was checked once, and a client that is brought there. */
export * as BaseUrl from "./BaseUrl.ts"

/** A store in the browser, shared by every tab, window and worker of one origin. */
export * as BrowserTokenStore from "./BrowserTokenStore.ts"

/** A store whose tokens are sealed with a key: a decorator over any other store. */
export * as EncryptedTokenStore from "./EncryptedTokenStore.ts"

/** How a call to a token endpoint failed, as a provider tells it to the session machine. */
export * as ExchangeFailure from "./ExchangeFailure.ts"

/** Names one session's record in a store: provider / realm / account. */
export * as RecordKey from "./RecordKey.ts"

/** When to refresh ahead of expiry, how long to wait after a failure, and how many calls a broken endpoint gets. */
export * as RefreshSchedule from "./RefreshSchedule.ts"

/** What happened to a session, for logs and user interfaces. */
export * as SessionEvent from "./SessionEvent.ts"

/** What a store holds for one account. */
export * as SessionRecord from "./SessionRecord.ts"

/** What a session is at one moment, without any secret: for user interfaces, logs and health checks. */
export * as SessionState from "./SessionState.ts"

/** The names of the spans, attributes and metrics, and the metrics themselves. */
export * as Telemetry from "./Telemetry.ts"

/**
 * What every provider needs to call its token endpoint: a client to put under the one derived from the contract, which
 * turns each way of failing into an {@link ExchangeFailure} that says what became of the request.
 */
export * as TokenEndpoint from "./TokenEndpoint.ts"

/** The tokens of one session, as issued at one moment: pure data and pure questions about it. */
export * as TokenSet from "./TokenSet.ts"

/** Where sessions are kept: one record an account, written only by compare-and-set. */
export * as TokenStore from "./TokenStore.ts"

/** What every wire contract needs: errors without a `_tag` on the wire, secrets, path segments, an honest document. */
export * as WireSchema from "./WireSchema.ts"
