/**
 * What every token store must do, as one suite: three lines for a store, and it is tested as all others are.
 *
 * ```ts
 * import * as TokenStoreLaws from "@effect-auth/testing/TokenStoreLaws"
 *
 * TokenStoreLaws.suite("my store", MyStore.layer({ url: "…" }), { durable: true })
 * ```
 *
 * `suite` needs `vitest` and `@effect/vitest`; `laws` are plain Effects that run anywhere.
 *
 * @since 0.1.0
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import { TokenStore } from "@effect-auth/core/TokenStore"
import { describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as contention from "./internal/lawsOfContention.ts"
import * as reading from "./internal/lawsOfRecords.ts"
import { fails, freshKey, holds, type LawBroken, read, same, sessionRecord, write } from "./internal/lawSupport.ts"

/**
 * One law: `run` fails with {@link LawBroken} where the store in the environment breaks it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Law {
  readonly name: string
  readonly run: Effect.Effect<void, LawBroken | TokenStoreError, TokenStore>
}

export {
  /**
   * A store did what no token store may do.
   *
   * @since 0.1.0
   * @category errors
   */
  LawBroken
} from "./internal/lawSupport.ts"

/**
 * What a suite should know about a store beyond its layer.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** A second build of the layer reads what a first one wrote. Default: false. */
  readonly durable?: boolean | undefined
  /** How to take the store's backend away and bring it back, for the laws of failure. */
  readonly outage?: Outage | undefined
  /** Whether the law of 10,000 accounts runs. Default: true. */
  readonly manyAccounts?: boolean | undefined
  /** How long one law may take (default: 30 seconds). */
  readonly timeout?: Duration.DurationInput | undefined
}

/**
 * A way to take a backend away: no call may succeed between `begin` and `end`, and both must be done when they return.
 *
 * @since 0.1.0
 * @category models
 */
export interface Outage {
  readonly begin: Effect.Effect<void, unknown>
  readonly end: Effect.Effect<void, unknown>
  /** How long a call may take to fail without the backend (default: 15 seconds). */
  readonly within?: Duration.DurationInput | undefined
}

/**
 * What holds for every store.
 *
 * @since 0.1.0
 * @category constructors
 */
export const laws: ReadonlyArray<Law> = [...reading.laws, ...contention.laws]

/**
 * Ten thousand accounts in one store: none is lost, none is mixed up.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lawOfManyAccounts: Law = contention.manyAccounts

/**
 * Two builds of one layer over the same data: what one wrote the other reads, and only one of them wins.
 *
 * @since 0.1.0
 * @category constructors
 */
export const durableLaws = <E>(
  layer: Layer.Layer<TokenStore, E>
): ReadonlyArray<{ readonly name: string; readonly run: Effect.Effect<void, LawBroken | TokenStoreError | E> }> => {
  const build = Effect.map(Layer.build(Layer.fresh(layer)), (context) => Context.get(context, TokenStore))
  return [
    {
      name: "a restart finds what was written before it",
      run: Effect.gen(function*() {
        const key = freshKey("restart")
        const record = sessionRecord(key, 1)
        yield* Effect.scoped(Effect.flatMap(build, (store) => write(store, key, 0, record)))
        const found = yield* Effect.scoped(Effect.flatMap(build, (store) => read(store, key)))
        yield* same("a restart", found, record)
      })
    },
    {
      name: "two instances over the same data are one store",
      run: Effect.scoped(Effect.gen(function*() {
        const [left, right] = yield* Effect.all([build, build])
        yield* contention.race(left, right)
      }))
    }
  ]
}

/**
 * A backend that goes away: calls fail with `TokenStoreError` within a bounded time, an acknowledged write is never
 * lost, a record is never torn, and the store comes back by itself.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lawOfOutage = (outage: Outage): Law => ({
  name: "a backend that goes away and comes back costs no record",
  run: Effect.gen(function*() {
    const store = yield* TokenStore
    const key = freshKey("outage")
    const first = sessionRecord(key, 1)
    const second = sessionRecord(key, 2)
    yield* write(store, key, 0, first)
    const ended = Effect.ignore(outage.end)
    yield* Effect.gen(function*() {
      yield* Effect.mapError(outage.begin, (cause) => fails("outage", `the outage did not begin: ${String(cause)}`))
      yield* failsInTime("a write", store.compareAndSet(key, 1, second), outage.within ?? Duration.seconds(15))
    }).pipe(Effect.ensuring(ended))
    const found = yield* read(store, key).pipe(
      Effect.retry(Schedule.intersect(Schedule.spaced(100), Schedule.recurs(150)))
    )
    // An outage takes the answer away, not always the write: both are right, half of each is not.
    yield* same("the record after the outage", found, found?.version === 2 ? second : first)
    const version = found?.version ?? 0
    const won = yield* store.compareAndSet(key, version, sessionRecord(key, version + 1))
    yield* holds("outage", won, "the store did not take a write after the outage")
  })
})

const failsInTime = <A>(what: string, call: Effect.Effect<A, TokenStoreError>, bounded: Duration.DurationInput) =>
  call.pipe(
    Effect.timeoutFail({ duration: bounded, onTimeout: () => "hangs" as const }),
    Effect.matchEffect({
      onSuccess: (answer) => Effect.fail(fails("outage", `${what} answered ${String(answer)} without a backend`)),
      onFailure: (error) =>
        error === "hangs" ? Effect.fail(fails("outage", `${what} hangs without a backend`)) : Effect.void
    })
  )

/**
 * Registers every law as a test of the store that `layer` builds; each law gets a build of its own.
 *
 * @since 0.1.0
 * @category constructors
 */
export const suite = <E>(name: string, layer: Layer.Layer<TokenStore, E>, options: Options = {}): void => {
  const timeout = Duration.toMillis(options.timeout ?? Duration.seconds(30))
  const own: ReadonlyArray<Law> = [
    ...laws,
    ...(options.manyAccounts === false ? [] : [lawOfManyAccounts]),
    ...(options.outage === undefined ? [] : [lawOfOutage(options.outage)])
  ]
  describe(`${name}: the laws of a token store`, () => {
    for (const law of own) {
      it.live(law.name, () => Effect.provide(law.run, Layer.fresh(layer)), timeout)
    }
    for (const law of options.durable === true ? durableLaws(layer) : []) it.live(law.name, () => law.run, timeout)
  })
}
