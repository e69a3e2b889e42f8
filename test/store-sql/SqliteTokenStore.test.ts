import { TokenStoreError } from "@effect-auth/core/AuthError"
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import { TokenStore } from "@effect-auth/core/TokenStore"
import * as SqliteTokenStore from "@effect-auth/store-sql/SqliteTokenStore"
import * as SqlTokenStore from "@effect-auth/store-sql/SqlTokenStore"
import * as TokenStoreLaws from "@effect-auth/testing/TokenStoreLaws"
import * as LibsqlClient from "@effect/sql-libsql/LibsqlClient"
import * as SqlClient from "@effect/sql/SqlClient"
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { pathToFileURL } from "node:url"
import { inspect } from "node:util"
import * as children from "../support/stores/children.ts"

const root = Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-auth-sqlite-"))
afterAll(() => Fs.rmSync(root, { recursive: true, force: true }))

let folders = 0
const newFile = (name = "sessions.db") => Path.join(root, String(++folders), name)
const modeOf = (path: string) => (Fs.statSync(path).mode & 0o777).toString(8)

const plainClient = (file: string) =>
  Effect.map(
    Layer.build(LibsqlClient.layer({ url: pathToFileURL(file).href })),
    (context) => Context.get(context, SqlClient.SqlClient)
  )

const key = { provider: "placewise", realm: "club", account: "member-42" }
const record = (version: number): SessionRecord.SessionRecord => ({
  ...SessionRecord.empty(key),
  version,
  tokens: {
    accessToken: Redacted.make("access-secret"),
    refreshToken: Redacted.make("refresh-secret"),
    obtainedAt: 0
  }
})

/** Another connection holds the write lock from `begin` to `end`. */
const lockedFile = (file: string): TokenStoreLaws.Outage => {
  let scope: Scope.CloseableScope | undefined
  return {
    begin: Effect.gen(function*() {
      scope = yield* Scope.make()
      const sql = yield* Scope.extend(plainClient(file), scope)
      yield* sql.unsafe("BEGIN IMMEDIATE")
      yield* Scope.addFinalizer(scope, Effect.ignore(sql.unsafe("ROLLBACK")))
    }),
    end: Effect.suspend(() => scope === undefined ? Effect.void : Scope.close(scope, Exit.void)),
    within: "3 seconds"
  }
}

const shared = newFile()
const spec = () => ({ kind: "sqlite", filename: shared }) as const

TokenStoreLaws.suite("SQLite", SqliteTokenStore.layer({ filename: shared, patience: "700 millis" }), {
  durable: true,
  manyAccounts: false,
  outage: lockedFile(shared),
  process: children.process(spec)
})

const generic = newFile()
Fs.mkdirSync(Path.dirname(generic))
TokenStoreLaws.suite(
  "any SqlClient of SQLite",
  Layer.provide(
    SqlTokenStore.layer({ table: "sessions_of_mine" }),
    LibsqlClient.layer({ url: pathToFileURL(generic).href })
  ),
  { manyAccounts: false }
)

children.processSuite("SQLite", spec)

