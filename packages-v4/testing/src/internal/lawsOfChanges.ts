/** The laws about changes, listing and erasing of records. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as RecordKey from "@effect-auth/core/RecordKey"
import type * as RecordPages from "@effect-auth/core/RecordPages"
import { type Service, TokenStore } from "@effect-auth/core/TokenStore"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Law } from "../TokenStoreLaws.ts"
import { fails, freshKey, holds, type LawBroken, read, same, sessionRecord, write } from "./lawSupport.ts"

/** Longer than the poll interval of any store, and long enough for a busy machine. */
const patience = Duration.seconds(5)

/** Starts a listener, and returns an effect that waits until this version of the record is reported. */
const listening = (law: string, store: Service, key: RecordKey.RecordKey, version: number) =>
  Effect.gen(function*() {
    const isListening = yield* Deferred.make<void>()
    const hash = RecordKey.hash(key)
    let isFirst = true
    const listener = yield* (store.changes ?? Stream.never).pipe(
      Stream.mapEffect((change) => {
        const isRight = !isFirst || change._tag === "Listening"
        isFirst = false
        return isRight
          ? Effect.as(change._tag === "Listening" ? Deferred.succeed(isListening, undefined) : Effect.void, change)
          : Effect.fail(fails(law, "a listener did not hear first that it is listening"))
      }),
      Stream.takeUntil((change) => change._tag === "Changed" && change.hash === hash && change.version === version),
      Stream.runDrain,
      Effect.forkChild
    )
    yield* Effect.raceFirst(Deferred.await(isListening), Fiber.join(listener)).pipe(
      Effect.timeoutOrElse({
        duration: patience,
        orElse: () => Effect.fail(fails(law, "nobody listens after 5 seconds"))
      })
    )
    return Fiber.join(listener).pipe(
      Effect.timeoutOrElse({
        duration: patience,
        orElse: () => Effect.fail(fails(law, `version ${version} was not heard of within 5 seconds`))
      }),
      Effect.asVoid
    )
  })

const changes: Law = {
  name: "where there are changes, all who listen hear of the last write, and of no other record's as this one's",
  run: Effect.gen(function*() {
    const law = "changes"
    const store = yield* TokenStore
    if (store.changes === undefined) return
    const key = freshKey("changes")
    const other = freshKey("changes")
    yield* write(store, key, 0, sessionRecord(key, 1))
    const heard = yield* Effect.forEach([1, 2, 3], () => listening(law, store, key, 4))
    const early = yield* Effect.forkChild(yield* listening(law, store, key, 7))
    yield* Effect.yieldNow
    for (const version of [1, 2, 3, 4, 5, 6, 7]) {
      yield* write(store, other, version - 1, sessionRecord(other, version))
    }
    for (const version of [2, 3, 4]) yield* write(store, key, version - 1, sessionRecord(key, version))
    yield* Effect.all(heard)
    yield* holds(
      law,
      (yield* Effect.sync(() => Option.fromNullishOr(early.pollUnsafe())))._tag === "None",
      "a write of another record was taken for this one's"
    )
    yield* Fiber.interrupt(early)
  })
}

/** Two instances over the same data. */
export const heardElsewhere = (
  writer: Service,
  listener: Service
): Effect.Effect<void, LawBroken | TokenStoreError> =>
  Effect.gen(function*() {
    const law = "changes elsewhere"
    if (listener.changes === undefined) return
    const key = freshKey("elsewhere")
    const heard = yield* listening(law, listener, key, 2)
    for (const version of [1, 2]) yield* write(writer, key, version - 1, sessionRecord(key, version))
    yield* heard
  })

const listAll = (store: Service, prefix: RecordPages.Prefix, limit: number) =>
  Effect.gen(function*() {
    const found = new Set<string>()
    let after: string | undefined
    do {
      const page: RecordPages.Page = yield* store.scan!(prefix, { after, limit })
      for (const key of page.keys) found.add(RecordKey.toString(key))
      after = page.next
    } while (after !== undefined)
    return found
  })

