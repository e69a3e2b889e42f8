import { TokenStoreError } from "@effect-auth/core/AuthError"
import * as MysqlTokenStore from "@effect-auth/store-sql/MysqlTokenStore"
import * as PostgresTokenStore from "@effect-auth/store-sql/PostgresTokenStore"
import * as SqliteTokenStore from "@effect-auth/store-sql/SqliteTokenStore"
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Scope } from "effect/Scope"
import * as dns from "node:dns"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import { inspect } from "node:util"

const root = Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-auth-settings-"))
afterAll(() => Fs.rmSync(root, { recursive: true, force: true }))

const secret = "hunter2-secret"
const url = (text: string) => ({ url: Redacted.make(text) })

/** What a caller without types, or a configuration, can give. */
const given = (options: unknown) =>
  options as PostgresTokenStore.Options & SqliteTokenStore.Options & MysqlTokenStore.Options

/** Counts what leaves the process: connections and questions for a host's name; and what Node prints as a warning. */
const watched = Effect.acquireRelease(
  Effect.sync(() => {
    const seen: Array<string> = []
    const { connect } = Net.Socket.prototype
    const { lookup } = dns
    const warn = (warning: Error) => void seen.push(`warning ${warning.message}`)
    Net.Socket.prototype.connect = function(this: Net.Socket, ...to: ReadonlyArray<unknown>) {
      seen.push(`connect ${inspect(to)}`)
      return Reflect.apply(connect, this, to)
    }
    Reflect.set(dns, "lookup", (...about: ReadonlyArray<unknown>) => {
      seen.push(`lookup ${inspect(about[0])}`)
      return Reflect.apply(lookup, dns, about)
    })
    process.on("warning", warn)
    return {
      seen,
      restore: () => {
        Net.Socket.prototype.connect = connect
        Reflect.set(dns, "lookup", lookup)
        process.off("warning", warn)
      }
    }
  }),
  ({ restore }) => Effect.sync(restore)
)

const refused = Effect.fnUntraced(function*(make: Effect.Effect<unknown, TokenStoreError, Scope>, word: string) {
  const { seen } = yield* watched
  const error = yield* Effect.timeoutFail(Effect.flip(make), { duration: 1_000, onTimeout: () => `hangs: ${word}` })
  assert.instanceOf(error, TokenStoreError)
  assert.match(error.detail ?? "", new RegExp(`^${word}`))
  assert.strictEqual(error.reason, "misconfigured")
  assert.notInclude(inspect(error, { showHidden: true, depth: 10 }) + JSON.stringify(error), secret)
  yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
  assert.deepStrictEqual(seen, [])
})

