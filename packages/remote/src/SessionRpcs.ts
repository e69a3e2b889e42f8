/**
 * The calls between a program and the keeper of its sessions, as an `RpcGroup`. Access tokens cross it; refresh tokens
 * never do, and credentials only in `SignIn`, which a keeper has to switch on.
 *
 * Times are lengths (milliseconds) and not instants, so that the clocks of both sides need not agree. Newer versions add
 * fields and calls; they don't change any.
 *
 * @since 0.1.0
 */
import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as RpcSchema from "@effect/rpc/RpcSchema"
import * as RpcSerialization from "@effect/rpc/RpcSerialization"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as limits from "./internal/limits.ts"

/** Which sessions, and which account of them. */
const sessions = { provider: Schema.String, realm: Schema.String }
const target = {
  ...sessions,
  account: Schema.String,
  /** The further API that the access token is for (RFC 8707). */
  resource: Schema.optional(Schema.String)
}

/** The token that a client has, and whose it is: the answer is a token of the same person or service. */
const known = {
  session: Schema.String,
  generation: Schema.Number,
  subject: Schema.optional(Schema.String),
  principal: Schema.optional(Schema.String)
}

/**
 * A call that failed, by its `kind`:
 *
 * - `auth`: an `AuthError`, encoded under `error`
 * - `refused`: the caller is not allowed to do this
 * - `busy`: too many calls are under way
 * - `closing`: the keeper is closing
 * - `mismatch`: other sessions or other versions
 * - `unknown`: the keeper's code failed. A client counts every other kind as `unknown`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Failure extends Schema.Schema.Type<typeof Failure> {}

/**
 * The schema of a {@link Failure}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Failure = Schema.Struct({
  kind: Schema.String,
  error: Schema.optional(Schema.Unknown),
  /** Milliseconds. */
  retryAfter: Schema.optional(Schema.Number)
})

/**
 * An access token on the wire.
 *
 * @since 0.1.0
 * @category models
 */
export interface Token extends Schema.Schema.Type<typeof Token> {}

/**
 * The schema of a {@link Token}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Token = Schema.Struct({
  value: Schema.Redacted(Schema.String),
  session: Schema.String,
  generation: Schema.Number,
  /** Milliseconds that it lives from the answer on; absent: its end is not known. */
  left: Schema.optional(Schema.Number),
  /** Milliseconds for which it may be used without asking again. */
  freshFor: Schema.Number,
  scopes: Schema.optional(Schema.Array(Schema.String)),
  subject: Schema.optional(Schema.String),
  principal: Schema.optional(Schema.String)
})

/** The end of a token, counted from the answer: `null` where it is not known. */
const expiresIn = Schema.optional(Schema.NullOr(Schema.Number))

/**
 * The state of a session on the wire.
 *
 * @since 0.1.0
 * @category models
 */
export type State = typeof State.Type

/**
 * The schema of a {@link State}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const State = Schema.Union(
  Schema.TaggedStruct("SignedOut", { reason: Schema.Literal("never", "signed-out") }),
  Schema.TaggedStruct("Active", {
    session: Schema.String,
    generation: Schema.Number,
    freshness: Schema.Literal("fresh", "stale", "dead"),
    expiresIn,
    scopes: Schema.optional(Schema.Array(Schema.String)),
    born: Schema.Literal("signIn", "adopted", "time", "rejection"),
    signedInByItself: Schema.Boolean,
    refreshing: Schema.Boolean,
    degraded: Schema.Boolean,
    inDoubt: Schema.Boolean,
    reauthenticateIn: Schema.optional(Schema.Number)
  }),
  Schema.TaggedStruct("Ended", {
    reason: Schema.Literal("refresh-token-rejected", "outcome-unknown", "expired", "credentials"),
    expiresIn
  })
)

/**
 * What the keeper answers to `Hello`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Greeting extends Schema.Schema.Type<typeof Greeting> {}

/**
 * The schema of a {@link Greeting}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Greeting = Schema.Struct({
  /** The versions of the calls that it speaks. */
  oldest: Schema.Number,
  newest: Schema.Number,
  /** The calls that it knows and that this caller may make. */
  calls: Schema.Array(Schema.String)
})

/**
 * A notice: a `SessionEvent` · `Listening`, the first one: changes are heard from now on · `Changed`: a client asks again
 * before it uses the account's token · `EverythingChanged`: before it uses any token. A client ignores notices that it
 * does not know.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Notice = Schema.Struct(
  { _tag: Schema.String, account: Schema.String },
  Schema.Record({ key: Schema.String, value: Schema.Unknown })
)

/**
 * The first call of a connection. A client sends no call that the answer does not list: an unknown one would end every
 * other call of the connection.
 *
 * @since 0.1.0
 * @category models
 */
export const Hello = Rpc.make("Hello", {
  payload: { ...sessions, oldest: Schema.Number, newest: Schema.Number },
  success: Greeting,
  error: Failure
})

/**
 * A working access token.
 *
 * @since 0.1.0
 * @category models
 */
export const AccessToken = Rpc.make("AccessToken", { payload: target, success: Token, error: Failure })

/**
 * A token to try instead of one that the API rejected.
 *
 * @since 0.1.0
 * @category models
 */
export const Renew = Rpc.make("Renew", {
  payload: {
    ...target,
    ...known,
    wasAccepted: Schema.optional(Schema.Boolean)
  },
  success: Token,
  error: Failure
})

/**
 * A refresh now. With `known` it refreshes only while that is the current token, so that a call whose answer was lost can
 * be made again. Another user's session is `AccessTokenRejected` (`session-changed`).
 *
 * @since 0.1.0
 * @category models
 */
export const Refresh = Rpc.make("Refresh", {
  payload: {
    ...target,
    known: Schema.optional(Schema.Struct(known))
  },
  success: Token,
  error: Failure
})

/**
 * The state of a session.
 *
 * @since 0.1.0
 * @category models
 */
export const GetState = Rpc.make("State", { payload: target, success: State, error: Failure })

/**
 * A sign-out. It yields what happened to the tokens at the server. With `session` it ends that session alone: if the
 * account has another one by now, nothing ends, and the answer is `nothing-to-revoke`.
 *
 * @since 0.1.0
 * @category models
 */
export const SignOut = Rpc.make("SignOut", {
  payload: { ...target, session: Schema.optional(Schema.String) },
  success: Schema.Literal("revoked", "failed", "unsupported", "nothing-to-revoke"),
  error: Failure
})

/**
 * A sign-in. The credentials are encoded with a schema that both sides were given.
 *
 * @since 0.1.0
 * @category models
 */
export const SignIn = Rpc.make("SignIn", {
  payload: { ...target, credentials: Schema.Unknown },
  success: Token,
  error: Failure
})

/**
 * The notices about all accounts that the caller may see. A slow reader misses the oldest events, and no change.
 *
 * @since 0.1.0
 * @category models
 */
export const Events = Rpc.make("Events", {
  payload: sessions,
  success: RpcSchema.Stream({ success: Notice, failure: Failure })
})

/**
 * All calls.
 *
 * @since 0.1.0
 * @category models
 */
export const SessionRpcs = RpcGroup.make(Hello, AccessToken, Renew, Refresh, GetState, SignOut, SignIn, Events)

/**
 * The form of the messages: a line of JSON each. Both sides need the same one.
 *
 * @since 0.1.0
 * @category layers
 */
export const serialization: Layer.Layer<RpcSerialization.RpcSerialization> = RpcSerialization.layerNdjsonWith({
  maxBufferSize: limits.longestMessage
})
