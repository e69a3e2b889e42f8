import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import type * as TokenStore from "@effect-auth/core/TokenStore"
import * as SqliteTokenStore from "@effect-auth/store-sql/SqliteTokenStore"
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { execFileSync, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as children from "../support/stores/children.ts"

const root = Fs.realpathSync(Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-auth-sqlite-files-")))
afterAll(() => Fs.rmSync(root, { recursive: true, force: true }))

let folders = 0
const newFolder = (mode = 0o700) => {
  const folder = Path.join(root, String(++folders))
  Fs.mkdirSync(folder)
  Fs.chmodSync(folder, mode)
  return folder
}
const newFile = () => Path.join(newFolder(), "sessions.db")

const key = { provider: "placewise", realm: "club", account: "member-42" }
const record = (version: number, secret = "secret"): SessionRecord.SessionRecord => ({
  ...SessionRecord.empty(key),
  version,
  state: { _tag: "active" },
  tokens: { accessToken: Redacted.make(secret), refreshToken: Redacted.make(`refresh-${secret}`), obtainedAt: 0 }
})
const versionIn = (store: TokenStore.Service) =>
  Effect.map(store.get(key), (found) => Option.match(found, { onNone: () => 0, onSome: ({ version }) => version }))

/** Closing a file in this process drops SQLite's locks on it, so another one looks at the bytes. */
const bytesOf = (folder: string) =>
  execFileSync("sh", ["-c", "cat -- \"$1\"/*", "sh", folder], { encoding: "latin1", maxBuffer: 1 << 30 })

/** Another process writes the record `wins` times, and ends. */
const elsewhere = (filename: string, wins: number) =>
  children.processToItsEnd(() => ({ kind: "sqlite", filename }))(JSON.stringify({ key, name: "elsewhere", wins }))

describe("SqliteTokenStore: an acknowledged write", () => {
  it.scopedLive(
    "is read, whatever else this process opened and closed meanwhile",
    () =>
      Effect.gen(function*() {
        const filename = newFile()
        const store = yield* SqliteTokenStore.make({ filename })
        yield* Effect.scoped(SqliteTokenStore.make({ filename }))
        // A process that takes itself for the last one deletes the log that others still use.
        yield* elsewhere(filename, 3)
        yield* elsewhere(filename, 3)
        assert.strictEqual(yield* versionIn(store), 6)
        assert.isTrue(yield* store.compareAndSet(key, 6, record(7)))
        const other = yield* SqliteTokenStore.make({ filename })
        assert.strictEqual(yield* versionIn(other), 7)
      }),
    60_000
  )

  it.scopedLive(
    "counts only while the files bear their names: replaced ones are noticed, and what is there is opened",
    () =>
      Effect.gen(function*() {
        const changes: ReadonlyArray<readonly [string, (file: string) => void, number]> = [
          ["the folder was emptied", (file) => {
            for (const ending of ["", "-wal", "-shm"]) Fs.rmSync(file + ending)
          }, 0],
          ["the folder was deleted", (file) => Fs.rmSync(Path.dirname(file), { recursive: true }), 0],
          ["the folder was moved away", (file) => Fs.renameSync(Path.dirname(file), Path.dirname(file) + "-old"), 0],
          ["a copy took its place", (file) => {
            execFileSync("sh", ["-c", "cp -p \"$1\" \"$1.copy\" && mv \"$1.copy\" \"$1\"", "sh", file])
            for (const ending of ["-wal", "-shm"]) Fs.rmSync(file + ending)
          }, 1]
        ]
        for (const [what, change, left] of changes) {
          for (const call of ["read", "write"] as const) {
            const filename = newFile()
            const store = yield* SqliteTokenStore.make({ filename })
            yield* store.compareAndSet(key, 0, record(1))
            // Empties the log, so that the copies are whole.
            yield* Effect.scoped(SqliteTokenStore.make({ filename }))
            change(filename)
            const error = yield* Effect.flip<unknown, TokenStoreError, never>(
              call === "read" ? store.get(key) : store.compareAndSet(key, 1, record(2))
            )
            assert.deepStrictEqual([error.reason, error.operation], ["unavailable", call], what)
            assert.include(error.detail ?? "", "deleted or replaced", what)
            assert.strictEqual(yield* versionIn(store), left, what)
            assert.isTrue(yield* store.compareAndSet(key, left, record(left + 1)), what)
            const other = yield* SqliteTokenStore.make({ filename })
            assert.strictEqual(yield* versionIn(other), left + 1, what)
            assert.deepStrictEqual(
              Fs.readdirSync(Path.dirname(filename)).filter((name) => name.startsWith("sessions.db")).map((name) =>
                (Fs.statSync(Path.join(Path.dirname(filename), name)).mode & 0o777).toString(8)
              ),
              ["600", "600", "600"],
              what
            )
          }
        }
      }),
    60_000
  )

  it.scopedLive.skipIf(process.platform !== "linux")(
    "is never read from a log that was deleted alone",
    () =>
      Effect.gen(function*() {
        const filename = newFile()
        const store = yield* SqliteTokenStore.make({ filename })
        yield* store.compareAndSet(key, 0, record(1))
        yield* Effect.scoped(SqliteTokenStore.make({ filename }))
        Fs.rmSync(`${filename}-wal`)
        const details: Array<string> = []
        const read = Effect.tapError(versionIn(store), ({ detail = "" }) => Effect.sync(() => details.push(detail)))
        yield* Effect.flip(read)
        // The driver lets go of its files when they are collected.
        setFlagsFromString("--expose-gc")
        const collect: () => void = runInNewContext("gc")
        const again = Schedule.intersect(Schedule.spaced(20), Schedule.recurs(100))
        assert.strictEqual(yield* Effect.retry(Effect.zipRight(Effect.sync(collect), read), again), 1)
        assert.isTrue(yield* store.compareAndSet(key, 1, record(2)))
        assert.match(
          details.join("\n"),
          /^the database's file was deleted or replaced.*(\n.*start this process again)*$/
        )
      }),
    20_000
  )
})

describe("SqliteTokenStore: what was signed out", () => {
  it.live("is in no file: after the departure, and after the closing", () =>
    Effect.gen(function*() {
      const filename = newFile()
      const folder = Path.dirname(filename)
      const accounts = Array.from({ length: 60 }, (_, index) => ({ ...key, account: `${index}` }))
      // Of many lengths: from a part of a page to many pages.
      const secret = (index: number, generation: number) =>
        `g${generation}-${index}-token-`.repeat(1 + (index * 37) % 400)
      yield* Effect.scoped(Effect.gen(function*() {
        const store = yield* SqliteTokenStore.make({ filename })
        const other = yield* SqliteTokenStore.make({ filename })
        for (const generation of [1, 2, 3]) {
          for (const [index, each] of accounts.entries()) {
            const next = { ...record(generation, secret(index + generation, generation)), account: each.account }
            assert.isTrue(yield* (index % 2 === 0 ? store : other).compareAndSet(each, generation - 1, next))
          }
        }
        assert.include(bytesOf(folder), "-token-")
        for (const [index, each] of accounts.entries()) {
          const left = { ...SessionRecord.empty(each), version: 4, state: { _tag: "signedOut" as const } }
          assert.isTrue(yield* store.compareAndSet(each, 3, left))
          if (index % 20 === 0) assert.notInclude(bytesOf(folder), `g3-${index + 3}-token-`)
        }
        assert.notInclude(bytesOf(folder), "-token-")
        assert.isTrue(yield* store.compareAndSet(key, 0, record(1, "old-token")))
        assert.isTrue(yield* store.compareAndSet(key, 1, record(2, "live")))
        assert.include(bytesOf(folder), "old-token")
      }))
      assert.notInclude(bytesOf(folder), "-token")
      assert.include(bytesOf(folder), "live")
    }), 60_000)
})

describe.skipIf(process.platform === "win32")("SqliteTokenStore: where a path leads", () => {
  const failure = (filename: string) => Effect.flip(Effect.scoped(SqliteTokenStore.make({ filename })))
  const refused = Effect.fnUntraced(function*(filename: string, word: string, reason = "permissions") {
    const error = yield* Effect.timeoutFail(failure(filename), { duration: 1_000, onTimeout: () => `hangs: ${word}` })
    assert.strictEqual(error.reason, reason, filename)
    assert.include(error.detail ?? "", word, filename)
  })

  it.live("a link out of a private folder is judged by where it leads", () =>
    Effect.gen(function*() {
      const open = newFolder(0o777)
      Fs.writeFileSync(Path.join(open, "other.txt"), "")
      const linked = newFile()
      Fs.symlinkSync(Path.join(open, "sessions.db"), linked)
      yield* refused(linked, "does not exist")
      Fs.writeFileSync(Path.join(open, "sessions.db"), "", { mode: 0o600 })
      yield* refused(linked, open)
      const folder = Path.join(newFolder(), "link")
      Fs.symlinkSync(open, folder)
      yield* refused(Path.join(folder, "sessions.db"), open)
      assert.deepStrictEqual(Fs.readdirSync(open), ["other.txt", "sessions.db"])
      assert.strictEqual(Fs.statSync(open).mode & 0o777, 0o777)
    }))

  it.scopedLive("a link to a private folder is followed, and both names are one store", () =>
    Effect.gen(function*() {
      const real = newFile()
      const store = yield* SqliteTokenStore.make({ filename: real })
      const linkedFile = newFile()
      Fs.symlinkSync(real, linkedFile)
      const linkedFolder = Path.join(newFolder(), "link")
      Fs.symlinkSync(Path.dirname(real), linkedFolder)
      yield* store.compareAndSet(key, 0, record(1))
      for (const filename of [linkedFile, Path.join(linkedFolder, "sessions.db")]) {
        assert.strictEqual(yield* versionIn(yield* SqliteTokenStore.make({ filename })), 1)
      }
      assert.deepStrictEqual(
        Fs.readdirSync(Path.dirname(linkedFile)),
        ["sessions.db"],
        "the log is beside the real file"
      )
    }))

  it.live("a log that is a link, a second name, and what is no file are refused at once", () =>
    Effect.gen(function*() {
      const withLog = newFile()
      Fs.symlinkSync(Path.join(newFolder(0o777), "log"), `${withLog}-wal`)
      yield* refused(withLog, "-wal is a link")
      const twice = newFile()
      Fs.writeFileSync(twice, "", { mode: 0o600 })
      Fs.linkSync(twice, `${twice}-2`)
      yield* refused(twice, "hard link")
      const pipe = newFile()
      spawnSync("mkfifo", ["-m", "600", pipe])
      yield* refused(pipe, "not a regular file")
      const folder = newFile()
      Fs.mkdirSync(folder)
      yield* refused(folder, "is a folder")
      const readOnly = newFile()
      Fs.writeFileSync(readOnly, "", { mode: 0o400 })
      yield* refused(readOnly, "read-only")
      const round = newFile()
      Fs.symlinkSync(round, round)
      yield* refused(round, "link")
      yield* refused(Path.join(readOnly, "sessions.db"), "no folder", "unavailable")
      yield* refused("/proc/nothing/here/sessions.db", "can't be made", "unavailable")
      yield* refused(Path.join(newFolder(), "x".repeat(300)), "too long", "unavailable")
    }))

  it.live("a folder on the way that anybody may change is refused, and a sticky one is not", () =>
    Effect.gen(function*() {
      const open = newFolder(0o777)
      const filename = Path.join(open, "mine", "sessions.db")
      yield* refused(filename, `in the folder ${open}`)
      Fs.chmodSync(open, 0o1777)
      yield* Effect.scoped(SqliteTokenStore.make({ filename }))
    }))

  it.live.skipIf(process.geteuid?.() !== 0)(
    "a folder or a file of somebody else is refused",
    () =>
      Effect.gen(function*() {
        const [folder, above, file] = [newFile(), newFolder(), newFile()]
        Fs.chownSync(Path.dirname(folder), 4711, 4711)
        yield* refused(folder, "another user")
        Fs.chownSync(above, 4711, 4711)
        yield* refused(Path.join(above, "mine", "sessions.db"), "another user")
        Fs.writeFileSync(file, "", { mode: 0o600 })
        Fs.chownSync(file, 4711, 4711)
        yield* refused(file, "another user")
      })
  )
})
