/**
 * The laws of every store of pending sign-ins, as one test suite.
 *
 * ```ts
 * import * as PendingStore from "@effect-auth/oauth2/PendingStore"
 * import * as PendingStoreLaws from "@effect-auth/testing/PendingStoreLaws"
 *
 * PendingStoreLaws.suite("in memory", PendingStore.layerMemory({ capacity: 5 }), { capacity: 5 })
 * ```
 *
 * This module is for test files of `vitest` with `@effect/vitest`. `laws` are plain Effects.
 *
 * @since 0.1.0
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import { type Pending, PendingStore, type Service } from "@effect-auth/oauth2/PendingStore"
import { describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { holds, type LawBroken } from "./internal/lawSupport.ts"

/**
 * One law: `run` fails with `LawBroken` if the store in the context breaks it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Law {
  readonly name: string
  readonly run: Effect.Effect<void, LawBroken | TokenStoreError, PendingStore>
}

/**
 * The options of a suite.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The capacity of the store, for the law of a full store: at most 100. No other code may use the store. */
  readonly capacity?: number | undefined
  /** Whether the browser carries the entry, so that it can be taken again. Default: false. */
  readonly replayable?: boolean | undefined
  /** Whether two builds of the layer share one store. Default: false. */
  readonly shared?: boolean | undefined
}

const random = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, "0")).join("")

/** An entry with every field set, and texts that need care in any format. */
const entry = (more: Partial<Pending> = {}) =>
  Effect.map(Clock.currentTimeMillis, (now): Pending => ({
    browser: random(),
    realm: "login.example.com/app",
    redirectUri: "https://app.example.com/callback?a=b&c=%20'",
    verifier: Redacted.make(random()),
    nonce: random(),
    scopes: ["openid", "a:b/c d"],
    account: "Zoë \"7\" \\ \u{1f600}",
    returnTo: "/orders?page=2#x",
    expiresAt: now + 600_000,
    ...more
  }))

/** Puts an entry, and returns how to take it again. */
const put = Effect.fnUntraced(function*(store: Service, pending: Pending) {
  const id = random()
  const kept = yield* store.put(id, pending)
  const carried = Redacted.isRedacted(kept) ? kept : undefined
  return {
    id,
    carried,
    isKept: kept !== false,
    take: (browser = pending.browser, from = store) => from.take(id, browser, carried)
  }
})

const plain = (pending: Pending | undefined): string =>
  JSON.stringify(pending === undefined ? "nothing" : { ...pending, verifier: Redacted.value(pending.verifier) })

const same = (law: string, found: Pending | undefined, expected: Pending | undefined) =>
  holds(law, plain(found) === plain(expected), "what was taken is not what was put")

const law = (name: string, run: (store: Service) => Effect.Effect<void, LawBroken | TokenStoreError>): Law => ({
  name,
  run: Effect.flatMap(PendingStore, run)
})

const always: ReadonlyArray<Law> = [
  law("gives back every field", (store) =>
    Effect.gen(function*() {
      const full = yield* entry()
      yield* same("fields", yield* (yield* put(store, full)).take(), full)
      const bare = yield* entry({ nonce: undefined, scopes: undefined, account: undefined, returnTo: undefined })
      yield* same("fields", yield* (yield* put(store, bare)).take(), bare)
    })),
  law("another browser gets nothing, and takes nothing away", (store) =>
    Effect.gen(function*() {
      const pending = yield* entry()
      const waiting = yield* put(store, pending)
      for (const browser of [random(), "", "' OR '1'='1"]) {
        yield* same("browser", yield* waiting.take(browser), undefined)
      }
      yield* same("browser", yield* waiting.take(), pending)
    })),
  law("what has ended is gone", (store) =>
    Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      yield* same("end", yield* (yield* put(store, yield* entry({ expiresAt: now }))).take(), undefined)
      yield* same("end", yield* (yield* put(store, yield* entry({ expiresAt: now - 1 }))).take(), undefined)
    })),
  law("an id that nobody put, or of another sign-in, gives nothing", (store) =>
    Effect.gen(function*() {
      const [one, other] = [yield* entry(), yield* entry()]
      const first = yield* put(store, one)
      const second = yield* put(store, other)
      yield* same("id", yield* store.take(random(), one.browser, first.carried), undefined)
      yield* same("id", yield* store.take(second.id, one.browser, first.carried), undefined)
      yield* same("id", yield* first.take(), one)
      yield* same("id", yield* second.take(), other)
    }))
]

