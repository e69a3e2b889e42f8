import * as ProviderSettings from "@effect-auth/core/ProviderSettings"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

const resolve = (host: string, allowInsecure?: boolean) =>
  Effect.map(
    ProviderSettings.resolve({ host, allowInsecure }, {
      provider: "p",
      hosts: { production: "https://api.test", custom: "https://api.test/v1/" }
    }),
    ({ base }) => base
  )

describe("the host", () => {
  it.effect("is a known host's, or the URL itself, without a slash at the end", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* resolve("production")).href, "https://api.test")
      assert.strictEqual((yield* resolve("custom")).href, "https://api.test/v1")
      const own = yield* resolve("HTTPS://Other.Test:443/a/b//")
      assert.deepStrictEqual(own, {
        origin: "https://other.test",
        host: "other.test",
        path: "/a/b",
        href: "https://other.test/a/b",
        isSecure: true
      })
    }))

  for (
    const [host, reason] of [
      ["nowhere", "url"],
      ["", "url"],
      ["ftp://api.test", "url"],
      ["https://user:pw@api.test", "url"],
      ["https://api.test?token=1", "url"],
      ["https://api.test#x", "url"],
      ["toString", "url"],
      ["http://api.test", "insecure"],
      ["http://127.0.0.1.evil.test", "insecure"]
    ] as const
  ) {
    it.effect(`refuses ${JSON.stringify(host)}: ${reason}`, () =>
      Effect.map(Effect.flip(resolve(host)), (error) => {
        assert.strictEqual(error.reason, reason)
      }))
  }

  for (const host of ["http://localhost:8080", "http://127.1.2.3", "http://[::1]:1", "http://0x7f000001"]) {
    it.effect(`takes ${host} for this machine`, () =>
      Effect.map(resolve(host), (base) => {
        assert.isTrue(base.isSecure)
      }))
  }

  it.effect("plain http can be allowed", () =>
    Effect.map(resolve("http://api.test", true), (base) => {
      assert.isFalse(base.isSecure)
    }))
})

describe("further origins", () => {
  const resolve = (origins: ReadonlyArray<string>, allowInsecure = false) =>
    ProviderSettings.resolve({ origins, allowInsecure }, { provider: "p", hosts: { production: "https://api.test" } })

  it.effect("stand behind that of the host, exactly", () =>
    Effect.map(resolve(["https://orders.test", "HTTPS://Other.test:443/"]), ({ origins }) => {
      assert.deepStrictEqual(origins, ["https://api.test", "https://orders.test", "https://other.test"])
    }))

  for (
    const [origin, reason] of [
      ["https://orders.test/path", "url"],
      ["https://user:pw@orders.test", "url"],
      ["*.test", "url"],
      ["http://orders.test", "insecure"]
    ] as const
  ) {
    it.effect(`refuses ${origin}: ${reason}, and does not print it`, () =>
      Effect.map(Effect.flip(resolve([origin])), (error) => {
        assert.strictEqual(error.reason, reason)
        assert.notInclude(error.message, origin)
      }))
  }
})

describe("what plain JavaScript can give", () => {
  const wrong: ReadonlyArray<object> = [
    { host: 5 },
    { host: null },
    { host: {} },
    { origins: "https://orders.test" },
    { origins: null },
    { origins: {} },
    { origins: [5] },
    { allowInsecure: "no" }
  ]
  for (const settings of wrong) {
    it.effect(`${JSON.stringify(settings)} is refused, and is no defect`, () =>
      Effect.gen(function*() {
        const about = { provider: "p", hosts: { production: "https://api.test" } }
        const error = yield* Effect.flip(ProviderSettings.resolve(settings as ProviderSettings.ProviderSettings, about))
        assert.deepInclude(error, { _tag: "AuthMisconfigured", reason: "options" })
      }))
  }

  it("is neither a text nor a secret nor a name", () => {
    const others = [undefined, null, 5, {}, [], true, "", "\n"]
    for (const setting of others) {
      assert.isFalse(ProviderSettings.isText(setting, /^[a-z]/))
      assert.isFalse(ProviderSettings.isName(setting))
      assert.isFalse(ProviderSettings.isSecret(setting, () => true))
      assert.isFalse(ProviderSettings.isSecret(Redacted.make(setting), (text) => text.trim() !== ""))
    }
    for (const setting of ["a\u0000", "line\nline", "half \ud800", " "]) {
      assert.isFalse(ProviderSettings.isName(setting))
    }
    assert.isTrue(ProviderSettings.isName("Kim O'Hara @ home"))
    assert.isTrue(ProviderSettings.isSecret(Redacted.make("a"), (text) => text === "a"))
  })
})

describe("rules", () => {
  it.effect("the first that does not hold is the error", () =>
    Effect.gen(function*() {
      const resolve = (rules: ReadonlyArray<ProviderSettings.Rule>) =>
        ProviderSettings.resolve({}, { provider: "p", account: "a", hosts: { production: "https://api.test" }, rules: () => rules })
      yield* resolve([[true, "never"]])
      const error = yield* Effect.flip(resolve([[true, "never"], [false, "id is not an id"], [false, "later", "url"]]))
      assert.include(error, { reason: "options", errorDescription: "id is not an id", account: "a" })
    }))

  it.effect("a realm can't be read in two ways", () =>
    Effect.map(
      ProviderSettings.resolve({ host: "https://api.test/v1" }, { provider: "p", hosts: {} }),
      ({ realm }) => {
        assert.strictEqual(realm("a", ["c", "b/d"]), "api.test/v1/a/c,b%2Fd")
        assert.notStrictEqual(realm("a/b"), realm("a", "b"))
        assert.notStrictEqual(realm(["a,b"]), realm(["a", "b"]))
      }
    ))
})

describe("settings from the configuration", () => {
  interface Settings extends ProviderSettings.ProviderSettings {
    readonly club: string
    readonly locale?: string | undefined
  }
  const read = (entries: ReadonlyArray<readonly [string, string]>) =>
    ProviderSettings.fromConfig<Settings>({
      club: Config.string("CLUB"),
      locale: Config.option(Config.string("LOCALE"))
    }).pipe(Effect.withConfigProvider(ConfigProvider.fromMap(new Map(entries))))

  it.effect("one that may be left out can be a `Config.option`", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* read([["CLUB", "c"], ["LOCALE", "nb"]]), { club: "c", locale: "nb" })
      assert.deepStrictEqual(yield* read([["CLUB", "c"]]), { club: "c" })
      assert.include(yield* Effect.flip(read([])), { _op: "MissingData" })
    }))
})
