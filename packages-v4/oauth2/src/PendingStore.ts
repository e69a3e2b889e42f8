/**
 * Where sign-ins wait between the moment a browser leaves for the authorization server and the moment it comes back. An
 * entry is used once, ends after ten minutes, and belongs to one browser.
 *
 * | store | for |
 * | --- | --- |
 * | {@link layerMemory} | one process |
 * | `@effect-auth/store-sql/SqlPendingStore` | many processes over PostgreSQL, MySQL or SQLite |
 * | `@effect-auth/store-redis/RedisPendingStore` | many processes over Redis |
 * | `BrowserPendingStore` | a single-page application: one tab |
 * | `SealedPendingStore` | no store at all: the cookie carries the entry, sealed; a response can be sent again |
 *
 * ```ts
 * import * as PendingStore from "@effect-auth/oauth2/PendingStore"
 *
 * const waiting = PendingStore.layerMemory({ capacity: 1_000 })
 * ```
 *
 * @since 0.1.0
 */
import { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/**
 * A sign-in that was begun.
 *
 * @since 0.1.0
 * @category models
 */
export interface Pending {
  /** The digest of what the browser holds. */
  readonly browser: string
  /** Which client at which server began it: the answer of another one is refused. */
  readonly realm: string
  readonly redirectUri: string
  /** The verifier of PKCE. */
  readonly verifier: Redacted.Redacted<string>
  /** Where an ID token was asked for. */
  readonly nonce?: string | undefined
  readonly scopes?: ReadonlyArray<string> | undefined
  /** Whose session it is to become, where that was known. */
  readonly account?: string | undefined
  /** The path where the browser goes in the end. */
  readonly returnTo?: string | undefined
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/**
 * The contract of a store, which `@effect-auth/testing/PendingStoreLaws` checks. Ids are digests: whoever reads the store
 * can't finish a sign-in.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /**
   * Keeps an entry; `false` when there is no room. No other entry is dropped for it. A text means that the store keeps
   * nothing: the browser carries the text, and brings it to `take`.
   */
  readonly put: (id: string, pending: Pending) => Effect.Effect<boolean | Redacted.Redacted<string>, TokenStoreError>
  /**
   * Takes an entry out and gives it, once, across processes. Gives `undefined`, and leaves the entry where it is, when it
   * belongs to another browser; an entry that has ended counts as none.
   */
  readonly take: (
    id: string,
    browser: string,
    carried?: Redacted.Redacted<string>
  ) => Effect.Effect<Pending | undefined, TokenStoreError>
}

/**
 * The store of sign-ins that wait.
 *
 * @since 0.1.0
 * @category tags
 */
export class PendingStore extends Context.Service<PendingStore, Service>()("@effect-auth/oauth2/PendingStore") {}

const codec = Schema.fromJsonString(Schema.Struct({
  browser: Schema.String,
  realm: Schema.String,
  redirectUri: Schema.String,
  verifier: Schema.RedactedFromValue(Schema.String),
  nonce: Schema.optional(Schema.String),
  scopes: Schema.optional(Schema.Array(Schema.String)),
  account: Schema.optional(Schema.String),
  returnTo: Schema.optional(Schema.String),
  expiresAt: Schema.Number
}))

/**
 * The text that a store outside the process keeps. It holds the verifier in clear, which is of no use without the code and
 * the browser's cookie.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode: (pending: Pending) => string = Schema.encodeSync(codec)

const decodeText = Schema.decodeUnknownEffect(codec)

/**
 * Reads it back. Fails with `TokenStoreError`, reason `corrupt`, and never says what the text was.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode = (text: unknown): Effect.Effect<Pending, TokenStoreError> =>
  Effect.mapError(
    decodeText(text),
    () => new TokenStoreError({ provider: "oauth2", account: "", operation: "read", reason: "corrupt" })
  )

/**
 * How many sign-ins may wait in a store where nothing else is said.
 *
 * @since 0.1.0
 * @category constructors
 */
export const defaultCapacity = 10_000

/**
 * A store in memory, for a program of one process: what waits ends with it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeMemory = (options?: {
  /** How many sign-ins may wait. Default: 10,000, about 10 MB. */
  readonly capacity?: number | undefined
}): Effect.Effect<Service> =>
  Effect.sync(() => {
    const capacity = options?.capacity ?? defaultCapacity
    const all = new Map<string, Pending>()
    return {
      put: (id, pending) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          // Most entries live equally long, so the oldest ones end first. A full store looks at all of them.
          const isFull = all.size >= capacity
          for (const [id, { expiresAt }] of all) {
            if (expiresAt <= now) all.delete(id)
            else if (!isFull) break
          }
          if (all.size >= capacity) return false
          all.set(id, pending)
          return true
        }),
      take: (id, browser) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const found = all.get(id)
          if (found === undefined || found.browser !== browser) return undefined
          all.delete(id)
          return found.expiresAt > now ? found : undefined
        })
    }
  })

/**
 * The store in memory as a layer. Provide it once and share it: each building is a store of its own.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory = (options?: {
  /** How many sign-ins may wait. Default: 10,000, about 10 MB. */
  readonly capacity?: number | undefined
}): Layer.Layer<PendingStore> => Layer.effect(PendingStore, makeMemory(options))
