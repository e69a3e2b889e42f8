/**
 * Remembering credentials without storing them, by a digest with a salt of the record. A password that was refused gets
 * a slow digest, because it may be right elsewhere; one that was accepted gets none. What works only once is remembered
 * by a fast digest: sign-ins by a code are frequent, and a used code opens nothing.
 */
import * as Effect from "effect/Effect"
import type { SessionRecord } from "../../SessionRecord.ts"
import type * as TokenStore from "../../TokenStore.ts"
import { type Cell, extrasOf } from "./cell.ts"
import * as digests from "./digests.ts"
import { randomId } from "./ids.ts"
import type { Policy } from "./model.ts"
import type { Credentials, Provider } from "./provider.ts"
import * as transitions from "./transitions.ts"

type Remembered = NonNullable<SessionRecord["credential"]>

/** What is remembered of these credentials, if they are the ones on the record. */
export const recall = Effect.fnUntraced(function*(
  record: SessionRecord | undefined,
  { fingerprint }: Credentials
): Effect.fn.Return<Remembered | undefined> {
  const remembered = record?.credential
  if (remembered === undefined || fingerprint === undefined) return undefined
  return (yield* digests.matches(remembered, fingerprint())) ? remembered : undefined
})

/** Whether they must not be sent again: refused before, or usable once and used. */
export const isSpent = ({ singleUse }: Provider, remembered: Remembered | undefined): boolean =>
  remembered !== undefined && (remembered.outcome === "refused" || singleUse)

/** What the record is to remember. */
export const remember = Effect.fnUntraced(function*(
  { singleUse }: Provider,
  { fingerprint }: Credentials,
  outcome: Remembered["outcome"]
): Effect.fn.Return<Remembered | undefined> {
  if (fingerprint === undefined || (!singleUse && outcome === "accepted")) return undefined
  const salt = randomId()
  const digest = yield* digests.fast(salt, fingerprint())
  return { salt, digest: singleUse ? digest : yield* digests.slowOf(salt, digest), outcome }
})

let processSalt: string | undefined

/**
 * Known to this process only, so that what it digests in memory can't be guessed from elsewhere. Made at first use: a
 * Worker has no random values while it loads.
 */
const saltOfProcess = (): string => processSalt ??= randomId() + randomId()

/** The principal of a session that the service began by itself. */
const own = "own-"

/** Whether the service began this session by itself, with its own credentials. */
export const isOwn = ({ principal }: { readonly principal?: string | undefined }): boolean =>
  principal?.startsWith(own) === true

/**
 * The principal of a session that begins now; only of a service that has credentials of its own. Sessions that this process
 * began with the same credentials have the same one. What the record says is about the last sign-in, in any process. A
 * service that signs in by itself takes it over if a process of the service began that session by itself. It does not if
 * this process knows that its credentials have changed since.
 */
export const principalOf = Effect.fnUntraced(function*(
  { policy }: { readonly policy: Policy },
  cell: Cell,
  record: SessionRecord | undefined,
  { fingerprint }: Credentials,
  isItself: boolean
): Effect.fn.Return<string | undefined> {
  if (!policy.canSignIn) return undefined
  const digest = fingerprint === undefined ? undefined : yield* digests.fast(saltOfProcess(), fingerprint())
  const extras = extrasOf(cell)
  const before = extras.lastCredentials
  const isSame = digest !== undefined && before?.digest === digest
  // Credentials without a fingerprint all look the same, so they count as unchanged.
  const isUnchanged = digest === undefined || isSame || before === undefined
  const isTrusted = isItself && isUnchanged && record !== undefined && isOwn(record)
  const known = isTrusted ? record.principal : isSame ? before.principal : undefined
  const principal = known ?? (isItself ? own : "") + randomId()
  extras.lastCredentials = { digest, principal }
  return principal
})

/** Records of the older form hold a fast digest of each password: the next write takes it away, or makes it slow. */
const upgraded = (record: SessionRecord): Effect.Effect<SessionRecord> | undefined => {
  const { credential } = record
  if (credential === undefined) return undefined
  if (credential.outcome === "accepted") return Effect.succeed(transitions.remembering(record, undefined))
  if (!digests.isFast(credential.digest)) return undefined
  return Effect.map(
    digests.slowOf(credential.salt, credential.digest),
    (digest) => transitions.remembering(record, { ...credential, digest })
  )
}

/** The store, as it is written through: no record leaves with a digest from which a password can be guessed fast. */
export const upgrading = (provider: Provider, store: TokenStore.Service): TokenStore.Service =>
  provider.singleUse ? store : {
    ...store,
    compareAndSet: (key, expected, next) => {
      const better = upgraded(next)
      return better === undefined
        ? store.compareAndSet(key, expected, next)
        : Effect.flatMap(better, (record) => store.compareAndSet(key, expected, record))
    }
  }
