import * as EncryptedTokenStore from "@effect-auth/core/EncryptedTokenStore"
import type { RecordKey } from "@effect-auth/core/RecordKey"
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as TokenStoreLaws from "@effect-auth/testing/TokenStoreLaws"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as nodeCrypto from "node:crypto"
import { inspect } from "node:util"
import { changesOf } from "../support/stores/changesOf.ts"

const key: RecordKey = { provider: "placewise", realm: "https://api.example.com club", account: "member 42 ü" }

const bytes = Uint8Array.from({ length: 32 }, (_, i) => i)
const first: EncryptedTokenStore.Key = {
  id: "2025a",
  key: Redacted.make("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
}
const second: EncryptedTokenStore.Key = { id: "2026-01_b", key: Redacted.make(new Uint8Array(32).fill(251)) }

TokenStoreLaws.suite(
  "encrypted memory",
  EncryptedTokenStore.layer([second, first], { clear: "refuse" }).pipe(Layer.provide(TokenStore.layerMemory))
)

const record = (fields?: Partial<SessionRecord.SessionRecord>): SessionRecord.SessionRecord => ({
  ...SessionRecord.empty(key),
  session: "s-1",
  generation: 7,
  state: { _tag: "active" },
  tokens: {
    accessToken: Redacted.make("at-secret-1"),
    refreshToken: Redacted.make("rt-secret-1"),
    obtainedAt: 1_700_000_000_000,
    lifetime: 3_600_000
  },
  ...fields
})

/** Sealed by OpenSSL through node:crypto, from the documented format and not by the code under test. */
const vector =
  "v1.2025a.oKGio6Slpqeoqaqr.nTodTiauccw2Cuy2aVj6_BHYdCGwm2Ae-WhU4wzDIW65EyndlQAhSXKtJuQrCeCWN341aliLOB9jcik8hi2pktve8Q5Zy4GEtZbdIr75_Ir9O5uU9fGpSt5ZHPbY_Cjg5ulOiTmduauu6zZgqaqeXUY6BM2qF6EeG_382aTsPdO_NimPeHQWlnP-j2c"

/** Opens a seal with node:crypto, following the documentation only. */
const openByHand = (sealed: string, id: string, raw: Uint8Array, about: SessionRecord.SessionRecord) => {
  const [version, keyId, nonce, text] = sealed.split(".")
  assert.strictEqual(version, "v2")
  assert.strictEqual(keyId, id)
  const data = Buffer.from(text!, "base64url")
  const opener = nodeCrypto.createDecipheriv("aes-256-gcm", raw, Buffer.from(nonce!, "base64url"))
  opener.setAAD(bound("v2", id, about))
  opener.setAuthTag(data.subarray(data.length - 16))
  return JSON.parse(Buffer.concat([opener.update(data.subarray(0, data.length - 16)), opener.final()]).toString("utf8"))
}

const bound = (version: string, id: string, about: SessionRecord.SessionRecord) =>
  Buffer.from(JSON.stringify([
    "@effect-auth/sealed",
    version,
    id,
    about.provider,
    about.realm,
    about.account,
    about.session,
    about.generation
  ]))

/** Seals any text with node:crypto, following the documentation only. */
const sealByHand = (version: string, plain: string, about: SessionRecord.SessionRecord) => {
  const iv = Buffer.alloc(12, 1)
  const sealer = nodeCrypto.createCipheriv("aes-256-gcm", bytes, iv)
  sealer.setAAD(bound(version, "2025a", about))
  const sealed = Buffer.concat([sealer.update(plain), sealer.final(), sealer.getAuthTag()])
  return `${version}.2025a.${iv.toString("base64url")}.${sealed.toString("base64url")}`
}

const stored = (inner: TokenStore.Service, of: RecordKey = key) =>
  Effect.map(inner.get(of), (found) => Option.getOrThrow(found))

/** The store under the seals, beside them in one program. */
class Probe extends Context.Tag("test/Probe")<Probe, TokenStore.Service>() {}

const setUp = Effect.fnUntraced(function*(
  keys: ReadonlyArray<EncryptedTokenStore.Key> = [first],
  options?: EncryptedTokenStore.Options
) {
  const inner = yield* TokenStore.makeMemory
  return { inner, store: yield* EncryptedTokenStore.make(keys, options)(inner) }
})

const text = (token: Redacted.Redacted<string> | undefined) => token === undefined ? undefined : Redacted.value(token)

describe("EncryptedTokenStore", () => {
  const known = { salt: "salt-secret", digest: "digest-secret", outcome: "refused" } as const

  it.effect("seals all but what the protocol needs, and opens it again", () =>
    Effect.gen(function*() {
      const { inner, store } = yield* setUp()
      const written = record({
        claim: { id: "c", owner: "o", at: 1, ttl: 2, kind: "refresh" },
        doubt: { since: 3 },
        retry: { failures: 1, at: 4, delay: 5, floor: 6 },
        state: {
          _tag: "ended",
          reason: "credentials",
          status: 401,
          error: "error-secret",
          errorDescription: "anna@example.com: secret"
        },
        refusal: { error: "error-secret", at: 7 },
        credential: known
      })
      assert.isTrue(yield* store.compareAndSet(key, 0, written))
      const held = yield* stored(inner)
      const { credential, refusal, state, tokens, ...clear } = written
      assert.deepStrictEqual(held, {
        ...clear,
        state: { _tag: "ended", reason: "credentials", status: 401 },
        sealed: held.sealed!
      })
      assert.notInclude(SessionRecord.encode(held), "secret")
      assert.deepStrictEqual(openByHand(held.sealed!, "2025a", bytes, written), {
        tokens: {
          accessToken: "at-secret-1",
          refreshToken: "rt-secret-1",
          obtainedAt: 1_700_000_000_000,
          lifetime: 3_600_000
        },
        refusal,
        credential,
        state: { error: "error-secret", errorDescription: "anna@example.com: secret" }
      })
      const read = yield* stored(store)
      assert.notProperty(read, "sealed")
      assert.strictEqual(text(read.tokens?.refreshToken), text(tokens?.refreshToken))
      assert.deepStrictEqual(JSON.parse(SessionRecord.encode(read)), JSON.parse(SessionRecord.encode(written)))
      assert.deepStrictEqual(read.state, state)
    }))

  it.effect("no digest of a password is in clear, also where there are no tokens", () =>
    Effect.gen(function*() {
      const { inner, store } = yield* setUp([first], { clear: "refuse" })
      yield* store.compareAndSet(key, 0, { ...SessionRecord.empty(key), credential: known })
      const held = yield* stored(inner)
      assert.notInclude(SessionRecord.encode(held), "secret")
      assert.deepStrictEqual((yield* stored(store)).credential, known)
    }))

  it.effect("a row of the older form (tokens sealed, digest in clear) is read, and all of it sealed at the next write", () =>
    Effect.gen(function*() {
      const { inner, store } = yield* setUp([first], { clear: "refuse" })
      yield* inner.compareAndSet(key, 0, record({ tokens: undefined, sealed: vector, credential: known }))
      const read = yield* stored(store)
      assert.strictEqual(text(read.tokens?.accessToken), "at-1")
      assert.deepStrictEqual(read.credential, known)
      yield* store.compareAndSet(key, 1, { ...read, version: 2 })
      const held = yield* stored(inner)
      assert.notInclude(SessionRecord.encode(held), "secret")
      assert.isTrue(held.sealed!.startsWith("v2."))
      assert.deepStrictEqual((yield* stored(store)).credential, known)
    }))

  it.effect("one sealed store over another fails at the first write, with what is wrong", () =>
    Effect.gen(function*() {
      const { store } = yield* setUp()
      const twice = yield* EncryptedTokenStore.make([first])(store)
      const failure = yield* Effect.flip(twice.compareAndSet(key, 0, record()))
      assert.include(failure.message, "the store may be wrapped twice")
    }))

  it.effect("opens the test vector", () =>
    Effect.gen(function*() {
      const { inner, store } = yield* setUp()
      yield* inner.compareAndSet(key, 0, record({ tokens: undefined, sealed: vector }))
      const tokens = (yield* stored(store)).tokens!
      assert.strictEqual(text(tokens.accessToken), "at-1")
      assert.strictEqual(text(tokens.refreshToken), "rt-1")
      assert.deepStrictEqual(tokens.scopes, ["a", "b"])
      assert.strictEqual(tokens.subject, "42")
    }))

  it.effect("uses a fresh nonce for each write", () =>
    Effect.gen(function*() {
      const { inner, store } = yield* setUp()
      const nonces = new Set<string>()
      for (let version = 1; version <= 200; version++) {
        assert.isTrue(yield* store.compareAndSet(key, version - 1, record({ version })))
        nonces.add((yield* stored(inner)).sealed!.split(".")[2]!)
      }
      assert.strictEqual(nonces.size, 200)
    }))

  it.effect("a lost compare-and-set changes nothing", () =>
    Effect.gen(function*() {
      const { inner, store } = yield* setUp()
      yield* store.compareAndSet(key, 0, record())
      const before = yield* stored(inner)
      assert.isFalse(yield* store.compareAndSet(key, 0, record({ generation: 8 })))
      assert.deepStrictEqual(yield* stored(inner), before)
    }))

  it.effect("an absent record stays absent, and one without tokens is passed on", () =>
    Effect.gen(function*() {
      const { inner, store } = yield* setUp()
      assert.isTrue(Option.isNone(yield* store.get(key)))
      yield* store.compareAndSet(key, 0, SessionRecord.empty(key))
      assert.deepStrictEqual(yield* stored(inner), SessionRecord.empty(key))
      assert.deepStrictEqual(yield* stored(store), SessionRecord.empty(key))
    }))

  it.effect("old keys open, the first one seals: a record moves to it when it is next written", () =>
    Effect.gen(function*() {
      const { inner, store: before } = yield* setUp([first])
      yield* before.compareAndSet(key, 0, record())
      const after = yield* EncryptedTokenStore.make([second, first])(inner)
      const read = yield* stored(after)
      assert.strictEqual(text(read.tokens?.accessToken), "at-secret-1")
      yield* after.compareAndSet(key, 1, { ...read, version: 2 })
      const held = yield* stored(inner)
      assert.strictEqual(
        openByHand(held.sealed!, second.id, new Uint8Array(32).fill(251), held).tokens.accessToken,
        "at-secret-1"
      )
      const only = yield* EncryptedTokenStore.make([second])(inner)
      assert.strictEqual(text((yield* stored(only)).tokens?.accessToken), "at-secret-1")
      const failure = yield* Effect.flip(before.get(key))
      assert.strictEqual(failure.reason, "missing-key")
      assert.include(failure.message, "2026-01_b")
    }))

  const moved: Array<[string, (held: SessionRecord.SessionRecord) => SessionRecord.SessionRecord]> = [
    ["another session", (held) => ({ ...held, session: "s-2" })],
    ["another generation", (held) => ({ ...held, generation: 8 })],
    ["a changed ciphertext", (held) => ({ ...held, sealed: flip(held.sealed!, 3) })],
    ["a changed nonce", (held) => ({ ...held, sealed: flip(held.sealed!, 2) })],
    ["a cut text", (held) => ({ ...held, sealed: held.sealed!.slice(0, -8) })],
    ["no text", (held) => ({ ...held, sealed: "" })],
    ["one part too many", (held) => ({ ...held, sealed: `${held.sealed}.AAAA` })],
    ["a key id that is no key id", (held) => ({ ...held, sealed: held.sealed!.replace("2025a", "a b") })],
    ["an older form named over the newer seal", (held) => ({ ...held, sealed: held.sealed!.replace("v2.", "v1.") })],
    ["tokens in clear beside the seal", (held) => ({ ...held, tokens: record().tokens })],
    ["a digest in clear beside the seal", (held) => ({ ...held, credential: known })],
    ["a refusal in clear beside the seal", (held) => ({ ...held, refusal: { error: "planted", at: 7 } })],
    [
      "a text in clear beside the seal",
      (held) => ({ ...held, state: { _tag: "ended", reason: "credentials", errorDescription: "planted" } })
    ]
  ]
  for (const [name, change] of moved) {
    it.effect(`tampered: ${name}`, () =>
      Effect.gen(function*() {
        const { inner, store } = yield* setUp()
        yield* store.compareAndSet(key, 0, record())
        yield* inner.compareAndSet(key, 1, { ...change(yield* stored(inner)), version: 2 })
        const failure = yield* Effect.flip(store.get(key))
        assert.strictEqual(failure._tag, "TokenStoreError")
        assert.strictEqual(failure.reason, "tampered")
        assert.strictEqual(failure.account, key.account)
      }))
  }

  const others: Array<[string, RecordKey]> = [
    ["account", { ...key, account: "member 43" }],
    ["realm", { ...key, realm: "https://api.example.com other" }],
    ["provider", { ...key, provider: "priava" }],
    ["border between realm and account", { ...key, realm: `${key.realm}m`, account: key.account.slice(1) }]
  ]
  for (const [name, other] of others) {
    it.effect(`tampered: a seal moved to another ${name}`, () =>
      Effect.gen(function*() {
        const { inner, store } = yield* setUp()
        yield* store.compareAndSet(key, 0, record())
        const { sealed } = yield* stored(inner)
        yield* inner.compareAndSet(other, 0, { ...record({ tokens: undefined, sealed: sealed! }), ...other })
        assert.strictEqual((yield* Effect.flip(store.get(other))).reason, "tampered")
      }))
  }

  it.effect("another key under the same id does not open", () =>
    Effect.gen(function*() {
      const { inner, store } = yield* setUp([first])
      yield* store.compareAndSet(key, 0, record())
      const other = yield* EncryptedTokenStore.make([{ ...second, id: first.id }])(inner)
      assert.strictEqual((yield* Effect.flip(other.get(key))).reason, "tampered")
    }))

  it.effect("a later format is named", () =>
    Effect.gen(function*() {
      const { inner, store } = yield* setUp()
      yield* inner.compareAndSet(key, 0, record({ tokens: undefined, sealed: "v3.whatever" }))
      const failure = yield* Effect.flip(store.get(key))
      assert.strictEqual(failure.reason, "corrupt")
      assert.include(failure.message, "format v3")
    }))

  const nonsense: Array<[string, string]> = [
    ["v1", "{\"accessToken\":[\"at-secret-1\"]}"],
    ["v2", "{\"tokens\":{\"accessToken\":[\"at-secret-1\"]}}"],
    ["v2", "[\"at-secret-1\"]"],
    ["v2", "at-secret-1"],
    ["v2", "{\"state\":{\"_tag\":\"at-secret-1\"}}"]
  ]
  for (const [version, plain] of nonsense) {
    it.effect(`what opens but is no part of a record is corrupt, and is not printed: ${version} ${plain}`, () =>
      Effect.gen(function*() {
        const { inner, store } = yield* setUp()
        const sealed = sealByHand(version, plain, record())
        yield* inner.compareAndSet(key, 0, record({ tokens: undefined, sealed }))
        const exit = yield* Effect.exit(store.get(key))
        assert.strictEqual((yield* Effect.flip(store.get(key))).reason, "corrupt")
        assert.notInclude(inspect(exit, { depth: 20, showHidden: true }) + JSON.stringify(exit), "secret")
        if (exit._tag === "Failure") assert.notInclude(Cause.pretty(exit.cause), "secret")
      }))
  }

  it.effect("tokens stored in clear before encryption was switched on are read, and sealed at the next write", () =>
    Effect.gen(function*() {
      const { inner, store } = yield* setUp()
      yield* inner.compareAndSet(key, 0, record())
      const read = yield* stored(store)
      assert.strictEqual(text(read.tokens?.accessToken), "at-secret-1")
      yield* store.compareAndSet(key, 1, { ...read, version: 2 })
      assert.notInclude(SessionRecord.encode(yield* stored(inner)), "secret")
      assert.strictEqual(text((yield* stored(store)).tokens?.accessToken), "at-secret-1")
    }))

  it.effect("clear: refuse refuses them, and still opens sealed ones", () =>
    Effect.gen(function*() {
      const { inner, store } = yield* setUp([first], { clear: "refuse" })
      yield* inner.compareAndSet(key, 0, record())
      assert.strictEqual((yield* Effect.flip(store.get(key))).reason, "tampered")
      yield* store.compareAndSet(key, 1, record({ version: 2 }))
      assert.strictEqual(text((yield* stored(store)).tokens?.accessToken), "at-secret-1")
    }))

  const planted: Readonly<Record<string, Partial<SessionRecord.SessionRecord>>> = {
    "a digest of credentials": { credential: known },
    "a refusal": { refusal: { error: "planted", at: 7 } },
    "a text of the state": { state: { _tag: "ended", reason: "credentials", errorDescription: "call +1 900" } }
  }
  for (const [name, fields] of Object.entries(planted)) {
    it.effect(`clear: refuse refuses ${name} that was planted in a record without tokens; a sign-in replaces it`, () =>
      Effect.gen(function*() {
        const { inner, store } = yield* setUp([first], { clear: "refuse" })
        yield* inner.compareAndSet(key, 0, { ...SessionRecord.empty(key), ...fields, version: 1 })
        const failure = yield* Effect.flip(store.get(key))
        assert.deepInclude({ ...failure }, { reason: "tampered", version: 1 })
        yield* store.compareAndSet(key, 1, record({ version: 2 }))
        assert.strictEqual(text((yield* stored(store)).tokens?.accessToken), "at-secret-1")
      }))
  }

  it.effect("clear: refuse reads a record without secrets, also with a clear field of a newer version", () =>
    Effect.gen(function*() {
      const { inner, store } = yield* setUp([first], { clear: "refuse" })
      const state = { _tag: "ended", reason: "expired", status: 400 } as const
      const newer = { ...SessionRecord.empty(key), version: 1, state, epoch: 9 }
      yield* inner.compareAndSet(key, 0, newer)
      assert.deepStrictEqual(yield* stored(store), newer)
    }))

  it.effect("fields of a newer version survive, in the record and among the tokens", () =>
    Effect.gen(function*() {
      const newer = JSON.parse(SessionRecord.encode(record()))
      newer.dpop = { thumbprint: "thumbprint-secret" }
      newer.tokens.idToken = "id-secret"
      newer.state.since = 5
      const decoded = yield* SessionRecord.decode(key, JSON.stringify(newer))
      assert.notInclude(
        inspect(decoded.tokens, { depth: 20, showHidden: true }) + JSON.stringify(decoded.tokens),
        "secret"
      )
      const { inner, store } = yield* setUp()
      yield* store.compareAndSet(key, 0, decoded)
      const held = yield* stored(inner)
      assert.notInclude(SessionRecord.encode(held), "secret")
      const read = yield* stored(store)
      yield* store.compareAndSet(key, 1, {
        ...read,
        version: 2,
        claim: { id: "c", owner: "o", at: 1, ttl: 1, kind: "refresh" }
      })
      const { claim, ...again } = JSON.parse(SessionRecord.encode(yield* stored(store)))
      assert.strictEqual(claim.id, "c")
      assert.deepStrictEqual(again, { ...newer, version: 2 })
    }))

  it.effect("presence and changes are those of the wrapped store", () =>
    Effect.gen(function*() {
      const memory = yield* TokenStore.makeMemory
      const presence: TokenStore.Presence = { owner: "me", isAlive: (owner) => Effect.succeed(owner === "me") }
      const wrapped = yield* EncryptedTokenStore.make([first])({ ...memory, presence })
      assert.strictEqual(wrapped.presence, presence)
      const seen = yield* Effect.fork(
        Stream.runHead(Stream.filter(changesOf(wrapped, key), (heard) => heard !== "listening"))
      )
      yield* Effect.yieldNow()
      yield* Effect.yieldNow()
      yield* wrapped.compareAndSet(key, 0, record())
      assert.deepStrictEqual(yield* seen, Option.some(1))
      const without = yield* EncryptedTokenStore.make([first])({ ...memory, changes: undefined })
      assert.isUndefined(without.changes)
      assert.isUndefined(without.presence)
    }))

  const loose = (value: unknown): EncryptedTokenStore.Key => value as EncryptedTokenStore.Key
  const hex = Buffer.from(bytes).toString("hex")
  const base64url = Buffer.from(bytes).toString("base64url")
  const bad: Array<[string, ReadonlyArray<EncryptedTokenStore.Key>, string]> = [
    ["no key", [], "no key"],
    ["a short key", [{ id: "k", key: Redacted.make("c2VjcmV0") }], "key 1: it has 6 bytes"],
    ["a short key in bytes", [{ id: "k", key: Redacted.make(new Uint8Array(31)) }], "key 1: it has 31 bytes"],
    ["a long key", [first, { id: "k", key: Redacted.make(new Uint8Array(33)) }], "key 2: it has 33 bytes"],
    ["a key that is not base64", [{ id: "k", key: Redacted.make("c2VjcmV0 c2VjcmV0!") }], "key 1: it is neither"],
    ["a key in hexadecimal", [{ id: "k", key: Redacted.make(hex) }], "is it hexadecimal"],
    ["a key that is a URL", [{ id: "k", key: Redacted.make("redis://:c2VjcmV0@127.0.0.1") }], "key 1: it is neither"],
    ["an empty key", [{ id: "k", key: Redacted.make("") }], "key 1: it has 0 bytes"],
    ["a key that is not hidden", [loose({ id: "k", key: "c2VjcmV0" })], "key 1: it is neither"],
    ["a key that is no text", [loose({ id: "k", key: Redacted.make(42) })], "key 1: it is neither"],
    ["no key beside the id", [loose({ id: "k" })], "key 1: it is neither"],
    [
      "id and key exchanged",
      [first, { id: base64url, key: Redacted.make("2026-01") }],
      "key 2: its id looks like a key"
    ],
    ["the key as its id too", [{ id: base64url, key: Redacted.make(base64url) }], "are id and key exchanged?"],
    ["a hexadecimal key as id", [{ id: hex, key: Redacted.make(base64url) }], "are id and key exchanged?"],
    ["a short key as id", [{ id: "c2VjcmV0", key: Redacted.make("k") }], "key 1: it is neither"],
    ["no id", [{ ...first, id: "" }], "key 1: its id is not"],
    ["an id that is no text", [loose({ ...first, id: 7 })], "key 1: its id is not"],
    ["an id with a point", [{ ...first, id: "a.b" }], "key 1: its id is not"],
    ["one id twice", [second, first, { ...second, id: first.id }], "keys 2 and 3 have the same id"]
  ]
  for (const [name, keys, words] of bad) {
    it.effect(`refused at once: ${name}`, () =>
      Effect.gen(function*() {
        const failure = yield* Effect.flip(setUp(keys))
        assert.strictEqual(failure._tag, "TokenStoreError")
        assert.strictEqual(failure.reason, "missing-key")
        assert.include(failure.message, words)
        const shown = inspect(failure, { depth: 20, showHidden: true }) + JSON.stringify(failure)
        for (const secret of ["c2VjcmV0", base64url, hex]) assert.notInclude(shown, secret)
      }))
  }

  for (const keys of [undefined, null, "c2VjcmV0", ["c2VjcmV0"], [null], {}, { keys: "c2VjcmV0" }, { keys: [first] }]) {
    it.effect(`refused at once: ${JSON.stringify(keys)} as keys`, () =>
      Effect.gen(function*() {
        const inner = yield* TokenStore.makeMemory
        const failure = yield* Effect.flip(
          EncryptedTokenStore.make(keys as unknown as ReadonlyArray<EncryptedTokenStore.Key>)(inner)
        )
        assert.deepStrictEqual([failure._tag, failure.reason], ["TokenStoreError", "misconfigured"])
        assert.include(failure.message, "[{ id, key }]")
        assert.notInclude(inspect(failure, { depth: 20, showHidden: true }), "c2VjcmV0")
      }))
  }

  it("a record that can't be stored is not printed", () => {
    const odd = { ...record(), tokens: { accessToken: "at-secret" } } as unknown as SessionRecord.SessionRecord
    try {
      SessionRecord.encode(odd)
      assert.fail("it was encoded")
    } catch (error) {
      assert.notInclude(inspect(error, { depth: 20, showHidden: true }), "at-secret")
      assert.include(String(error), "can't be stored")
    }
  })

  it.effect("refused at once: a misspelt policy for tokens in clear, which would read as accept", () =>
    Effect.gen(function*() {
      const failure = yield* Effect.flip(setUp([first], { clear: "refused" as "refuse" }))
      assert.include(failure.message, "the option clear must be accept or refuse")
    }))

  it.effect("a key that was stored as its own id by an older version is not printed", () =>
    Effect.gen(function*() {
      const { inner, store } = yield* setUp()
      const sealed = vector.replace("2025a", base64url)
      yield* inner.compareAndSet(key, 0, record({ tokens: undefined, sealed }))
      const failure = yield* Effect.flip(store.get(key))
      assert.strictEqual(failure.reason, "missing-key")
      assert.notInclude(inspect(failure, { depth: 20, showHidden: true }), base64url)
    }))

  for (const alphabet of ["base64", "base64url"] as const) {
    it.effect(`layerConfig: keys from one setting, in ${alphabet}`, () => {
      const sealing = Buffer.from(new Uint8Array(32).fill(251)).toString(alphabet)
      const inner = Layer.effect(TokenStore.TokenStore, TokenStore.makeMemory)
      return Effect.gen(function*() {
        const { of, sealed } = yield* Effect.all({ of: Probe, sealed: TokenStore.TokenStore })
        yield* sealed.compareAndSet(key, 0, record())
        const held = yield* stored(of)
        assert.strictEqual(
          openByHand(held.sealed!, second.id, new Uint8Array(32).fill(251), held).tokens.accessToken,
          "at-secret-1"
        )
        yield* of.compareAndSet(key, 1, record({ version: 2, tokens: undefined, sealed: vector }))
        assert.strictEqual(text((yield* stored(sealed)).tokens?.accessToken), "at-1")
      }).pipe(
        Effect.provide(
          Layer.merge(
            EncryptedTokenStore.layerConfig(EncryptedTokenStore.keysConfig("TOKEN_KEYS")),
            Layer.effect(Probe, TokenStore.TokenStore)
          ).pipe(Layer.provide(inner))
        ),
        Effect.withConfigProvider(ConfigProvider.fromMap(
          new Map([[
            "TOKEN_KEYS",
            `2026-01_b:${sealing}, 2025a:${Redacted.value(first.key as Redacted.Redacted<string>)},`
          ]])
        ))
      )
    })
  }

  it.effect("layerConfig: a broken setting is a typed error that does not print it", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Effect.scoped(
        Layer.build(
          EncryptedTokenStore.layerConfig(EncryptedTokenStore.keysConfig("TOKEN_KEYS")).pipe(
            Layer.provide(TokenStore.layerMemory)
          )
        ).pipe(
          Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["TOKEN_KEYS", "c2VjcmV0c2VjcmV0"]])))
        )
      ))
      assert.isTrue(
        exit._tag === "Failure" && exit.cause._tag === "Fail" && exit.cause.error._tag === "TokenStoreError"
      )
      assert.notInclude(inspect(exit, { depth: 20, showHidden: true }), "c2VjcmV0")
    }))
})

/** Changes one character in the middle of a part. */
const flip = (sealed: string, part: number): string =>
  sealed.split(".").map((piece, at) =>
    at === part ? `${piece.slice(0, 4)}${piece[4] === "A" ? "B" : "A"}${piece.slice(5)}` : piece
  )
    .join(".")
