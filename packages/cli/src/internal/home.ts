/**
 * The folder that holds everything: the sealed sessions (`sessions.db`), the key (`key`), and the data of each
 * account (`accounts/`). Other users can't read it.
 */
import { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Fs from "node:fs/promises"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Output from "./output.ts"

export interface Home {
  readonly folder: string
  readonly database: string
  readonly key: string
  readonly accounts: string
}

/** A failure of the files, in our words. */
export const storeError = (reason: TokenStoreError["reason"], detail: string): TokenStoreError =>
  new TokenStoreError({ provider: "effect-auth", account: "", operation: "open", reason, detail })

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "it can't be made there",
  EACCES: "this user has no right to use it",
  EPERM: "this user has no right to use it",
  EROFS: "its file system is read-only",
  ENOTDIR: "a part of this path is a file and no folder",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up"
}

const reasonOf = (code: string | undefined): string =>
  code === undefined ? "it can't be used" : `${reasons[code] ?? "it can't be used"} (${code})`

/** Runs file operations. An error names the code and the path. `undefined`: the file does not exist. */
export const files = <A>(path: string, work: () => Promise<A>): Effect.Effect<A | undefined, TokenStoreError> =>
  Effect.catchAll(
    Effect.tryPromise({ try: work, catch: codeOf }),
    (code) =>
      code === "ENOENT"
        ? Effect.succeed(undefined)
        : Effect.fail(storeError("unavailable", `${path}: ${reasonOf(code)}`))
  )

/** An environment variable; an empty one counts as none. */
export const variable = (name: string): Effect.Effect<string | undefined> =>
  Config.string(name).pipe(
    Config.option,
    Effect.map(Option.filter((text) => text !== "")),
    Effect.map(Option.getOrUndefined),
    Effect.orElseSucceed(() => undefined)
  )

const configFolder = Effect.gen(function*() {
  const home = Os.homedir()
  if (process.platform === "win32") return (yield* variable("APPDATA")) ?? Path.join(home, "AppData", "Roaming")
  if (process.platform === "darwin") return Path.join(home, "Library", "Application Support")
  const xdg = yield* variable("XDG_CONFIG_HOME")
  // A relative path is to be ignored: XDG Base Directory Specification, "Basics".
  return xdg !== undefined && Path.isAbsolute(xdg) ? xdg : Path.join(home, ".config")
})

/** Where everything is: `--store`, else `EFFECT_AUTH_HOME`, else the platform's place for configuration. */
export const locate = (store: Option.Option<string>): Effect.Effect<Home> =>
  Effect.gen(function*() {
    const given = Option.getOrUndefined(store) ?? (yield* variable("EFFECT_AUTH_HOME"))
    const folder = Path.resolve(given ?? Path.join(yield* configFolder, "effect-auth"))
    return {
      folder,
      database: Path.join(folder, "sessions.db"),
      key: Path.join(folder, "key"),
      accounts: Path.join(folder, "accounts")
    }
  })

const ours = /^(key|accounts|keeper|sessions\.db(-wal|-shm|-journal)?)$/

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

/** Makes a folder that other users can't read, and its parent folders. */
const ensureFolder = (folder: string): Effect.Effect<void, TokenStoreError> =>
  Effect.tryPromise({
    try: () => makeFolder(folder),
    catch: (error) =>
      storeError(
        "unavailable",
        `${folder}: ${reasonOf(codeOf(error))}; name another folder with --store or EFFECT_AUTH_HOME`
      )
  })

/** Creates the folder, or closes it to others if it is ours alone. */
export const prepare = Effect.fnUntraced(function*(home: Home) {
  const { folder } = home
  yield* ensureFolder(folder)
  if (process.platform === "win32") return
  const stat = yield* files(folder, () => Fs.stat(folder))
  if (stat === undefined || (stat.mode & 0o077) === 0) return
  const names = (yield* files(folder, () => Fs.readdir(folder))) ?? []
  if (!names.every((name) => ours.test(name))) {
    return yield* storeError(
      "permissions",
      `${folder} is open to others and holds other files: name a folder of its own, or chmod it 700`
    )
  }
  yield* files(folder, () => Fs.chmod(folder, 0o700))
  if (names.length > 0) yield* Output.say(`${folder} was open to others, and is closed now`)
})

/** Writes a file that only its owner can read, whole or not at all. `replace: false`: the first writer wins. */
export const writePrivate = Effect.fnUntraced(function*(path: string, text: string, replace: boolean) {
  const temporary = `${path}.${crypto.randomUUID()}`
  yield* files(path, async () => {
    const handle = await Fs.open(temporary, "wx", 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (replace) return Fs.rename(temporary, path)
    await Fs.link(temporary, path).catch((error) => codeOf(error) === "EEXIST" ? undefined : Promise.reject(error))
      .finally(() => Fs.rm(temporary, { force: true }))
  }).pipe(Effect.onError(() => Effect.ignore(files(path, () => Fs.rm(temporary, { force: true })))))
})
