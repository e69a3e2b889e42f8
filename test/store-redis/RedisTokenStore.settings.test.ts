/** Settings that can't be right: refused before anything is made, sent or printed. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as RedisTokenStore from "@effect-auth/store-redis/RedisTokenStore"
import { afterAll, assert, beforeAll, describe, it, vi } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { RedisOptions } from "ioredis"
import { Socket } from "node:net"
import { inspect } from "node:util"

const secret = "pass-secret"
const hidden = (text: string) => Redacted.make(text)
const url = (text: string): RedisTokenStore.Options => ({ url: hidden(text) })
/** What plain JavaScript, or a setting that was read as it is, can give. */
const loose = (options: unknown): RedisTokenStore.Options => options as RedisTokenStore.Options

const urls: ReadonlyArray<readonly [why: string, text: string]> = [
  ["a port that is no number", `redis://user:${secret}@127.0.0.1:63a9/0`],
  ["a port out of range", `redis://user:${secret}@127.0.0.1:66379`],
  ["port 0", `redis://user:${secret}@127.0.0.1:0`],
  ["a negative port", `redis://user:${secret}@127.0.0.1:-1`],
  ["two ports", `redis://user:${secret}@127.0.0.1:6379:6380`],
  ["a bare password", secret],
  ["a bare password with signs", `${secret}:x@y/z#`],
  ["a bare number", "1234567"],
  ["nothing", ""],
  ["blanks", "   "],
  ["a host without a scheme", `user:${secret}@127.0.0.1:6379`],
  ["a scheme without slashes", `redis:${secret}`],
  ["one slash", `redis:/${secret}`],
  ["another scheme", `http://user:${secret}@127.0.0.1:6379`],
  ["a misspelt scheme", `redi://user:${secret}@127.0.0.1:6379`],
  ["a scheme of another driver", `redis+sentinel://user:${secret}@127.0.0.1:6379`],
  ["the URL of another store", `postgres://user:${secret}@127.0.0.1:5432/db`],
  ["a path", `/var/run/${secret}.sock`],
  ["the scheme twice", `redis://redis://user:${secret}@127.0.0.1:6379`],
  ["an unencoded / in the password", `redis://user:12/${secret}@127.0.0.1:6379`],
  ["an unencoded # in the password", `redis://user:12#${secret}@127.0.0.1:6379`],
  ["an unencoded ? in the password", `redis://user:12?${secret}@127.0.0.1:6379`],
  ["an unencoded % in the password", `redis://user:%zz${secret}@127.0.0.1:6379`],
  ["half a character in percent signs", `redis://user:%ff${secret}@127.0.0.1:6379`],
  ["settings behind ?", `redis://user:${secret}@127.0.0.1:6379/0?password=${secret}`],
  ["a fragment", `redis://user:${secret}@127.0.0.1:6379/0#${secret}`],
  ["an empty ?", `redis://user:${secret}@127.0.0.1:6379?`],
  ["a database that is no number", `redis://user:${secret}@127.0.0.1:6379/sessions`],
  ["a negative database", `redis://user:${secret}@127.0.0.1:6379/-1`],
  ["a database behind a database", `redis://user:${secret}@127.0.0.1:6379/0/1`],
  ["no host", "redis://"],
  ["no host, a port", "redis://:6379"],
  ["no host, a database", "redis:///0"],
  ["no host behind a user", `redis://user:${secret}@/0`],
  ["a blank in the host", `redis://user:${secret}@127.0.0 .1:6379`],
  ["a line break at the end", `redis://user:${secret}@127.0.0.1:6379\n`],
  ["a line break in the middle", `redis://user:${secret}\n@127.0.0.1:6379`],
  ["a NUL", `redis://user:${secret}\0@127.0.0.1:6379`],
  ["a number as host", "redis://1234567"],
  ["half an address", "redis://127.1"],
  ["an address out of range", "redis://300.0.0.1"],
  ["a host with percent signs", "redis://pass%2Dsecret"],
  ["a host with signs of a password", "redis://pass-secret="],
  ["a label that is too long", `redis://${"a".repeat(64)}`],
  ["several hosts", `redis://user:${secret}@127.0.0.1:6379,127.0.0.2:6379`],
  ["a user without a password", `redis://${secret}@127.0.0.1:6379`],
  ["a bad address in brackets", `redis://user:${secret}@[::zz]:6379`],
  ["a text of 1 MiB", `redis://user:${secret}@${"a".repeat(1 << 20)}`]
]

