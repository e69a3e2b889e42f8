/** The sessions: SQLite, sealed. Where nothing can be written, they can be read all the same. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as EncryptedTokenStore from "@effect-auth/core/EncryptedTokenStore"
import { TokenStore } from "@effect-auth/core/TokenStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Fs from "node:fs/promises"
import * as Os from "node:os"
import * as Path from "node:path"
import { files, type Home, prepare, storeError } from "./home.ts"
import * as keys from "./keys.ts"

const sqlite = (filename: string) =>
  Layer.unwrapEffect(
    Effect.map(
      Effect.promise(() => import("@effect-auth/store-sql/SqliteTokenStore")),
      (SqliteTokenStore) => SqliteTokenStore.layer({ filename })
    )
  )

/** SQLite needs files beside a database to read it, so on a read-only file system a private copy is read. */
const copyOf = (home: Home) =>
  Effect.acquireRelease(
    Effect.firstSuccessOf([Os.tmpdir(), "/dev/shm"].map((above) =>
      Effect.tryPromise({
        try: async () => {
          const folder = await Fs.mkdtemp(Path.join(above, "effect-auth-"))
          // The log is copied first: rows that a checkpoint moves meanwhile are then in both files, not in none.
          for (const ending of ["-wal", ""]) {
            const from = `${home.database}${ending}`
            const to = Path.join(folder, `sessions.db${ending}`)
            await Fs.copyFile(from, to).catch((error: NodeJS.ErrnoException) =>
              error.code === "ENOENT" ? undefined : Promise.reject(error)
            )
            await Fs.chmod(to, 0o600).catch(() => undefined)
          }
          return folder
        },
        catch: () =>
          storeError("unavailable", `${home.folder} is read-only, and there is no other place to read a copy of it`)
      })
    )),
    (folder) => Effect.promise(() => Fs.rm(folder, { recursive: true, force: true }).catch(() => undefined))
  )

const refuseWrites = (home: Home) => (store: TokenStore["Type"]): TokenStore["Type"] => {
  const refused = () => Effect.fail(storeError("unavailable", `${home.folder} is on a read-only file system`))
  return { get: store.get, scan: store.scan, compareAndSet: refused, erase: refused }
}

const isReadOnly = (home: Home): Effect.Effect<boolean> =>
  Effect.promise(() =>
    Fs.access(home.folder, Fs.constants.W_OK).then(
      () => false,
      (error: NodeJS.ErrnoException) => error.code === "EROFS"
    )
  )

const readOnly = (home: Home): Layer.Layer<TokenStore, TokenStoreError> =>
  Layer.unwrapScoped(
    Effect.map(copyOf(home), (folder) =>
      Layer.effect(TokenStore, Effect.map(TokenStore, refuseWrites(home))).pipe(
        Layer.provide(sqlite(Path.join(folder, "sessions.db")))
      ))
  )

/** Fails where a sign-in could not be kept: before anything is asked or sent. */
export const refuseReadOnly = (home: Home): Effect.Effect<void, TokenStoreError> =>
  Effect.flatMap(
    isReadOnly(home),
    (isFixed) =>
      isFixed
        ? storeError("unavailable", `${home.folder} is on a read-only file system: nothing can be kept there`)
        : Effect.void
  )

/** Says the way out of a database that can't be read. */
const withWayOut = (home: Home) => (error: TokenStoreError): TokenStoreError =>
  error.reason === "corrupt" && error.operation === "open"
    ? storeError(
      "corrupt",
      `${home.database} is damaged (${error.detail ?? "unknown"}): move it away and sign in again`
    )
    : error

const missing = (home: Home): Effect.Effect<boolean, TokenStoreError> =>
  Effect.map(files(home.database, () => Fs.stat(home.database)), (stat) => stat === undefined)

export const layer = (home: Home): Layer.Layer<TokenStore, TokenStoreError> =>
  Layer.unwrapScoped(Effect.gen(function*() {
    const isFixed = yield* isReadOnly(home)
    if (isFixed && (yield* missing(home))) {
      return yield* storeError("unavailable", `${home.folder} is on a read-only file system, and nobody is signed in`)
    }
    if (!isFixed) yield* prepare(home)
    const all = yield* keys.all(home)
    return EncryptedTokenStore.layer(all, { clear: "refuse" }).pipe(
      Layer.provide(isFixed ? readOnly(home) : sqlite(home.database)),
      Layer.mapError(withWayOut(home))
    )
  }))
