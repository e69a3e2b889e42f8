/** Helpers of the laws, and the records of the token store's laws. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import type { RecordKey } from "@effect-auth/core/RecordKey"
import * as Session from "@effect-auth/core/SessionRecord"
import type * as TokenStore from "@effect-auth/core/TokenStore"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

/**
 * A token store or a provider broke a law.
 *
 * @since 0.1.0
 * @category errors
 */
export class LawBroken extends Data.TaggedError("LawBroken")<{
  readonly law: string
  readonly detail: string
}> {
  override get message(): string {
    return `${this.law}: ${this.detail}`
  }
}

export const fails = (law: string, detail: string): LawBroken => new LawBroken({ law, detail })

export const holds = (law: string, condition: boolean, detail: string): Effect.Effect<void, LawBroken> =>
  condition ? Effect.void : Effect.fail(fails(law, detail))

const randomName = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("")

/** A key that no other run has used, because others may use the same store. */
export const freshKey = (law: string): RecordKey => ({ provider: "laws", realm: law, account: randomName() })

/** A record with all common fields, and tokens that contain its version. */
export const sessionRecord = (key: RecordKey, version: number, more: Partial<Session.SessionRecord> = {}) =>
  ({
    ...Session.empty(key),
    version,
    session: "session-of-the-laws",
    generation: version,
    state: { _tag: "active" as const },
    tokens: {
      accessToken: Redacted.make(`access-${version}`),
      refreshToken: Redacted.make(`refresh-${version}`),
      scopes: ["read", "write"],
      obtainedAt: 1_700_000_000_000,
      lifetime: 3_600_000
    },
    born: "time" as const,
    commitId: `commit-${version}`,
    ...more
  }) satisfies Session.SessionRecord

export const read = (
  store: TokenStore.Service,
  key: RecordKey
): Effect.Effect<Session.SessionRecord | undefined, TokenStoreError> =>
  Effect.map(store.get(key), Option.getOrUndefined)

/** A write that must win. */
export const write = (
  store: TokenStore.Service,
  key: RecordKey,
  expected: number,
  next: Session.SessionRecord
): Effect.Effect<void, LawBroken | TokenStoreError> =>
  Effect.flatMap(
    store.compareAndSet(key, expected, next),
    (won) => holds("a write of the next version", won, `lost, although version ${expected} is stored`)
  )

/** Compares two records by their stored texts, without the order of keys. */
export const same = (
  law: string,
  found: Session.SessionRecord | undefined,
  expected: Session.SessionRecord
): Effect.Effect<void, LawBroken> => {
  if (found === undefined) return Effect.fail(fails(law, `no record, where version ${expected.version} was written`))
  return holds(
    law,
    canonical(JSON.parse(Session.encode(found))) === canonical(JSON.parse(Session.encode(expected))),
    `version ${found.version} was read, and it is not what was written as version ${expected.version}`
  )
}

const canonical = (value: unknown): string =>
  JSON.stringify(
    value,
    (_, inner: unknown) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
        : inner
  )