const fields: ReadonlyArray<readonly [why: string, options: RedisTokenStore.Options, client?: RedisOptions]> = [
  ["a URL that is not hidden", loose({ url: `redis://:${secret}@127.0.0.1:6379` })],
  ["a URL that is no text", loose({ url: Redacted.make(6379) })],
  ["a URL as host", { host: `redis://:${secret}@127.0.0.1` }],
  ["a password as host", { host: `${secret}=` }],
  ["host and port in one", { host: "127.0.0.1:6379" }],
  ["an empty host", { host: "" }],
  ["a host with a blank", { host: "local host" }],
  ["a host that is hidden", loose({ host: hidden(secret) })],
  ["a port that is a fraction", { port: 6379.5 }],
  ["a port that is no number", { port: NaN }],
  ["a port as text", loose({ port: "6379" })],
  ["a port out of range", { port: 65_536 }],
  ["port 0", { port: 0 }],
  ["a password that is not hidden", loose({ password: secret })],
  ["a password that is no text", loose({ password: Redacted.make(1234) })],
  ["a user without a password", { username: secret }],
  ["a user that is hidden", loose({ username: hidden(secret), password: hidden(secret) })],
  ["an empty user", { username: "", password: hidden(secret) }],
  ["a database that is a fraction", { database: 0.5 }],
  ["a negative database", { database: -1 }],
  ["a database as text", loose({ database: "1" })],
  ["a database that is no number", { database: NaN }],
  ["an empty prefix", { prefix: "" }],
  ["a URL as prefix", { prefix: `redis://:${secret}@127.0.0.1` }],
  ["a prefix with a brace", { prefix: "a{b" }],
  ["a prefix with a blank", { prefix: "a b" }],
  ["a prefix with a line break", { prefix: "a\n" }],
  ["a prefix that is too long", { prefix: "a".repeat(201) }],
  ["a prefix that is no text", loose({ prefix: 7 })],
  ...(["commandTimeout", "connectTimeout", "timeToLive"] as const).flatMap((name) =>
    ([0, -1, NaN, "5 parsecs", "", {}, null] as ReadonlyArray<unknown>).map((value) =>
      [`${name}: ${inspect(value)}`, loose({ [name]: value })] as const
    )
  ),
  // A timer of more than 2^31 milliseconds fires at once.
  ["a time for commands without an end", { commandTimeout: Infinity }],
  ["a time for commands of a month", { commandTimeout: "31 days" }],
  ["a time for connecting of a month", { connectTimeout: "31 days" }],
  ["a policy that is misspelt", loose({ eviction: "ignore" })],
  ["an option that is misspelt", loose({ uri: hidden(`redis://:${secret}@127.0.0.1`) })],
  ["no options at all", loose(`redis://:${secret}@127.0.0.1`)],
  ["a URL as second argument", {}, `redis://:${secret}@127.0.0.1` as RedisOptions],
  ["a URL as host of the driver", {}, { host: `redis://:${secret}@127.0.0.1` }],
  ["a port of the driver out of range", {}, { port: 70_000 }],
  ["a database of the driver that is none", {}, { db: -3 }],
  ["a password of the driver that is no text", {}, { password: 1234 as unknown as string }],
  ["a user of the driver without a password", {}, { username: secret }],
  ["a socket and a host", { host: "127.0.0.1" }, { path: "/run/redis.sock" }],
  ["a socket that is no path", {}, { path: secret }],
  ["sentinels without one", {}, { sentinels: [], name: "primary" }],
  ["sentinels without the name of the primary", {}, { sentinels: [{ host: "127.0.0.1", port: 26_379 }] }],
  ["a sentinel that is a URL", {}, { sentinels: [{ host: `redis://:${secret}@127.0.0.1` }], name: "primary" }],
  ["a sentinel with a bad port", {}, { sentinels: [{ host: "127.0.0.1", port: 0 }], name: "primary" }],
  ["sentinels and a host", url("redis://127.0.0.1"), { sentinels: [{ host: "127.0.0.1" }], name: "primary" }]
]

describe("settings that can't be right", () => {
  const dialled = vi.spyOn(Socket.prototype, "connect")
  const said: Array<unknown> = []
  const warned = (warning: unknown) => said.push(warning)
  beforeAll(() => {
    process.on("warning", warned)
    for (const channel of ["log", "info", "warn", "error", "debug"] as const) {
      vi.spyOn(console, channel).mockImplementation((...text) => said.push(text))
    }
  })
  afterAll(() => {
    process.off("warning", warned)
    vi.restoreAllMocks()
  })

  const refused = (options: RedisTokenStore.Options, client?: RedisOptions) =>
    Effect.gen(function*() {
      const before = dialled.mock.calls.length
      const since = performance.now()
      const error = yield* Effect.flip(Effect.scoped(RedisTokenStore.make(options, client)))
      assert.isBelow(performance.now() - since, 1_000)
      // Warnings of the process are emitted later.
      yield* Effect.promise(() => new Promise((done) => setImmediate(done)))
      assert.strictEqual(dialled.mock.calls.length - before, 0, "it dialled")
      assert.deepStrictEqual(said, [], "it printed")
      isTyped(error)
    })

  const isTyped = (error: TokenStoreError) => {
    assert.deepStrictEqual([error._tag, error.operation, error.reason], ["TokenStoreError", "open", "misconfigured"])
    assert.isAbove(error.detail?.length ?? 0, 10)
    assert.isBelow(error.message.length, 400)
    const shown = inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(error) + String(error.stack)
    for (const text of [secret, "1234567", "%2Dsecret", "aaaaaaaaaa"]) assert.notInclude(shown, text)
  }

  for (const [why, text] of urls) it.effect(`a URL with ${why}`, () => refused(url(text)))
  for (const [why, options, client] of fields) it.effect(why, () => refused(options, client))

  it.effect("from Config too, and the layer shows nothing", () =>
    Effect.gen(function*() {
      const layer = RedisTokenStore.layerConfig({ url: Config.redacted("URL") })
      assert.notInclude(inspect(layer, { depth: 20, showHidden: true }), secret)
      const provider = ConfigProvider.fromMap(new Map([["URL", `redis://:${secret}@127.0.0.1:port`]]))
      const error = yield* Effect.flip(Effect.scoped(Effect.withConfigProvider(Layer.build(layer), provider)))
      if (error._tag === "TokenStoreError") isTyped(error)
      assert.strictEqual(error._tag, "TokenStoreError")
      assert.deepStrictEqual(said, [])
    }))

  it("a layer that was made with a password does not show it", () => {
    const layer = RedisTokenStore.layer({ password: hidden(secret), url: hidden(`redis://:${secret}@127.0.0.1`) })
    assert.notInclude(inspect(layer, { depth: 20, showHidden: true }), secret)
  })
})
