/**
 * The small token server behind every sandbox: it issues, rotates, expires and revokes opaque tokens, and records which
 * were spent. It follows the RFCs and the providers' documentation, and shares no code with the client.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { note } from "./internal/trace.ts"

/**
 * The reaction to a refresh token that was already exchanged.
 *
 * - `refuse`: it is refused (default).
 * - `revoke-family`: it is refused, and all tokens of its sign-in are revoked (RFC 9700 section 4.14.2).
 * - `{ repeatable }`: it still works for this time after its first exchange (Auth0, Okta), or until one of the new
 *   tokens is used (`"untilUsed"`, Doorkeeper). After that it is refused, or its family is revoked.
 *
 * @see RFC 9700 section 4.14: https://www.rfc-editor.org/rfc/rfc9700#section-4.14
 * @since 0.1.0
 * @category models
 */
export type ReusePolicy = "refuse" | "revoke-family" | {
  readonly repeatable: Duration.Input | "untilUsed"
  /** Default: `refuse`. */
  readonly then?: "refuse" | "revoke-family" | undefined
}

/**
 * The lifetimes and rotation of tokens. All options can be changed while the authority runs; issued tokens keep their
 * lifetime.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Default: 24 hours. `Infinity`: tokens never expire. */
  readonly accessLifetime?: Duration.Input | undefined
  /** Default: 365 days. A function returns the time of expiry (epoch milliseconds). `none`: no refresh tokens. */
  readonly refreshLifetime?: Duration.Input | "none" | RefreshExpiry | undefined
  /** Whether a refresh replaces the refresh token. Default: true. */
  readonly rotation?: boolean | undefined
  /** Default: `refuse`. */
  readonly reuse?: ReusePolicy | undefined
  /** Whether a refresh revokes the earlier access tokens of the same sign-in. Default: false. */
  readonly oneAccessToken?: boolean | undefined
  /** Makes the text of a token. Default: 64 hexadecimal digits from the platform's cryptographic generator. */
  readonly tokenText?: ((kind: "access" | "refresh") => string) | undefined
}

/**
 * Returns when a refresh token expires, from the current time and the time of the sign-in (all in epoch milliseconds).
 *
 * @since 0.1.0
 * @category models
 */
export type RefreshExpiry = (at: { readonly now: number; readonly signedInAt: number }) => number

/**
 * An issued pair of tokens. Logs show its `number`; the texts are secrets.
 *
 * @since 0.1.0
 * @category models
 */
export interface Issued {
  /** 1 for the first pair of this authority, 2 for the second, … */
  readonly number: number
  /** The number of its sign-in. */
  readonly family: number
  readonly subject: string
  readonly scopes: ReadonlyArray<string>
  readonly accessToken: string
  /** Absent if there are no refresh tokens. */
  readonly refreshToken: string | undefined
  /** Epoch milliseconds; so are the other times. */
  readonly issuedAt: number
  readonly accessExpiresAt: number
  readonly refreshExpiresAt: number
}

/**
 * One sign-in and what became of it, without the tokens. Times are epoch milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface SignIn {
  /** Its number: that of its first pair. */
  readonly family: number
  readonly subject: string
  readonly at: number
  /** How many pairs were issued to it. */
  readonly generation: number
  /** The newest pairs, oldest first. */
  readonly pairs: ReadonlyArray<{
    readonly number: number
    readonly generation: number
    readonly issuedAt: number
    /** When the access token ends, or has ended: by its lifetime, or before it. */
    readonly endsAt: number
    readonly revoked: boolean
  }>
  /** When its newest refresh token expires. Absent without one, and after it was spent or revoked. */
  readonly refreshEndsAt?: number | undefined
}

/**
 * A token was not accepted: it was never issued here, has expired, was revoked, or is a refresh token that was already
 * exchanged.
 *
 * @since 0.1.0
 * @category errors
 */
export class TokenRefused extends Data.TaggedError("TokenRefused")<{
  readonly why: "unknown" | "expired" | "revoked" | "spent"
}> {}

/**
 * The authority. Every change is atomic.
 *
 * @since 0.1.0
 * @category models
 */
