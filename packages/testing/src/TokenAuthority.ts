/**
 * The small token server behind every sandbox: it issues, rotates, expires and revokes opaque tokens, and knows which
 * were spent. It is written from the RFCs and the providers' pages, and shares no code with the client.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { note } from "./internal/trace.ts"

/**
 * What happens when a refresh token that was already exchanged is presented again.
 *
 * - `refuse`: it is refused (default).
 * - `revoke-family`: it is refused, and every token of its sign-in dies with it (RFC 9700 section 4.14.2).
 * - `grace`: it still works until the access token that replaced it is first used, as Doorkeeper does.
 *
 * @see RFC 9700 section 4.14: https://www.rfc-editor.org/rfc/rfc9700#section-4.14
 * @since 0.1.0
 * @category models
 */
export type ReusePolicy = "refuse" | "revoke-family" | "grace"

/**
 * How the tokens live. All of it can be changed while the authority runs; tokens that were issued keep their life.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Default: 24 hours. `Infinity` where tokens have no end. */
  readonly accessLifetime?: Duration.DurationInput | undefined
  /** Default: 365 days. A function gives the moment itself (epoch milliseconds); `none`: no refresh tokens. */
  readonly refreshLifetime?: Duration.DurationInput | "none" | RefreshExpiry | undefined
  /** Whether a refresh replaces the refresh token. Default: true. */
  readonly rotation?: boolean | undefined
  /** Default: `refuse`. */
  readonly reuse?: ReusePolicy | undefined
  /** Whether a refresh kills the access tokens issued before in the same sign-in. Default: false. */
  readonly oneAccessToken?: boolean | undefined
  /** Makes the text of a token. Default: 64 hexadecimal digits from the platform's cryptographic generator. */
  readonly tokenText?: ((kind: "access" | "refresh") => string) | undefined
}

/**
 * When a refresh token dies, from now and the moment of the sign-in (all in epoch milliseconds).
 *
 * @since 0.1.0
 * @category models
 */
export type RefreshExpiry = (at: { readonly now: number; readonly signedInAt: number }) => number

/**
 * A pair of tokens, as issued. `number` names it in logs; the texts are the secrets themselves.
 *
 * @since 0.1.0
 * @category models
 */
export interface Issued {
  /** 1 for the first pair of this authority, 2 for the second, … */
  readonly number: number
  /** The number of the sign-in that it descends from. */
  readonly family: number
  readonly subject: string
  readonly scopes: ReadonlyArray<string>
  readonly accessToken: string
  /** Absent where there are no refresh tokens. */
  readonly refreshToken: string | undefined
  /** Epoch milliseconds, like the other times. */
  readonly issuedAt: number
  readonly accessExpiresAt: number
  readonly refreshExpiresAt: number
}

/**
 * A token was not accepted: never issued here, past its life, revoked, or a refresh token that was exchanged before.
 *
 * @since 0.1.0
 * @category errors
 */
export class TokenRefused extends Data.TaggedError("TokenRefused")<{
  readonly why: "unknown" | "expired" | "revoked" | "spent"
}> {}

/**
 * The authority. Every change is made in one step: two requests never see a state in between.
 *
 * @since 0.1.0
 * @category models
 */
export interface TokenAuthority {
  /** Starts a family of tokens: what a sign-in does. */
  readonly issue: (
    subject: string,
    options?: { readonly scopes?: ReadonlyArray<string> | undefined }
  ) => Effect.Effect<Issued>
  /** Spends a refresh token. */
  readonly refresh: (refreshToken: string) => Effect.Effect<Issued, TokenRefused>
  /** Looks at an access token that a request carries. */
  readonly check: (accessToken: string | undefined) => Effect.Effect<Issued, TokenRefused>
  /** Kills one token, of either kind, and nothing else. Whether there was such a token that lived. */
  readonly revoke: (token: string) => Effect.Effect<boolean>
  /** Ends the life of every access token now; how many lived. */
  readonly expireAccessTokens: Effect.Effect<number>
  /** Ends the life of every refresh token now; how many lived. */
  readonly expireRefreshTokens: Effect.Effect<number>
  /** Kills every token now; how many lived. */
  readonly revokeAll: Effect.Effect<number>
  /** Changes how tokens that are issued from now on live. */
  readonly configure: (change: Options) => Effect.Effect<void>
  /** What may be said of a token: `access 3`, `refresh 3` or `unknown`. */
  readonly describe: (token: string) => string
}

interface Pair extends Issued {
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
  spent: boolean
}

