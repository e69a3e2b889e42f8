/** Files that only their owner can read: 0600 in a 0700 folder, from their first byte. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Effect from "effect/Effect"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { codeOf, ofStore } from "./failures.ts"

export type OnWiderPermissions = "repair" | "refuse"

/** What SQLite puts beside a database. It gives them the permissions of the database, so that is made first. */
const companions = ["-wal", "-shm", "-journal"]

/** Windows has no such permissions: a folder of the user's profile is private there. */
const hasPermissions = process.platform !== "win32"

const attempt = <A>(work: () => Promise<A>): Effect.Effect<A, TokenStoreError> =>
  Effect.tryPromise({
    try: work,
    catch: (error) => ofStore("sqlite", "open")(error)
  })

const refusal = (detail: string) => ofStore("sqlite", "open", { reason: "permissions", detail })()

const modeOf = (path: string): Effect.Effect<number | undefined, TokenStoreError> =>
  attempt(() =>
    Fs.stat(path).then(
      (stat) => stat.mode & 0o777,
      (error) => codeOf(error) === "ENOENT" ? undefined : Promise.reject(error)
    )
  )

const isWide = (mode: number): boolean => hasPermissions && (mode & 0o077) !== 0

const narrow = Effect.fnUntraced(function*(path: string, mode: number, to: number, policy: OnWiderPermissions) {
  const found = `has permissions ${mode.toString(8).padStart(4, "0")} where ${
    to.toString(8).padStart(4, "0")
  } is needed`
  if (policy === "refuse") return yield* refusal(`${path} ${found}`)
  yield* Effect.mapError(
    attempt(() => Fs.chmod(path, to)),
    () => refusal(`${path} ${found}, and they can't be changed`)
  )
  yield* Effect.logWarning(`${path} ${found}: repaired; tokens in it may have been read by others`)
})

/** A folder that holds something else is not ours to close: it is refused, with the way out. */
const privateFolder = Effect.fnUntraced(function*(folder: string, file: string, policy: OnWiderPermissions) {
  yield* attempt(() => Fs.mkdir(folder, { recursive: true, mode: 0o700 }))
  const mode = yield* modeOf(folder)
  if (mode === undefined || !isWide(mode)) return
  const ours = new Set(["", ...companions].map((ending) => Path.basename(file) + ending))
  const others = (yield* attempt(() => Fs.readdir(folder))).filter((name) => !ours.has(name))
  if (others.length === 0) return yield* narrow(folder, mode, 0o700, policy)
  return yield* refusal(
    `the folder ${folder} is open to others and holds other files: name a folder of its own for the database, or chmod it 700`
  )
})

/** Prepares the place of a database: after this it exists, empty or not, and nobody else can read it. */
export const preparePrivateFile = Effect.fnUntraced(function*(file: string, policy: OnWiderPermissions) {
  const folder = Path.dirname(file)
  yield* privateFolder(folder, file, policy)
  yield* attempt(async () => {
    const handle = await Fs.open(file, "a", 0o600)
    await handle.close()
  })
  for (const path of ["", ...companions].map((ending) => file + ending)) {
    const mode = yield* modeOf(path)
    if (mode !== undefined && isWide(mode)) yield* narrow(path, mode, 0o600, policy)
  }
  // The new name must survive a loss of power too. Some file systems can't sync a folder, and then need not.
  yield* Effect.ignore(attempt(async () => {
    const handle = await Fs.open(folder, "r")
    await handle.sync().finally(() => handle.close())
  }))
})
