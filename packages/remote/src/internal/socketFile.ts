/**
 * The place of a socket in the file system: a folder of its owner alone, and no file in the way. Only a socket on which
 * nobody listens is removed, because a living keeper and a file of somebody else can stand there too.
 */
import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Fs from "node:fs/promises"
import * as Net from "node:net"
import * as Path from "node:path"
import * as limits from "./limits.ts"
import * as settings from "./settings.ts"
import { faultOf, hasNoRoot } from "./socketRules.ts"

export const misconfigured = (errorDescription: string): AuthMisconfigured =>
  settings.misconfigured("serve", errorDescription)

export const tried = <A>(what: string, run: () => Promise<A>): Effect.Effect<A, AuthMisconfigured> =>
  Effect.tryPromise({ try: run, catch: () => misconfigured(what) })

const codeOf = (error: unknown): unknown => error instanceof Error && "code" in error ? error.code : undefined

/** `undefined`: it failed with this code. */
const unless = <A>(code: string, work: () => Promise<A>): Promise<A | undefined> =>
  work().catch((error: unknown) => codeOf(error) === code ? undefined : Promise.reject(error))

/** A path, and all folders above it. */
const wayTo = (path: string): ReadonlyArray<string> => {
  const above = Path.dirname(path)
  return above === path ? [path] : [path, ...wayTo(above)]
}

/**
 * Refuses a path where another user could put a socket of its own: a client would show it a bearer. For a link, the folders
 * above the link and above its target are both checked. Yields whether something is at the path. Windows has no such owners.
 */
export const trusted = (path: string, operation: "serve" | "connect"): Effect.Effect<boolean, AuthMisconfigured> =>
  Effect.gen(function*() {
    const user = process.geteuid?.()
    if (user === undefined) return true
    const look = <A>(run: () => Promise<A>) => tried("the way to the socket can't be read", () => unless("ENOENT", run))
    const real = yield* look(() => Fs.realpath(path))
    if (real === undefined) return false
    const isRootHidden = yield* Effect.promise(() =>
      Fs.readFile("/proc/self/uid_map", "utf8").then(hasNoRoot, () => false)
    )
    for (const part of new Set([...wayTo(Path.resolve(path)), ...wayTo(real)])) {
      const stats = yield* look(() => Fs.lstat(part))
      const fault = stats === undefined ? undefined : faultOf(part, stats, user, isRootHidden)
      if (fault !== undefined) return yield* settings.misconfigured(operation, fault)
    }
    return true
  })

/** Makes the folder, or refuses one that others can enter or replace. */
export const privateFolder = (path: string): Effect.Effect<void, AuthMisconfigured> =>
  Effect.gen(function*() {
    yield* tried("the folder of the socket can't be made", () => Fs.mkdir(path, { recursive: true, mode: 0o700 }))
    const stats = yield* tried("the folder of the socket can't be read", () => Fs.stat(path))
    const isMine = process.geteuid === undefined || stats.uid === process.geteuid()
    if (!isMine || (stats.mode & 0o077) !== 0) {
      return yield* misconfigured("the folder of the socket has to be its owner's alone (mode 0700)")
    }
    yield* trusted(path, "serve")
  })

/** A file that was locked for too long belongs to a process that was killed: checking and binding take milliseconds. */
const breakLock = (path: string): Effect.Effect<void, AuthMisconfigured> =>
  Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const aside = `${path}.${crypto.randomUUID()}`
    yield* tried("the lock of the socket can't be removed", async () => {
      const old = await unless("ENOENT", () => Fs.stat(path))
      if (old === undefined || now - old.mtimeMs < limits.longestLock) return
      await unless("ENOENT", () => Fs.rename(path, aside))
      const moved = await unless("ENOENT", () => Fs.stat(aside))
      // Another process has broken it before, and this is the lock of that one.
      if (moved !== undefined && moved.ino !== old.ino) await unless("EEXIST", () => Fs.link(aside, path))
      await Fs.rm(aside, { force: true })
    })
  })

/** One process at a time looks whether a socket is free and binds it. The lock is freed with the scope. */
export const lock = (socket: string): Effect.Effect<void, AuthMisconfigured, Scope.Scope> => {
  const path = `${socket}.lock`
  const take = Effect.acquireRelease(
    tried("the socket can't be locked", async () => {
      const handle = await unless("EEXIST", () => Fs.open(path, "wx", 0o600))
      await handle?.close()
      return handle !== undefined
    }),
    (isMine) => isMine ? Effect.ignore(tried("", () => Fs.rm(path, { force: true }))) : Effect.void
  )
  return take.pipe(
    Effect.tap((isMine) => isMine ? Effect.void : Effect.delay(breakLock(path), limits.lookAtLock)),
    Effect.repeat({ until: (isMine) => isMine }),
    Effect.timeoutFail({
      duration: 2 * limits.longestLock,
      onTimeout: () => misconfigured("another keeper starts on this socket")
    }),
    Effect.asVoid
  )
}

/** Whether nobody listens there. A keeper that is paused, or has too many clients at the door, answers neither yes nor no. */
const isDead = (path: string): Effect.Effect<boolean> =>
  Effect.async<boolean>((resume) => {
    const connection = Net.connect(path)
    const end = (isDead: boolean) => {
      connection.destroy()
      resume(Effect.succeed(isDead))
    }
    connection.once("connect", () => end(false))
    connection.once("error", (error) => end(codeOf(error) === "ECONNREFUSED" || codeOf(error) === "ENOENT"))
    return Effect.sync(() => connection.destroy())
  })

/** A process that was killed leaves its socket file: it is removed. */
export const free = (path: string): Effect.Effect<void, AuthMisconfigured> =>
  Effect.gen(function*() {
    const stats = yield* tried(
      "the file of the socket can't be read",
      () => unless("ENOENT", () => Fs.lstat(path))
    )
    if (stats === undefined) return
    if (!stats.isSocket()) return yield* misconfigured("a file that is no socket stands at the path of the socket")
    if (!(yield* isDead(path))) return yield* misconfigured("another keeper listens on this socket")
    yield* tried("the file of the socket can't be removed", () => Fs.rm(path, { force: true }))
  })