interface State {
  options: Options
  readonly pairs: Array<Pair>
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
  /** A refresh token that stays, where they do not rotate. */
  readonly keep?: RefreshEntry | undefined
  /** A refresh token that goes, where they do. */
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
  state.byAccess.set(pair.accessToken, pair)
  if (seed.keep !== undefined) seed.keep.pair = pair
  else if (pair.refreshToken !== undefined) {
    state.byRefresh.set(pair.refreshToken, { pair, number, ends: refreshExpiresAt, revoked: false, spent: false })
  }
  return pair
}

const revokeFamily = (state: State, family: number): void => {
  for (const pair of state.pairs) if (pair.family === family) pair.accessRevoked = true
  for (const entry of state.byRefresh.values()) if (entry.pair.family === family) entry.revoked = true
}

const spend = (state: State, now: number, token: string): Pair | TokenRefused => {
  const { options } = state
  const entry = state.byRefresh.get(token)
  if (entry === undefined) return new TokenRefused({ why: "unknown" })
  if (entry.spent && (options.reuse !== "grace" || entry.revoked)) {
    if (options.reuse === "revoke-family") revokeFamily(state, entry.pair.family)
    return new TokenRefused({ why: "spent" })
  }
  if (entry.revoked) return new TokenRefused({ why: "revoked" })
  if (now >= entry.ends) return new TokenRefused({ why: "expired" })
  const { family, scopes, signedInAt, subject } = entry.pair
  if (options.oneAccessToken === true) {
    for (const pair of state.pairs) if (pair.family === family) pair.accessRevoked = true
  }
  const rotates = options.rotation !== false
  entry.spent = rotates
  const seed = { subject, scopes, family, signedInAt }
  return mint(state, now, rotates ? { ...seed, replaces: entry } : { ...seed, keep: entry })
}

const check = (state: State, now: number, token: string | undefined): Pair | TokenRefused => {
  const pair = token === undefined ? undefined : state.byAccess.get(token)
  if (pair === undefined) return new TokenRefused({ why: "unknown" })
  if (pair.accessRevoked) return new TokenRefused({ why: "revoked" })
  if (now >= pair.accessEnds) return new TokenRefused({ why: "expired" })
  // The first use of an access token ends the grace of the refresh token that it came from.
  if (pair.replaces !== undefined) pair.replaces.revoked = true
  return pair
}

const lives = {
  access: (pair: Pair, now: number) => !pair.accessRevoked && now < pair.accessEnds,
  refresh: (entry: RefreshEntry, now: number) => !entry.revoked && !entry.spent && now < entry.ends
}

const revoke = (state: State, now: number, token: string): boolean => {
  const pair = state.byAccess.get(token)
  const entry = state.byRefresh.get(token)
  const lived = pair !== undefined && lives.access(pair, now) || entry !== undefined && lives.refresh(entry, now)
  if (pair !== undefined) pair.accessRevoked = true
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

const orRefused = (found: Pair | TokenRefused): Effect.Effect<Pair, TokenRefused> =>
  found instanceof TokenRefused ? Effect.fail(found) : Effect.succeed(found)

/**
 * Makes an authority that has issued nothing yet. Time comes from the Clock of whoever asks.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options?: Options): Effect.Effect<TokenAuthority> =>
  Effect.sync(() => {
    const state: State = { options: options ?? {}, pairs: [], byAccess: new Map(), byRefresh: new Map() }
    const atNow = <A>(f: (now: number) => A): Effect.Effect<A> => Effect.map(Clock.currentTimeMillis, f)
    return {
      issue: (subject, grant) =>
        atNow((now) => mint(state, now, { subject, scopes: grant?.scopes ?? [], signedInAt: now })).pipe(
          Effect.tap((pair) => note({ issued: pair.number }))
        ),
      refresh: (token) =>
        atNow((now) => {
          const presented = { refresh: describe(state, token), spent: state.byRefresh.get(token)?.spent ?? false }
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
        Effect.zipRight(
          note({ revoked: describe(state, token) }),
          atNow((now) => revoke(state, now, token))
        ),
      expireAccessTokens: atNow((now) => expireAccess(state, now)),
      expireRefreshTokens: atNow((now) => expireRefresh(state, now)),
      revokeAll: atNow((now) =>
        count(state.byAccess.keys(), (token) => revoke(state, now, token)) +
        count(state.byRefresh.keys(), (token) => revoke(state, now, token))
      ),
      configure: (change) =>
        Effect.sync(() => {
          state.options = { ...state.options, ...change }
        }),
      describe: (token) => describe(state, token)
    }
  })
