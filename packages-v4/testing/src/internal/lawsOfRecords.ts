/**
 * The laws about one writer: a read returns the written record under every name, and a write changes no other record.
 */
import type { RecordKey } from "@effect-auth/core/RecordKey"
import { TokenStore } from "@effect-auth/core/TokenStore"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Law } from "../TokenStoreLaws.ts"
import { fails, freshKey, holds, read, same, sessionRecord, write } from "./lawSupport.ts"

const absent: Law = {
  name: "an absent key has no record, and only version 0 expects that",
  run: Effect.gen(function*() {
    const law = "absent key"
    const store = yield* TokenStore
    const key = freshKey("absent")
    yield* holds(law, (yield* read(store, key)) === undefined, "there is a record that nobody wrote")
    const won = yield* store.compareAndSet(key, 3, sessionRecord(key, 4))
    yield* holds(law, !won, "a write that expects version 3 won where there is no record")
    yield* holds(law, (yield* read(store, key)) === undefined, "a lost write left a record")
    yield* write(store, key, 0, sessionRecord(key, 1))
    const again = yield* store.compareAndSet(key, 0, sessionRecord(key, 1, { commitId: "second" }))
    yield* holds(law, !again, "a second first write won")
    yield* same(law, yield* read(store, key), sessionRecord(key, 1))
  })
}

const stale: Law = {
  name: "versions are one more each, and any other expectation loses and changes nothing",
  run: Effect.gen(function*() {
    const law = "versions"
    const store = yield* TokenStore
    const key = freshKey("versions")
    for (const version of [1, 2, 3]) yield* write(store, key, version - 1, sessionRecord(key, version))
    for (const expected of [0, 1, 2, 4, 5, 1_000_000]) {
      const won = yield* store.compareAndSet(key, expected, sessionRecord(key, expected + 1, { commitId: "wrong" }))
      yield* holds(law, !won, `a write that expects version ${expected} won where version 3 is stored`)
    }
    yield* same(law, yield* read(store, key), sessionRecord(key, 3))
  })
}

const full: Law = {
  name: "every field of a record comes back, and so do fields of a newer version",
  run: Effect.gen(function*() {
    const store = yield* TokenStore
    const key = freshKey("fields")
    const record = sessionRecord(key, 1, {
      state: { _tag: "ended", reason: "refresh-token-rejected", status: 400, error: "invalid_grant", newer: 1 },
      claim: { id: "claim", owner: "owner", at: 1, ttl: 2, kind: "refresh", newer: ["claim"] },
      doubt: { since: 3.5 },
      retry: { failures: 2, at: 4, delay: 5, floor: 0, newer: null },
      newer: { nested: { list: [1, "two", null], text: "\u0000 \u2028 \ud83d\ude00 ' \" \\ %s $1 ?" } }
    })
    yield* write(store, key, 0, record)
    const found = yield* read(store, key)
    yield* same("fields", found, record)
    if (found === undefined) return
    const next = { ...found, version: 2, commitId: "next" }
    yield* write(store, key, 1, next)
    yield* same("fields, written again", yield* read(store, key), { ...record, version: 2, commitId: "next" })
  })
}

const unusualNames: ReadonlyArray<string> = [
  "",
  " ",
  ".",
  "..",
  "/",
  "a/b",
  "a%2Fb",
  "%",
  "%00",
  "\u0000",
  "line\nbreak\ttab",
  "Ünïcödé",
  "U\u0308nicode",
  "\u202eright-to-left",
  "\ud800",
  "\udc00\ud800",
  "%ud800",
  "日本語",
  "\ud83d\udc69\u200d\ud83d\udcbb",
  "O'Brien; DROP TABLE effect_auth_sessions; --",
  "\"quoted\" `back` [square] {brace} \\slash\\",
  "?1 $1 :name @p #{x}",
  "*",
  "h?llo[a-e]*",
  "{tag}",
  "}{",
  "a:b",
  "A",
  "a",
  "__proto__",
  "constructor",
  "null",
  // Two Unicode forms of one word, and the replacement character, which some systems write for a lone surrogate.
  "\u00e9",
  "e\u0301",
  "\ufffd",
  "a ",
  "x".repeat(500),
  // The longest names, which differ only in the last character.
  `${"y".repeat(4_095)}1`,
  `${"y".repeat(4_095)}2`,
  "\u65e5".repeat(4_096),
  Array.from({ length: 500 }, (_, index) => String.fromCharCode(0x4e00 + index * 37)).join("")
]

