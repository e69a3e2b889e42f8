/**
 * The laws of every token store, as one test suite. Three lines test your own store like the others.
 *
 * ```ts
 * import * as TokenStoreLaws from "@effect-auth/testing/TokenStoreLaws"
 *
 * TokenStoreLaws.suite("my store", MyStore.layer({ url: "…" }), { durable: true })
 * ```
 *
 * This module is for test files of `vitest` with `@effect/vitest`. `laws` are plain Effects, for other ways to declare
 * tests.
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
import * as reports from "./internal/lawsOfChanges.ts"
import * as contention from "./internal/lawsOfContention.ts"
import * as reading from "./internal/lawsOfRecords.ts"
import { fails, freshKey, holds, type LawBroken, read, same, sessionRecord, write } from "./internal/lawSupport.ts"

/**
 * One law: `run` fails with {@link LawBroken} if the store in the context breaks it.
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
   * The error of a store that broke a law.
   *
   * @since 0.1.0
   * @category errors
   */
  LawBroken
} from "./internal/lawSupport.ts"

/**
 * The options of a suite.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Whether a second build of the layer reads the records of the first one. Default: false. */
  readonly durable?: boolean | undefined
  /** How to stop and restart the store's backend, for the laws of failure. */
  readonly outage?: Outage | undefined
  /**
   * For stores that several processes share: starts another process that runs `TokenStoreContender.run` with this task
   * over the same store, and returns the text that it yields.
   */
  readonly process?: ((task: string) => Effect.Effect<string, unknown>) | undefined
  /** Whether the law of 10,000 accounts runs. Default: true. */
  readonly manyAccounts?: boolean | undefined
  /**
   * How long one law may take (default: 30 seconds). The law of processes may take six times as long, because processes
   * must start.
   */
  readonly timeout?: Duration.Input | undefined
}

/**
 * A way to make a backend fail. Between `begin` and `end` no call may succeed. Both must have taken effect when they
 * return.
 *
 * @since 0.1.0
 * @category models
 */
export interface Outage {
  readonly begin: Effect.Effect<void, unknown>
  readonly end: Effect.Effect<void, unknown>
  /** How long a call may take to fail without the backend (default: 15 seconds). */
  readonly within?: Duration.Input | undefined
}

/**
 * The laws of every store.
 *
 * @since 0.1.0
 * @category constructors
 */
export const laws: ReadonlyArray<Law> = [...reading.laws, ...contention.laws, ...reports.laws]

/**
 * The law of 10,000 accounts in one store: each account keeps its own record.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lawOfManyAccounts: Law = contention.manyAccounts

/**
 * The law of eight processes that write one record. `start` is like `process` of the options.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lawOfProcesses: (start: (task: string) => Effect.Effect<string, unknown>) => Law = contention.processes

/**
 * The laws of two builds of one layer over the same data: each reads the writes of the other, and only one of them wins
 * a version.
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
    },
    {
      name: "where there are changes, one instance hears of what another wrote",
      run: Effect.scoped(Effect.gen(function*() {
        const [left, right] = yield* Effect.all([build, build])
        yield* reports.heardElsewhere(left, right)
      }))
    }
  ]
}

/**
 * The law of a backend that fails: calls fail with `TokenStoreError` within a limited time, an acknowledged write is
 * never lost, a record is never partly written, and the store recovers by itself.
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
      Effect.retry(Schedule.max([Schedule.spaced(100), Schedule.recurs(150)]))
    )
    // In an outage the answer is lost, but the write may have arrived. Either record is right, but not a mix of both.
    yield* same("the record after the outage", found, found?.version === 2 ? second : first)
    const overwrite = (version: number) => store.compareAndSet(key, version, sessionRecord(key, version + 1))
    if (yield* overwrite(found?.version ?? 0)) return
    // The write without an answer can arrive late, even after that read.
    yield* same("the record after a late write", yield* read(store, key), second)
    yield* holds("outage", yield* overwrite(2), "the store did not take a write after the outage")
  })
})

const failsInTime = <A>(what: string, call: Effect.Effect<A, TokenStoreError>, bounded: Duration.Input) =>
  call.pipe(
    Effect.timeoutOrElse({ duration: bounded, orElse: () => Effect.fail("hangs" as const) }),
    Effect.matchEffect({
      onSuccess: (answer) => Effect.fail(fails("outage", `${what} answered ${String(answer)} without a backend`)),
      onFailure: (error) =>
        error === "hangs" ? Effect.fail(fails("outage", `${what} hangs without a backend`)) : Effect.void
    })
  )

/**
 * Registers every law as a test of the store that `layer` builds. Each law gets its own build.
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
    if (options.process === undefined) return
    const together = lawOfProcesses(options.process)
    it.live(together.name, () => Effect.provide(together.run, Layer.fresh(layer)), 6 * timeout)
  })
}
