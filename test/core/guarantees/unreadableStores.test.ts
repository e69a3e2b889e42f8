/** G60: a sign-in and a sign-out work over a record that can't be read. */
import * as EncryptedTokenStore from "@effect-auth/core/EncryptedTokenStore"
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import type * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { key, serviceOver } from "./sharedStore.ts"

interface Row {
  readonly version: number
  readonly text: string
}

/** A durable store, as a database keeps it: a version and a text. */
const makeRows = () => {
  let row: Row | undefined
  const store: TokenStore.Service = {
    get: (key) =>
      Effect.suspend(() =>
        row === undefined ? Effect.succeedNone : Effect.asSome(SessionRecord.decode(key, row.text, row.version))
      ),
    compareAndSet: (_, expected, next) =>
      Effect.sync(() => {
        if ((row?.version ?? 0) !== expected) return false
        row = { version: next.version, text: SessionRecord.encode(next) }
        return true
      })
  }
  const damage = (change: (row: Row) => Row) => Effect.sync(() => row = change(row!))
  return { store, damage }
}

const sealedWith = (id: string, byte: number) =>
  EncryptedTokenStore.make([{ id, key: Redacted.make(new Uint8Array(32).fill(byte)) }])

const plain = (store: TokenStore.Service) => Effect.succeed(store)

const cases = {
  "that is cut short": { before: plain, after: plain, change: (row: Row) => ({ ...row, text: row.text.slice(0, 40) }) },
  "that is empty": { before: plain, after: plain, change: (row: Row) => ({ ...row, text: "" }) },
  "of another version than its row": { before: plain, after: plain, change: (row: Row) => ({ ...row, version: 9 }) },
  "of another account": {
    before: plain,
    after: plain,
    change: (row: Row) => ({ ...row, text: row.text.replace("\"default\"", "\"other\"") })
  },
  "sealed with a lost key": { before: sealedWith("old", 1), after: sealedWith("new", 2), change: (row: Row) => row },
  "sealed by another key of the same id": {
    before: sealedWith("k", 1),
    after: sealedWith("k", 2),
    change: (row: Row) => row
  }
}

describe("a record that can't be read", () => {
  for (const [which, { after, before, change }] of Object.entries(cases)) {
    for (const way of ["signing in", "signing out"] as const) {
      it.scoped(`G60: ${which} is replaced by ${way}, and the next start reads the new one`, () =>
        Effect.gen(function*() {
          const { damage, store } = makeRows()
          const script = yield* ScriptedProvider.make<string>()
          yield* (yield* serviceOver(script, yield* before(store))).signIn("secret")
          yield* damage(change)
          const readable = yield* after(store)
          const broken = yield* Effect.flip(readable.get(key))
          assert.isAtLeast(broken.version ?? -1, 1)
          const auth = yield* serviceOver(script, readable)
          assert.strictEqual((yield* Effect.flip(auth.accessToken))._tag, "TokenStoreError")
          yield* way === "signing in" ? auth.signIn("secret") : auth.signOut
          const record = Option.getOrThrow(yield* readable.get(key))
          assert.strictEqual(record.version, broken.version! + 1)
          const next = yield* serviceOver(script, readable)
          if (way === "signing in") {
            assert.strictEqual((yield* next.accessToken).session, record.session)
          } else {
            assert.strictEqual((yield* Effect.flip(next.accessToken))._tag, "SignInRequired")
          }
        }))
    }
  }
})
