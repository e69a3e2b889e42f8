/**
 * The callers of a keeper, and what each of them may do. A caller shows a bearer; the keeper has only its digest.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Redacted from "effect/Redacted"

/**
 * `read`: access tokens, also after a rejection, the state, and events · `refresh`: refresh now · `signOut` · `signIn`:
 * only where the keeper has it switched on.
 *
 * @since 0.1.0
 * @category models
 */
export type Operation = "read" | "refresh" | "signOut" | "signIn"

/**
 * One caller.
 *
 * @since 0.1.0
 * @category models
 */
export interface Caller {
  /** Its name in logs. */
  readonly name: string
  /** The digests ({@link digest}) of its bearers: two while a bearer is replaced. */
  readonly bearers: ReadonlyArray<string>
  /** The accounts that it may use. */
  readonly accounts: "all" | ReadonlyArray<string> | ((account: string) => boolean)
  /**
   * The further APIs (RFC 8707) for which it may have access tokens. Each new one costs an exchange and a place in the
   * session. Default: none.
   */
  readonly resources?: "all" | ReadonlyArray<string> | ((resource: string) => boolean) | undefined
  /** What it may do with them. Default: `read`. */
  readonly operations?: ReadonlyArray<Operation> | undefined
  /** The names of the providers that it may use. Default: all. */
  readonly providers?: ReadonlyArray<string> | undefined
}

/**
 * The digest of a bearer: SHA-256 in lower-case hexadecimal digits. A bearer of 32 random bytes needs no slower one.
 *
 * @since 0.1.0
 * @category conversions
 */
export const digest = (bearer: Redacted.Redacted<string>): Effect.Effect<string> =>
  Effect.map(digestOf(Redacted.value(bearer)), Encoding.encodeHex)

/** A digest has a fixed length, so a bearer of any length is compared in the same time. */
const digestOf = (text: string): Effect.Effect<Uint8Array> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
    (bytes) => new Uint8Array(bytes)
  )

/**
 * Makes a new bearer, of 32 random bytes, and its digest.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeBearer: Effect.Effect<{ readonly bearer: Redacted.Redacted<string>; readonly digest: string }> = Effect
  .flatMap(
    Effect.sync(() => Redacted.make(Encoding.encodeBase64Url(crypto.getRandomValues(new Uint8Array(32))))),
    (bearer) => Effect.map(digest(bearer), (digest) => ({ bearer, digest }))
  )

/** Looks at every byte, so that its time says nothing of where two digests differ. */
const isSame = (one: Uint8Array, other: Uint8Array): boolean => {
  let different = one.length ^ other.length
  for (let index = 0; index < one.length; index++) different |= one[index]! ^ (other[index] ?? 0)
  return different === 0
}

const bytesOf = (digest: string): Uint8Array => {
  const decoded = Encoding.decodeHex(digest.trim().toLowerCase())
  return decoded._tag === "Right" ? decoded.right : new Uint8Array()
}

/**
 * Makes the search for the caller of a bearer. It compares with every digest that it has, whichever fits. A bearer of two
 * callers is nobody's.
 *
 * @since 0.1.0
 * @category constructors
 */
export const finder = (
  callers: ReadonlyArray<Caller>
): (bearer: string | undefined) => Effect.Effect<Caller | undefined> => {
  const known = callers.flatMap((caller) => caller.bearers.map((digest) => ({ caller, digest: bytesOf(digest) })))
  return (bearer) =>
    bearer === undefined || bearer === "" ? Effect.succeed(undefined) : Effect.map(digestOf(bearer), (given) => {
      const found = new Set<Caller>()
      for (const { caller, digest } of known) if (isSame(given, digest)) found.add(caller)
      return found.size === 1 ? Array.from(found)[0] : undefined
    })
}

type Allowed = "all" | ReadonlyArray<string> | ((name: string) => boolean)

const isAllowed = (allowed: Allowed, name: string): boolean =>
  allowed === "all" || (typeof allowed === "function" ? allowed(name) : allowed.includes(name))

/**
 * Whether a caller may use an account.
 *
 * @since 0.1.0
 * @category predicates
 */
export const mayUse = ({ accounts, providers }: Caller, provider: string, account: string): boolean =>
  mayUseProvider({ providers }, provider) && isAllowed(accounts, account)

/**
 * Whether a caller may have access tokens for a further API.
 *
 * @since 0.1.0
 * @category predicates
 */
export const mayUseResource = ({ resources }: Pick<Caller, "resources">, resource: string): boolean =>
  isAllowed(resources ?? [], resource)

/**
 * Whether a caller may use the sessions of a provider.
 *
 * @since 0.1.0
 * @category predicates
 */
export const mayUseProvider = ({ providers }: Pick<Caller, "providers">, provider: string): boolean =>
  providers === undefined || providers.includes(provider)

/**
 * Whether a caller may do this.
 *
 * @since 0.1.0
 * @category predicates
 */
export const mayDo = ({ operations }: Caller, operation: Operation): boolean =>
  (operations ?? ["read"]).includes(operation)