const once = law("one of many takes it", (store) =>
  Effect.gen(function*() {
    const pending = yield* entry()
    const waiting = yield* put(store, pending)
    const taken = yield* Effect.all(Array.from({ length: 8 }, () => waiting.take()), { concurrency: "unbounded" })
    const found = taken.filter((one) => one !== undefined)
    yield* holds("once", found.length === 1, `${found.length} of 8 got it`)
    yield* same("once", yield* waiting.take(), undefined)
  }))

const bounded = (capacity: number): Law =>
  law(
    "a full one refuses, keeps those that wait, and has room again when one was taken or has ended",
    (store) =>
      Effect.gen(function*() {
        const all = yield* Effect.forEach(
          Array.from({ length: capacity }),
          () =>
            Effect.flatMap(entry(), (pending) => Effect.map(put(store, pending), (waiting) => ({ pending, waiting })))
        )
        yield* holds("room", all.every(({ waiting }) => waiting.isKept), "it was full before its capacity")
        yield* holds("room", !(yield* put(store, yield* entry())).isKept, "it took more than its capacity")
        for (const { pending, waiting } of all) yield* same("room", yield* waiting.take(), pending)
        for (let index = 0; index < capacity; index++) {
          yield* put(store, yield* entry({ expiresAt: yield* Clock.currentTimeMillis }))
        }
        const last = yield* put(store, yield* entry())
        yield* holds("room", last.isKept, "what has ended takes room")
        yield* last.take()
      })
  )

const sealed = law(
  "what the browser carries shows nothing, and opens only as it was",
  (store) =>
    Effect.gen(function*() {
      const pending = yield* entry()
      const { carried, id } = yield* put(store, pending)
      const text = carried === undefined ? "" : Redacted.value(carried)
      yield* holds("seal", /^[\w.~-]+$/.test(text), "it is no value of a cookie")
      yield* holds("seal", !text.includes(Redacted.value(pending.verifier)), "it shows the verifier")
      for (let at = 0; at < text.length; at += 7) {
        const altered = `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`
        yield* same("seal", yield* store.take(id, pending.browser, Redacted.make(altered)), undefined)
      }
      for (const nothing of ["", ".", "..", "a.b.c", text.slice(0, -4)]) {
        yield* same("seal", yield* store.take(id, pending.browser, Redacted.make(nothing)), undefined)
      }
      yield* same("seal", yield* store.take(id, pending.browser), undefined)
    })
)

/**
 * One process takes the entry of another one, and only the first take succeeds. If the browser carries the entry, both
 * may succeed.
 */
const together = <E>(layer: Layer.Layer<PendingStore, E>, times: number) =>
  Effect.scoped(Effect.gen(function*() {
    const build = Effect.map(Layer.build(Layer.fresh(layer)), (context) => Context.get(context, PendingStore))
    const [left, right] = yield* Effect.all([build, build])
    const pending = yield* entry()
    const waiting = yield* put(left, pending)
    const taken = yield* Effect.all([waiting.take(pending.browser, right), waiting.take()], { concurrency: 2 })
    yield* holds("shared", taken.filter((one) => one !== undefined).length === times, "both stores gave it, or none")
  }))

/**
 * The laws of a store with these options, except the law of two instances.
 *
 * @since 0.1.0
 * @category constructors
 */
export const laws = (options: Options = {}): ReadonlyArray<Law> => [
  ...always,
  options.replayable === true ? sealed : once,
  ...(options.capacity === undefined ? [] : [bounded(options.capacity)])
]

/**
 * Registers the laws as tests of the store that `layer` builds. Each law gets its own build.
 *
 * @since 0.1.0
 * @category constructors
 */
export const suite = <E>(name: string, layer: Layer.Layer<PendingStore, E>, options: Options = {}): void => {
  describe(`${name}: the laws of a store of waiting sign-ins`, () => {
    for (const { name, run } of laws(options)) it.live(name, () => Effect.provide(run, Layer.fresh(layer)), 30_000)
    if (options.shared === true) {
      it.live(
        "two instances over the same data are one store",
        () => together(layer, options.replayable === true ? 2 : 1),
        30_000
      )
    }
  })
}