describe("PostgresTokenStore: a setting that can't be right is refused before anything is sent", () => {
  const cases: ReadonlyArray<readonly [word: string, options: unknown]> = [
    ["url", url(secret)],
    ["url", url("")],
    ["url", url(`localhost:5432/${secret}`)],
    ["url", url(`redis://:${secret}@127.0.0.1/0`)],
    ["url", url(`https://u:${secret}@127.0.0.1/x`)],
    ["url", url(`postgres:u:${secret}@127.0.0.1/x`)],
    ["url", url(`postgres://u:${secret}@127.0.0.1:port/x`)],
    ["url", url(`postgres://u:${secret}@127.0.0.1:99999/x`)],
    ["url", url(`postgres://u:${secret}@127.0.0.1:0/x`)],
    ["url", url(`postgres://u:${secret}@127.0.0.1/x?port=-1`)],
    ["url", url(`postgres://u:${secret}@/x`)],
    ["url", url(`postgres://u:${secret}/more@127.0.0.1/x`)],
    ["url", url(`postgres://u:${secret}#more@127.0.0.1/x`)],
    ["url", url(`postgres://u:${secret}%zz@127.0.0.1/x`)],
    ["url", url(`postgres://u:${secret}@127.0.0.1/x/${secret}`)],
    ["url", url(`postgres://u:${secret}@127.0.0.1/x?sslmode=${secret}`)],
    ["url", url(`postgres://u:${secret}@127.0.0.1/x?ssl=false`)],
    ["url", url(`postgres://u:${secret}@127.0.0.1/x?ssl=${secret}`)],
    ["url", url(`postgres://u:${secret}@127.0.0.1/x?sslnegotiation=${secret}`)],
    ["url", url(`postgres://u:${secret}@127.0.0.1/x?sslMode=verify-full`)],
    ["url", url(`postgres://u:${secret}@127.0.0.1/x?sslmode=verify-full&sslmode=disable`)],
    ["url", url(`postgres://u:${secret}@127.0.0.1/x?ssl${secret}=1`)],
    ["url", url(`postgres://u:${secret}@127.0.0.1/x?gssencmode=require`)],
    ["url", url(`postgres://u:${secret}@127.0.0.1/x?UseLibpqCompat=true`)],
    ["url", url(`postgres://u:${secret}@127.0.0.1/x?port=5432&port=0`)],
    ["ssl", { ...url(`postgres://u:${secret}@127.0.0.1/x?sslmode=disable`), ssl: true }],
    ["ssl", { ...url(`postgres://u:${secret}@127.0.0.1/x?ssl=0`), ssl: true }],
    ["ssl", { ...url(`postgres://u:${secret}@127.0.0.1/x?sslmode=no-verify`), ssl: { rejectUnauthorized: true } }],
    ["ssl", { ...url(`postgres://u:${secret}@127.0.0.1/x?uselibpqcompat=true`), ssl: true }],
    ["ssl", { ...url(`postgres://u:${secret}@127.0.0.1/x?sslmode=require`), ssl: { ca: "ca" } }],
    ["url", url(`postgres://u:${secret}@bad host/x`)],
    ["url", { url: `postgres://u:${secret}@127.0.0.1/x` }],
    ["url", { url: Redacted.make(7) }],
    ["host, port", { ...url(`postgres://u:${secret}@127.0.0.1/x`), host: "elsewhere" }],
    ["host, port", { ...url(`postgres://u:${secret}@127.0.0.1/x`), port: 5433 }],
    ["host", { host: `postgres://u:${secret}@127.0.0.1/x` }],
    ["host", { host: "" }],
    ["host", { host: `u:${secret}@h` }],
    ["port", { host: "127.0.0.1", port: 0 }],
    ["port", { host: "127.0.0.1", port: -5432 }],
    ["port", { host: "127.0.0.1", port: 5432.5 }],
    ["port", { host: "127.0.0.1", port: Number.NaN }],
    ["port", { host: "127.0.0.1", port: "5432" }],
    ["database", { host: "127.0.0.1", database: "" }],
    ["database", { host: "127.0.0.1", database: "x\0" }],
    ["username", { host: "127.0.0.1", username: "" }],
    ["password", { host: "127.0.0.1", password: secret }],
    ["ssl", { host: "127.0.0.1", ssl: "yes" }],
    ["table", { host: "127.0.0.1", table: "x; DROP TABLE y" }],
    ["table", { host: "127.0.0.1", table: `a.b.${secret}` }],
    ["maxConnections", { host: "127.0.0.1", maxConnections: 0 }],
    ["maxConnections", { host: "127.0.0.1", maxConnections: -1 }],
    ["applicationName", { host: "127.0.0.1", applicationName: "" }],
    ["connectTimeout", { host: "127.0.0.1", connectTimeout: -1 }],
    ["connectTimeout", { host: "127.0.0.1", connectTimeout: "soon" }],
    ["statementTimeout", { host: "127.0.0.1", statementTimeout: 0 }],
    ["statementTimeout", { host: "127.0.0.1", statementTimeout: Number.POSITIVE_INFINITY }],
    ["options", { [secret]: "127.0.0.1" }],
    ["options", undefined]
  ]
  it.scopedLive(
    "each of many",
    () =>
      Effect.forEach(cases, ([word, options]) => Effect.scoped(refused(PostgresTokenStore.make(given(options)), word))),
    20_000
  )
})