describe("SqliteTokenStore", () => {
  it.scopedLive("waits for a lock without stopping the other fibers", () =>
    Effect.gen(function*() {
      const file = newFile()
      const store = yield* SqliteTokenStore.make({ filename: file })
      const lock = lockedFile(file)
      yield* lock.begin
      let ticks = 0
      const clock = yield* Effect.fork(Effect.forever(Effect.zipRight(Effect.sleep(20), Effect.sync(() => ticks++))))
      const writer = yield* Effect.fork(store.compareAndSet(key, 0, record(1)))
      yield* Effect.sleep(1_000)
      assert.isTrue(Option.isNone(yield* writer.poll))
      yield* lock.end
      assert.isTrue(yield* writer)
      assert.isAbove(ticks, 3)
      yield* Fiber.interrupt(clock)
      // The driver used to keep such a write to itself: seen by nobody, and the lock with it.
      const other = yield* plainClient(file)
      assert.deepStrictEqual(yield* other`SELECT version FROM effect_auth_sessions`.values, [[1]])
      yield* other.unsafe("BEGIN IMMEDIATE")
      yield* other.unsafe("ROLLBACK")
    }), 20_000)

  it.scopedLive("keeps its settings on the one connection it has", () =>
    Effect.gen(function*() {
      const file = newFile()
      // Two opens: the first migrates, the second finds everything done.
      for (const _ of [1, 2]) yield* Effect.scoped(SqliteTokenStore.make({ filename: file }))
      const store = yield* SqliteTokenStore.make({ filename: file })
      yield* store.compareAndSet(key, 0, record(1))
      const sql = yield* plainClient(file)
      assert.deepStrictEqual(yield* sql`PRAGMA journal_mode`.values, [["wal"]])
      assert.deepStrictEqual(yield* sql`SELECT key, version FROM effect_auth_sessions`.values, [
        ["placewise/club/member-42", 1]
      ])
      assert.deepStrictEqual(yield* sql`SELECT migration_id FROM effect_auth_sessions_migrations`.values, [[1], [2]])
    }))

  it.scopedLive("sixteen opens of a new database at once migrate it once", () =>
    Effect.gen(function*() {
      const filename = newFile()
      const stores = yield* Effect.all(
        Array.from({ length: 16 }, () => SqliteTokenStore.make({ filename })),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(stores.length, 16)
      const sql = yield* plainClient(filename)
      assert.deepStrictEqual(yield* sql`SELECT migration_id FROM effect_auth_sessions_migrations`.values, [[1], [2]])
    }))

  it.scopedLive("takes paths, file URLs and Config, with any name", () =>
    Effect.gen(function*() {
      for (const name of ["with space.db", "100%.db", "what?.db", "a#b.db", "ünï.db", ":memory:x"]) {
        const file = newFile(name)
        const store = yield* SqliteTokenStore.make({ filename: file })
        assert.isTrue(yield* store.compareAndSet(key, 0, record(1)))
        assert.deepStrictEqual(Fs.readdirSync(Path.dirname(file)).filter((found) => !/-(wal|shm)$/.test(found)), [name])
        const same = yield* SqliteTokenStore.make({ filename: pathToFileURL(file) })
        assert.isTrue(Option.isSome(yield* same.get(key)))
      }
      const filename = newFile()
      const configured = SqliteTokenStore.layerConfig({
        filename: Config.string("SESSIONS"),
        table: Config.option(Config.string("ABSENT"))
      }).pipe(
        Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map([["SESSIONS", filename]]))))
      )
      yield* Effect.provide(Effect.flatMap(TokenStore, (store) => store.compareAndSet(key, 0, record(1))), configured)
      assert.isTrue(Fs.existsSync(filename))
    }))

  it.scopedLive("a row that was altered is refused, and the error tells no secret", () =>
    Effect.gen(function*() {
      const file = newFile()
      const store = yield* SqliteTokenStore.make({ filename: file })
      yield* store.compareAndSet(key, 0, record(1))
      const sql = yield* plainClient(file)
      const failureAfter = (change: string) =>
        Effect.gen(function*() {
          yield* sql.unsafe(change)
          const error = yield* Effect.flip(store.get(key))
          assert.instanceOf(error, TokenStoreError)
          assert.notMatch(inspect(error, { showHidden: true, depth: 10 }) + JSON.stringify(error), /-secret/)
          return error.reason
        })
      assert.strictEqual(yield* failureAfter("UPDATE effect_auth_sessions SET version = 7"), "corrupt")
      yield* sql.unsafe("UPDATE effect_auth_sessions SET version = 1")
      assert.strictEqual(
        yield* failureAfter("UPDATE effect_auth_sessions SET record = replace(record, 'member-42', 'member-43')"),
        "mismatch"
      )
      assert.strictEqual(yield* failureAfter("UPDATE effect_auth_sessions SET record = 'access-secret'"), "corrupt")
      assert.strictEqual(yield* failureAfter("UPDATE effect_auth_sessions SET version = 5, record = ''"), "corrupt")
      assert.strictEqual((yield* Effect.flip(store.get(key))).version, 5)
      assert.isTrue(yield* store.compareAndSet(key, 5, record(6)))
      assert.deepStrictEqual(Option.getOrThrow(yield* store.get(key)), record(6))
      yield* sql.unsafe("DROP TABLE effect_auth_sessions")
      const error = yield* Effect.flip(store.compareAndSet(key, 1, record(2)))
      assert.strictEqual(error.reason, "unavailable")
      assert.notMatch(inspect(error, { showHidden: true, depth: 10 }) + JSON.stringify(error), /-secret/)
    }))

  it.scopedLive("a table's name that can't be one is a typed error", () =>
    Effect.gen(function*() {
      for (const table of ["", "Upper", "with space", "x; DROP TABLE y", "a.b.c", "1st", "x".repeat(52)]) {
        const error = yield* Effect.flip(SqliteTokenStore.make({ filename: newFile(), table }))
        assert.strictEqual(error.reason, "misconfigured")
        assert.include(error.detail ?? "", "name")
      }
    }))

  it.scopedLive("what is no place for a database is a typed error", () =>
    Effect.gen(function*() {
      const text = newFile()
      Fs.mkdirSync(Path.dirname(text), { mode: 0o700 })
      Fs.writeFileSync(text, "this is a text and no database, and it is longer than the header of one".repeat(20), {
        mode: 0o600
      })
      const cases: ReadonlyArray<readonly [string, TokenStoreError["reason"]]> = [
        [":memory:", "misconfigured"],
        ["", "misconfigured"],
        ["file://elsewhere/x.db", "misconfigured"],
        [root, "permissions"],
        [Path.join(text, "below-a-file.db"), "unavailable"],
        [text, "corrupt"]
      ]
      for (const [filename, reason] of cases) {
        const error = yield* Effect.flip(SqliteTokenStore.make({ filename }))
        assert.instanceOf(error, TokenStoreError, filename)
        assert.strictEqual(error.reason, reason, filename)
      }
    }))
})