export interface TokenAuthority {
  /** Issues the first tokens of a new sign-in (a new family). */
  readonly issue: (
    subject: string,
    options?: { readonly scopes?: ReadonlyArray<string> | undefined }
  ) => Effect.Effect<Issued>
  /** Exchanges a refresh token for new tokens. */
  readonly refresh: (refreshToken: string) => Effect.Effect<Issued, TokenRefused>
  /** Checks the access token of a request. */
  readonly check: (accessToken: string | undefined) => Effect.Effect<Issued, TokenRefused>
  /** Revokes one token of either kind, and nothing else. Returns whether the token was valid. */
  readonly revoke: (token: string) => Effect.Effect<boolean>
  /** Expires all access tokens now. Returns how many were valid. */
  readonly expireAccessTokens: Effect.Effect<number>
  /** Expires all refresh tokens now. Returns how many were valid. */
  readonly expireRefreshTokens: Effect.Effect<number>
  /** Revokes all tokens now. Returns how many were valid. */
  readonly revokeAll: Effect.Effect<number>
  /** All sign-ins, oldest first. */
  readonly signIns: Effect.Effect<ReadonlyArray<SignIn>>
  /** The number of the sign-in that a pair of tokens belongs to, by the pair's number. */
  readonly familyOf: (number: number) => number | undefined
  /** The generation of a pair in its sign-in, from 1, by the pair's number. */
  readonly generationOf: (number: number) => number | undefined
  /** The options as they are now. */
  readonly options: Effect.Effect<Options>
  /** Changes the options for tokens that are issued from now on. */
  readonly configure: (change: Options) => Effect.Effect<void>
  /** The name of a token in logs: `access 3`, `refresh 3` or `unknown`. */
  readonly describe: (token: string) => string
}

interface Pair extends Issued {
  readonly generation: number
  readonly signedInAt: number
  /** The refresh token that was exchanged for it. */
  readonly replaces: RefreshEntry | undefined
  accessEnds: number
  accessRevoked: boolean
}

interface RefreshEntry {
  pair: Pair
  readonly number: number
  ends: number
  revoked: boolean
  /** When it was first exchanged for another one. */
  spentAt: number | undefined
  /** Whether a token that replaced it was used. */
  replacementUsed: boolean
}

interface State {
  options: Options
  readonly pairs: Array<Pair>
  readonly byFamily: Map<number, Array<Pair>>
  readonly byAccess: Map<string, Pair>
  readonly byRefresh: Map<string, RefreshEntry>
}

const hex = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, "0")).join("")

const refreshEnd = (options: Options, now: number, signedInAt: number): number => {
  const life = options.refreshLifetime ?? Duration.days(365)
  if (life === "none") return now
  return typeof life === "function" ? life({ now, signedInAt }) : now + Duration.toMillis(life)
}

interface Seed {
  readonly subject: string
  readonly scopes: ReadonlyArray<string>
  readonly family?: number | undefined
  readonly signedInAt: number
  /** The refresh token that is kept, without rotation. */
  readonly keep?: RefreshEntry | undefined
  /** The refresh token that is replaced, with rotation. */
  readonly replaces?: RefreshEntry | undefined
}

const mint = (state: State, now: number, seed: Seed): Pair => {
  const { options } = state
  const text = options.tokenText ?? hex
  const number = state.pairs.length + 1
  const accessEnds = now + Duration.toMillis(options.accessLifetime ?? Duration.hours(24))
  const refreshExpiresAt = seed.keep?.ends ?? refreshEnd(options, now, seed.signedInAt)
  const pair: Pair = {
    number,
    family: seed.family ?? number,
    generation: (state.byFamily.get(seed.family ?? number)?.length ?? 0) + 1,
    subject: seed.subject,
    scopes: seed.scopes,
    accessToken: text("access"),
    refreshToken: options.refreshLifetime === "none" ? undefined : seed.keep?.pair.refreshToken ?? text("refresh"),
    issuedAt: now,
    accessExpiresAt: accessEnds,
    refreshExpiresAt,
    signedInAt: seed.signedInAt,
    replaces: seed.replaces,
    accessEnds,
    accessRevoked: false
  }
  state.pairs.push(pair)
  const siblings = state.byFamily.get(pair.family)
  if (siblings === undefined) state.byFamily.set(pair.family, [pair])
  else siblings.push(pair)
  state.byAccess.set(pair.accessToken, pair)
  if (seed.keep !== undefined) seed.keep.pair = pair
  else if (pair.refreshToken !== undefined) {
    state.byRefresh.set(pair.refreshToken, {
      pair,
      number,
      ends: refreshExpiresAt,
      revoked: false,
      spentAt: undefined,
      replacementUsed: false
    })
  }
  return pair
}