describe("MysqlTokenStore: a setting that can't be right is refused before anything is sent", () => {
  const right = { host: "127.0.0.1", username: "u", database: "d" }
  const cases: ReadonlyArray<readonly [word: string, options: unknown]> = [
    ["url", url(secret)],
    ["url", url("")],
    ["url", url(`localhost:3306/${secret}`)],
    ["url", url(`postgres://u:${secret}@127.0.0.1/x`)],
    ["url", url(`mysql:u:${secret}@127.0.0.1/x`)],
    ["url", url(`mysql://u:${secret}@127.0.0.1:port/x`)],
    ["url", url(`mysql://u:${secret}@127.0.0.1:99999/x`)],
    ["url", url(`mysql://u:${secret}@127.0.0.1:0/x`)],
    ["url", url(`mysql://u:${secret}@/x`)],
    ["url", url(`mysql://u:${secret}/more@127.0.0.1/x`)],
    ["url", url(`mysql://u:${secret}#more@127.0.0.1/x`)],
    ["url", url(`mysql://u:${secret}%zz@127.0.0.1/x`)],
    ["url", url(`mysql://u:${secret}@127.0.0.1/x/${secret}`)],
    ["url", url(`mysql://u:${secret}@127.0.0.1/x?ssl=${secret}`)],
    ["url", url(`mysql://u:${secret}@bad host/x`)],
    ["url", { url: `mysql://u:${secret}@127.0.0.1/x` }],
    ["url", { url: Redacted.make(7) }],
    ["username", url("mysql://127.0.0.1/x")],
    ["database", url(`mysql://u:${secret}@127.0.0.1`)],
    ["host, port", { ...url(`mysql://u:${secret}@127.0.0.1/x`), host: "elsewhere" }],
    ["host, port", { ...url(`mysql://u:${secret}@127.0.0.1/x`), port: 3307 }],
    ["host", { ...right, host: `mysql://u:${secret}@127.0.0.1/x` }],
    ["host", { ...right, host: "" }],
    ["port", { ...right, port: 0 }],
    ["port", { ...right, port: "3306" }],
    ["socketPath", { ...right, socketPath: "/run/mysqld.sock" }],
    ["socketPath", { username: "u", database: "d", socketPath: "mysqld.sock" }],
    ["database", { ...right, database: "" }],
    ["username", { ...right, username: "x\0" }],
    ["password", { ...right, password: secret }],
    ["ssl", { ...right, ssl: "yes" }],
    ["ssl", { ...right, ssl: true }],
    ["ssl", { ...right, host: "::1", ssl: { ca: "ca" } }],
    ["table", { ...right, table: `a.b.${secret}` }],
    ["maxConnections", { ...right, maxConnections: 0 }],
    ["connectTimeout", { ...right, connectTimeout: "soon" }],
    ["statementTimeout", { ...right, statementTimeout: Number.POSITIVE_INFINITY }],
    ["pollInterval", { ...right, pollInterval: 0 }],
    ["options", { [secret]: "127.0.0.1" }],
    ["options", undefined]
  ]
  it.scopedLive(
    "each of many",
    () =>
      Effect.forEach(cases, ([word, options]) => Effect.scoped(refused(MysqlTokenStore.make(given(options)), word))),
    20_000
  )
})

describe("SqliteTokenStore: a setting that can't be right is refused before anything is made", () => {
  const filename = Path.join(root, "here", "sessions.db")
  const cases: ReadonlyArray<readonly [word: string, options: unknown]> = [
    ["filename", {}],
    ["filename", { filename: "" }],
    ["filename", { filename: ":memory:" }],
    ["filename", { filename: "a\nb" }],
    ["filename", { filename: 7 }],
    ["filename", { filename: Redacted.make(secret) }],
    ["filename", { filename: `postgres://u:${secret}@127.0.0.1/x` }],
    ["filename", { filename: `redis://:${secret}@127.0.0.1` }],
    ["filename", { filename: `libsql://${secret}.example` }],
    ["filename", { filename: `file://${secret}/x.db` }],
    ["filename", { filename: new URL(`https://u:${secret}@127.0.0.1/x`) }],
    ["table", { filename, table: "" }],
    ["table", { filename, table: "Upper" }],
    ["table", { filename, table: "sqlite_sessions" }],
    ["table", { filename, table: "temp.sessions" }],
    ["permissions", { filename, permissions: "ignore" }],
    ["patience", { filename, patience: -1 }],
    ["patience", { filename, patience: "long" }],
    ["pollInterval", { filename, pollInterval: Number.NaN }],
    ["options", { filename, file: filename }],
    ["options", null]
  ]
  it.scopedLive("each of many", () =>
    Effect.gen(function*() {
      yield* Effect.forEach(cases, ([word, options]) =>
        Effect.scoped(refused(SqliteTokenStore.make(given(options)), word)))
      assert.deepStrictEqual(Fs.readdirSync(root), [])
      assert.isFalse(Fs.existsSync("postgres:"))
    }), 20_000)
})