describe("SqliteTokenStore: files", () => {
  const warnings = () => {
    const lines: Array<string> = []
    return {
      lines,
      layer: Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ logLevel, message }) => {
          if (logLevel._tag === "Warning") lines.push(String(message))
        })
      )
    }
  }

  it.scopedLive("are 0600 in a 0700 folder while the store is written", () =>
    Effect.gen(function*() {
      const file = Path.join(root, "deep", "er", "sessions.db")
      const heard = warnings()
      const store = yield* Effect.provide(SqliteTokenStore.make({ filename: file }), heard.layer)
      yield* store.compareAndSet(key, 0, record(1))
      assert.deepStrictEqual(heard.lines, [], "nothing had to be repaired: they were so from the first byte")
      assert.strictEqual(modeOf(Path.join(root, "deep")), "700")
      assert.strictEqual(modeOf(Path.dirname(file)), "700")
      assert.deepStrictEqual(
        Fs.readdirSync(Path.dirname(file)).sort().map((name) => [name, modeOf(Path.join(Path.dirname(file), name))]),
        [["sessions.db", "600"], ["sessions.db-shm", "600"], ["sessions.db-wal", "600"]]
      )
    }))

  const opened = (options: { readonly dir: number; readonly file: number; readonly policy?: "refuse" }) =>
    Effect.gen(function*() {
      const filename = newFile()
      yield* Effect.scoped(SqliteTokenStore.make({ filename }))
      Fs.chmodSync(filename, options.file)
      Fs.chmodSync(Path.dirname(filename), options.dir)
      const heard = warnings()
      const exit = yield* SqliteTokenStore.make({ filename, permissions: options.policy }).pipe(
        Effect.scoped,
        Effect.provide(heard.layer),
        Effect.either
      )
      return { filename, exit, lines: heard.lines }
    })

  it.live("that are wider are closed, with a warning each", () =>
    Effect.gen(function*() {
      const { exit, filename, lines } = yield* opened({ dir: 0o755, file: 0o644 })
      assert.strictEqual(exit._tag, "Right")
      assert.strictEqual(modeOf(filename), "600")
      assert.strictEqual(modeOf(Path.dirname(filename)), "700")
      assert.isAtLeast(lines.length, 2)
      assert.isTrue(lines.every((line) => line.includes("repaired")), lines.join("\n"))
    }))

  it.live("that are wider are refused where that is wanted", () =>
    Effect.gen(function*() {
      for (const [dir, file] of [[0o700, 0o640], [0o711, 0o600]] as const) {
        const { exit, filename } = yield* opened({ dir, file, policy: "refuse" })
        assert.isTrue(exit._tag === "Left" && exit.left.reason === "permissions")
        assert.strictEqual(modeOf(filename), file.toString(8))
      }
    }))

  it.live("in a folder that others can read and use are refused, and the folder is left alone", () =>
    Effect.gen(function*() {
      const filename = newFile()
      Fs.mkdirSync(Path.dirname(filename), { mode: 0o755 })
      Fs.writeFileSync(Path.join(Path.dirname(filename), "other.txt"), "")
      const error = yield* Effect.flip(Effect.scoped(SqliteTokenStore.make({ filename })))
      assert.strictEqual(error.reason, "permissions")
      assert.strictEqual(modeOf(Path.dirname(filename)), "755")
      assert.isFalse(Fs.existsSync(filename))
    }))

  it.scopedLive("hold no replaced token once they are checkpointed", () =>
    Effect.gen(function*() {
      const file = newFile()
      const store = yield* SqliteTokenStore.make({ filename: file })
      yield* store.compareAndSet(key, 0, {
        ...record(1),
        tokens: { accessToken: Redacted.make("old".repeat(5_000)), obtainedAt: 0 }
      })
      yield* store.compareAndSet(key, 1, record(2))
      const sql = yield* plainClient(file)
      yield* sql`PRAGMA wal_checkpoint(TRUNCATE)`
      const bytes = Fs.readFileSync(file, "latin1")
      assert.include(bytes, "refresh-secret")
      assert.notInclude(bytes, "oldoldold")
    }))
})

