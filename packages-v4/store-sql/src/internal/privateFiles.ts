/**
 * Files that only their owner can read or replace: mode 0600 in a folder with mode 0700, from the start.
 *
 * This module never opens an existing database. On POSIX systems, closing any descriptor of a file drops all locks of
 * the process on that file, also those of SQLite. Another process would then assume that it is the last one and delete
 * the write-ahead log. This process would continue with the deleted log: it would read old rows, and its writes would
 * be lost.
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Effect from "effect/Effect"
import * as FsSync from "node:fs"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { codeOf, ofStore } from "./failures.ts"
import * as rules from "./fileRules.ts"

export type OnWiderPermissions = "repair" | "refuse"

/**
 * The files that SQLite creates next to a database. They get the permissions of the database, so the database is
 * created first.
 */
const companions = ["-wal", "-shm", "-journal"]

const words: Readonly<Record<string, string>> = {
  EACCES: "this user has no right to use it",
  EPERM: "this user has no right to use it",
  EROFS: "its file system is read-only",
  ENOTDIR: "a part of this path is a file and no folder",
  ENOENT: "a part of this path does not exist and can't be made",
  ELOOP: "its links point to each other",
  ENAMETOOLONG: "the name is too long",
  ENOSPC: "the disk is full"
}

const attempt = <A>(path: string, work: () => Promise<A>): Effect.Effect<A, TokenStoreError> =>
  Effect.tryPromise({
    try: work,
    catch: (error) => {
      const code = codeOf(error) ?? "can't be used"
      return ofStore("sqlite", "open", {
        reason: /^(EACCES|EPERM|EROFS)$/.test(code) ? "permissions" : "unavailable",
        detail: `${path}: ${words[code] ?? code}`
      })()
    }
  })

const refusal = (detail: string) => ofStore("sqlite", "open", { reason: "permissions", detail })()

const refuse = (fault: string | undefined): Effect.Effect<void, TokenStoreError> =>
  fault === undefined ? Effect.void : Effect.fail(refusal(fault))

/** `undefined` if the file does not exist. A link is not followed. */
const look = (path: string): Effect.Effect<FsSync.Stats | undefined, TokenStoreError> =>
  attempt(
    path,
    () => Fs.lstat(path).catch((error: unknown) => codeOf(error) === "ENOENT" ? undefined : Promise.reject(error))
  )

const narrow = Effect.fnUntraced(function*(path: string, stats: FsSync.Stats, to: number, policy: OnWiderPermissions) {
  const octal = (mode: number) => mode.toString(8).padStart(4, "0")
  const found = `has permissions ${octal(rules.permissionsOf(stats))} where ${octal(to)} is needed`
  if (policy === "refuse") return yield* refusal(`${path} ${found}`)
  yield* Effect.mapError(
    attempt(path, () => Fs.chmod(path, to)),
    () => refusal(`${path} ${found}, and they can't be changed`)
  )
  yield* Effect.logWarning(`${path} ${found}: repaired; tokens in it may have been read by others`)
})

/**
 * A folder with other files is refused, because the store must not change its permissions. The error says what to do.
 */
const privateFolder = Effect.fnUntraced(function*(folder: string, file: string, policy: OnWiderPermissions) {
  for (let above = folder; above !== Path.dirname(above);) {
    above = Path.dirname(above)
    yield* refuse(rules.faultOfFolderAbove(above, yield* attempt(above, () => Fs.stat(above))))
  }
  const stats = yield* attempt(folder, () => Fs.stat(folder))
  yield* refuse(rules.faultOfFolder(folder, stats))
  if (!rules.isWide(stats)) return
  const ours = new Set(["", ...companions].map((ending) => Path.basename(file) + ending))
  const others = (yield* attempt(folder, () => Fs.readdir(folder))).filter((name) => !ours.has(name))
  if (others.length === 0) return yield* narrow(folder, stats, 0o700, policy)
  return yield* refusal(
    `other users can read the folder ${folder}, and it holds other files: use a separate folder for the database, or chmod it 700`
  )
})

/** Node's own recursive `mkdir` never ends if a folder can't be made, as in `/proc`. */
const makeFolder = async (folder: string): Promise<void> => {
  const make = () => Fs.mkdir(folder, { mode: 0o700 })
  const unlessThere = (error: unknown) => codeOf(error) === "EEXIST" ? undefined : Promise.reject(error)
  const above = Path.dirname(folder)
  await make().catch(async (error: unknown) => {
    if (codeOf(error) !== "ENOENT" || above === folder) return unlessThere(error)
    await makeFolder(above)
    return make().catch(unlessThere)
  })
}

/** Resolves all links. The folder exists. A link to a missing file is refused. */
const realPathOf = Effect.fnUntraced(function*(file: string) {
  const folder = Path.dirname(file)
  yield* attempt(folder, () => makeFolder(folder))
  const stats = yield* look(file)
  if (stats?.isSymbolicLink() === true) {
    return yield* Effect.mapError(
      attempt(file, () => Fs.realpath(file)),
      () => refusal(`${file} is a link to a file that does not exist: remove it`)
    )
  }
  return Path.join(yield* attempt(folder, () => Fs.realpath(folder)), Path.basename(file))
})

/**
 * Creates an empty file. It happens in one turn of the event loop, so that SQLite can't lock the file before it is
 * closed.
 */
const create = (file: string) =>
  attempt(file, async () => {
    try {
      FsSync.closeSync(FsSync.openSync(file, "wx", 0o600))
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error
    }
  })

/**
 * Prepares the place of a database and returns its real path. After this the database exists, possibly empty, and no
 * other user can read it. All rules apply to the real path, because SQLite writes there.
 */
export const preparePrivateFile = Effect.fnUntraced(function*(name: string, policy: OnWiderPermissions) {
  const file = yield* realPathOf(name)
  const folder = Path.dirname(file)
  yield* privateFolder(folder, file, policy)
  if ((yield* look(file)) === undefined) {
    yield* create(file)
    // The new name must survive a loss of power too. A file system that can't sync a folder does not need it.
    yield* Effect.ignore(attempt(folder, async () => {
      const handle = await Fs.open(folder, "r")
      await handle.sync().finally(() => handle.close())
    }))
  }
  for (const path of ["", ...companions].map((ending) => file + ending)) {
    const stats = yield* look(path)
    if (stats === undefined) continue
    yield* refuse(rules.faultOfFile(path, stats))
    if (rules.isWide(stats)) yield* narrow(path, stats, 0o600, policy)
  }
  return file
})