const revokeAccess = (pair: Pair, now: number): void => {
  pair.accessRevoked = true
  pair.accessEnds = Math.min(pair.accessEnds, now)
}

const revokeFamily = (state: State, family: number, now: number): void => {
  for (const pair of state.byFamily.get(family) ?? []) revokeAccess(pair, now)
  for (const entry of state.byRefresh.values()) if (entry.pair.family === family) entry.revoked = true
}

const isRepeatable = (
  reuse: ReusePolicy | undefined,
  { replacementUsed }: RefreshEntry,
  spentAt: number,
  now: number
): boolean => {
  if (typeof reuse !== "object") return false
  if (reuse.repeatable === "untilUsed") return !replacementUsed
  return now - spentAt < Duration.toMillis(reuse.repeatable)
}

const spend = (state: State, now: number, token: string): Pair | TokenRefused => {
  const { options } = state
  const entry = state.byRefresh.get(token)
  if (entry === undefined) return new TokenRefused({ why: "unknown" })
  if (entry.spentAt !== undefined && !isRepeatable(options.reuse, entry, entry.spentAt, now)) {
    const then = typeof options.reuse === "object" ? options.reuse.then : options.reuse
    if (then === "revoke-family") revokeFamily(state, entry.pair.family, now)
    return new TokenRefused({ why: "spent" })
  }
  if (entry.revoked) return new TokenRefused({ why: "revoked" })
  if (now >= entry.ends) return new TokenRefused({ why: "expired" })
  const { family, scopes, signedInAt, subject } = entry.pair
  if (options.oneAccessToken === true) {
    for (const pair of state.byFamily.get(family) ?? []) revokeAccess(pair, now)
  }
  const rotates = options.rotation !== false
  if (rotates) entry.spentAt ??= now
  if (entry.pair.replaces !== undefined) entry.pair.replaces.replacementUsed = true
  const seed = { subject, scopes, family, signedInAt }
  return mint(state, now, rotates ? { ...seed, replaces: entry } : { ...seed, keep: entry })
}

const check = (state: State, now: number, token: string | undefined): Pair | TokenRefused => {
  const pair = token === undefined ? undefined : state.byAccess.get(token)
  if (pair === undefined) return new TokenRefused({ why: "unknown" })
  if (pair.accessRevoked) return new TokenRefused({ why: "revoked" })
  if (now >= pair.accessEnds) return new TokenRefused({ why: "expired" })
  if (pair.replaces !== undefined) pair.replaces.replacementUsed = true
  return pair
}

const lives = {
  access: (pair: Pair, now: number) => !pair.accessRevoked && now < pair.accessEnds,
  refresh: (entry: RefreshEntry, now: number) => !entry.revoked && entry.spentAt === undefined && now < entry.ends
}

const revoke = (state: State, now: number, token: string): boolean => {
  const pair = state.byAccess.get(token)
  const entry = state.byRefresh.get(token)
  const lived = pair !== undefined && lives.access(pair, now) || entry !== undefined && lives.refresh(entry, now)
  if (pair !== undefined) revokeAccess(pair, now)
  if (entry !== undefined) entry.revoked = true
  return lived
}

const describe = (state: State, token: string): string => {
  const pair = state.byAccess.get(token)
  if (pair !== undefined) return `access ${pair.number}`
  const entry = state.byRefresh.get(token)
  return entry === undefined ? "unknown" : `refresh ${entry.number}`
}

const count = <T>(all: Iterable<T>, change: (one: T) => boolean): number =>
  Array.from(all).reduce((sum, one) => change(one) ? sum + 1 : sum, 0)