describe.skipIf(process.platform !== "linux")("SqliteTokenStore: presence", () => {
  it.scopedLive("tells a recycled pid, another boot, another host and another namespace apart", () =>
    Effect.gen(function*() {
      const { presence } = yield* SqliteTokenStore.make({ filename: newFile() })
      const parts = presence!.owner.split("/")
      assert.strictEqual(parts.length, 8)
      const changed = (...changes: ReadonlyArray<readonly [index: number, text: string]>) => {
        const copy = [...parts]
        for (const [index, text] of changes) copy[index] = text
        return presence!.isAlive(copy.join("/"))
      }
      const [host, boot, namespace, pid, thread, started] = [1, 2, 3, 4, 5, 6]
      assert.isTrue(yield* changed())
      assert.isFalse(yield* changed([started!, "1"]), "the pid was given to a later process")
      assert.isFalse(yield* changed([pid!, "4194305"]), "no such process")
      assert.isFalse(yield* changed([thread!, "4194305"]), "no such thread")
      assert.isFalse(yield* changed([boot!, "another"]), "this host was started again")
      assert.isTrue(yield* changed([boot!, "another"], [host!, "elsewhere"]), "another host can't be judged")
      assert.isTrue(
        yield* changed([namespace!, "pid%3A%5B1%5D"], [pid!, "4194305"]),
        "another container can't be judged"
      )
      assert.isFalse(yield* changed([host!, "renamed"], [pid!, "4194305"]), "the host's name can change while it runs")
    }))

  it.scopedLive(
    "a worker thread that was terminated is gone at once, and one that runs is there",
    () =>
      Effect.gen(function*() {
        const filename = newFile()
        const { presence } = yield* SqliteTokenStore.make({ filename })
        const [first, second] = yield* Effect.all([children.startThread(filename), children.startThread(filename)])
        assert.notStrictEqual(first.owner, second.owner)
        assert.isTrue(yield* presence!.isAlive(first.owner))
        assert.isTrue(yield* presence!.isAlive(second.owner))
        yield* Effect.promise(() => first.worker.terminate())
        assert.isFalse(yield* presence!.isAlive(first.owner))
        assert.isTrue(yield* presence!.isAlive(second.owner))
      }),
    60_000
  )
})