const scan: Law = {
  name: "where there is a list of records, it names each of a provider or realm, and no other, page by page",
  run: Effect.gen(function*() {
    const law = "scan"
    const store = yield* TokenStore
    if (store.scan === undefined) return
    const { account: provider } = freshKey("scan")
    const accounts = [
      "",
      " ",
      "a/b",
      "%",
      "%ud800",
      "\ud800",
      "*",
      "[a]",
      "}",
      "\\",
      "~",
      "x".repeat(4_000),
      "日本",
      "z"
    ]
    const keys = ["one", "one/", "two", ""].flatMap((realm) =>
      accounts.map((account): RecordKey.RecordKey => ({ provider, realm, account }))
    )
    const others = [`${provider}x`, provider.slice(1), `${provider}/`].map((name): RecordKey.RecordKey => ({
      provider: name,
      realm: "one",
      account: "a"
    }))
    for (const key of [...keys, ...others]) yield* write(store, key, 0, sessionRecord(key, 1))
    const agrees = (prefix: RecordPages.Prefix, limit: number, expected: ReadonlyArray<RecordKey.RecordKey>) =>
      Effect.flatMap(listAll(store, prefix, limit), (found) => {
        const missed = expected.filter((key) => !found.has(RecordKey.toString(key)))
        const what = `${JSON.stringify(Object.keys(prefix))}, ${limit} a page`
        return missed.length > 0
          ? Effect.fail(fails(law, `${missed.length} of ${expected.length} records are not listed (${what})`))
          : holds(
            law,
            found.size === expected.length,
            `${found.size} records where there are ${expected.length} (${what})`
          )
      })
    for (const limit of [1, 7, 1_000]) {
      yield* agrees({ provider }, limit, keys)
      yield* agrees({ provider, realm: "one" }, limit, keys.filter(({ realm }) => realm === "one"))
      yield* agrees({ provider, realm: "" }, limit, keys.filter(({ realm }) => realm === ""))
    }
    yield* agrees({ provider, realm: "three" }, 10, [])
    const all = yield* listAll(store, {}, 1_000)
    const isThere = [...keys, ...others].every((key) => all.has(RecordKey.toString(key)))
    yield* holds(law, isThere, "the list of all records lacks some")
    for (
      const [wrong, page] of [[{ realm: "one" }], [{ provider }, { limit: 0 }], [{ provider }, { limit: 1.5 }]] as const
    ) {
      const error = yield* Effect.result(store.scan(wrong, page))
      yield* holds(
        law,
        error._tag === "Failure" && error.failure.reason === "misconfigured",
        "a wrong request was answered"
      )
    }
  })
}

const erase: Law = {
  name: "where records can be erased, one is gone, its neighbours stay, and the next first write wins",
  run: Effect.gen(function*() {
    const law = "erase"
    const store = yield* TokenStore
    if (store.erase === undefined) return
    const key = freshKey("erase")
    const neighbours = ["", "/", `${key.account}x`].map((account) => ({ ...key, account }))
    yield* holds(law, !(yield* store.erase(key)), "a record was erased where there is none")
    for (const each of [key, ...neighbours]) yield* write(store, each, 0, sessionRecord(each, 1))
    yield* write(store, key, 1, sessionRecord(key, 2))
    const heard = store.changes === undefined ? Effect.void : yield* listening(law, store, key, 0)
    yield* holds(law, yield* store.erase(key), "nothing was erased where there is a record")
    yield* heard
    yield* holds(law, (yield* read(store, key)) === undefined, "an erased record can be read")
    yield* holds(law, !(yield* store.erase(key)), "a record was erased twice")
    const late = yield* store.compareAndSet(key, 2, sessionRecord(key, 3))
    yield* holds(law, !late, "a write that expects an erased record won")
    for (const each of neighbours) yield* same(law, yield* read(store, each), sessionRecord(each, 1))
    if (store.scan !== undefined) {
      const listed = yield* listAll(store, { provider: key.provider, realm: key.realm }, 1_000)
      yield* holds(law, !listed.has(RecordKey.toString(key)), "an erased record is listed")
    }
    yield* write(store, key, 0, sessionRecord(key, 1))
    for (const each of [key, ...neighbours]) yield* store.erase(each)
  })
}

export const laws: ReadonlyArray<Law> = [changes, scan, erase]