const expireAccess = (state: State, now: number): number =>
  count(state.pairs, (pair) => {
    const lived = lives.access(pair, now)
    pair.accessEnds = Math.min(pair.accessEnds, now)
    return lived
  })

const expireRefresh = (state: State, now: number): number =>
  count(state.byRefresh.values(), (entry) => {
    const lived = lives.refresh(entry, now)
    entry.ends = Math.min(entry.ends, now)
    return lived
  })

/** How many pairs of one sign-in are shown. */
const mostShown = 60

const signIn = (state: State, now: number, family: number, pairs: ReadonlyArray<Pair>): SignIn => {
  const shown = pairs.slice(-mostShown)
  const [first, newest] = [pairs[0]!, pairs[pairs.length - 1]!]
  const entry = newest.refreshToken === undefined ? undefined : state.byRefresh.get(newest.refreshToken)
  return {
    family,
    subject: first.subject,
    at: first.signedInAt,
    generation: pairs.length,
    pairs: shown.map(({ accessEnds, accessRevoked, generation, issuedAt, number }) => ({
      number,
      generation,
      issuedAt,
      endsAt: accessEnds,
      revoked: accessRevoked
    })),
    refreshEndsAt: entry !== undefined && lives.refresh(entry, now) ? entry.ends : undefined
  }
}

const orRefused = (found: Pair | TokenRefused): Effect.Effect<Pair, TokenRefused> =>
  found instanceof TokenRefused ? Effect.fail(found) : Effect.succeed(found)

const atNow = <A>(f: (now: number) => A): Effect.Effect<A> => Effect.map(Clock.currentTimeMillis, f)

/** The members that change nothing. */
const looking = (
  state: State
): Pick<TokenAuthority, "describe" | "familyOf" | "generationOf" | "options" | "signIns"> => ({
  signIns: atNow((now) => Array.from(state.byFamily, ([family, pairs]) => signIn(state, now, family, pairs))),
  familyOf: (number) => state.pairs[number - 1]?.family,
  generationOf: (number) => state.pairs[number - 1]?.generation,
  options: Effect.sync(() => state.options),
  describe: (token) => describe(state, token)
})

/**
 * Makes an authority without tokens. The time comes from the caller's Clock.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options?: Options): Effect.Effect<TokenAuthority> =>
  Effect.sync(() => {
    const state: State = {
      options: options ?? {},
      pairs: [],
      byFamily: new Map(),
      byAccess: new Map(),
      byRefresh: new Map()
    }
    return {
      issue: (subject, grant) =>
        atNow((now) => mint(state, now, { subject, scopes: grant?.scopes ?? [], signedInAt: now })).pipe(
          Effect.tap((pair) => note({ issued: pair.number }))
        ),
      refresh: (token) =>
        atNow((now) => {
          const presented = {
            refresh: describe(state, token),
            spent: state.byRefresh.get(token)?.spentAt !== undefined
          }
          return { presented, found: spend(state, now, token) }
        }).pipe(
          Effect.tap(({ found, presented }) =>
            note({
              ...presented,
              ...(found instanceof TokenRefused ? { refused: found.why } : { issued: found.number })
            })
          ),
          Effect.flatMap(({ found }) => orRefused(found))
        ),
      check: (token) =>
        atNow((now) => check(state, now, token)).pipe(
          Effect.tap((found) =>
            note({
              access: token === undefined ? "none" : describe(state, token),
              ...(found instanceof TokenRefused ? { refused: found.why } : {})
            })
          ),
          Effect.flatMap(orRefused)
        ),
      revoke: (token) =>
        Effect.andThen(
          note({ revoked: describe(state, token) }),
          atNow((now) => revoke(state, now, token))
        ),
      expireAccessTokens: atNow((now) => expireAccess(state, now)),
      expireRefreshTokens: atNow((now) => expireRefresh(state, now)),
      revokeAll: atNow((now) =>
        count(state.byAccess.keys(), (token) => revoke(state, now, token)) +
        count(state.byRefresh.keys(), (token) => revoke(state, now, token))
      ),
      ...looking(state),
      configure: (change) =>
        Effect.sync(() => {
          state.options = { ...state.options, ...change }
        })
    }
  })