const names: Law = {
  name: "account names of every kind are kept apart",
  run: Effect.gen(function*() {
    const store = yield* TokenStore
    const base = freshKey("names")
    const keys = unusualNames.map((account): RecordKey => ({ ...base, realm: base.account, account }))
    for (const [index, key] of keys.entries()) {
      yield* write(store, key, 0, sessionRecord(key, 1, { commitId: `name-${index}` }))
    }
    for (const [index, key] of keys.entries()) {
      yield* same(
        `account ${JSON.stringify(key.account.slice(0, 40))}`,
        yield* read(store, key),
        sessionRecord(key, 1, { commitId: `name-${index}` })
      )
    }
  })
}

const isolation: Law = {
  name: "providers, realms and accounts never touch each other",
  run: Effect.gen(function*() {
    const law = "isolation"
    const store = yield* TokenStore
    const { account: tag } = freshKey(law)
    const keys: ReadonlyArray<RecordKey> = [
      { provider: `${tag}a`, realm: "b", account: "c" },
      { provider: `${tag}a`, realm: "b", account: "d" },
      { provider: `${tag}a`, realm: "e", account: "c" },
      { provider: `${tag}f`, realm: "b", account: "c" },
      // These would give the same text if the parts were only joined.
      { provider: `${tag}a`, realm: "b/c", account: "" },
      { provider: `${tag}a/b`, realm: "c", account: "" },
      { provider: `${tag}a`, realm: "", account: "b/c" }
    ]
    const [first, ...others] = keys
    if (first === undefined) return
    for (const key of keys) yield* write(store, key, 0, sessionRecord(key, 1))
    yield* write(store, first, 1, sessionRecord(first, 2))
    yield* same(law, yield* read(store, first), sessionRecord(first, 2))
    for (const key of others) yield* same(law, yield* read(store, key), sessionRecord(key, 1))
  })
}

const large: Law = {
  name: "a record of 200 kB comes back whole, and a small one replaces it",
  run: Effect.gen(function*() {
    const law = "large record"
    const store = yield* TokenStore
    const key = freshKey("large")
    const token = Array.from({ length: 25_000 }, (_, index) => (index % 4_096).toString(16).padStart(8, "0")).join("")
    const record = sessionRecord(key, 1, {
      tokens: { accessToken: Redacted.make(token), obtainedAt: 1_700_000_000_000 }
    })
    yield* write(store, key, 0, record)
    yield* same(law, yield* read(store, key), record)
    yield* write(store, key, 1, sessionRecord(key, 2))
    yield* same(law, yield* read(store, key), sessionRecord(key, 2))
  })
}

const presence: Law = {
  name: "where there is presence, its own owner is there and a stranger is not called gone",
  run: Effect.gen(function*() {
    const law = "presence"
    const { presence } = yield* TokenStore
    if (presence === undefined) return
    yield* holds(law, presence.owner !== "", "the owner has no name")
    yield* holds(law, yield* presence.isAlive(presence.owner), "its own owner is called gone")
    for (const stranger of ["", "somebody", "a/b/c/d/e/f", "'; --", "redis:", "pg:zz", "x".repeat(5_000)]) {
      const isAlive = yield* presence.isAlive(stranger)
      if (!isAlive) return yield* fails(law, "an owner it can know nothing about is called gone")
    }
  })
}

export const laws: ReadonlyArray<Law> = [absent, stale, full, names, isolation, large, presence]
