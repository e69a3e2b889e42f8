/** A keeper's socket file: what stands at its path already, and who else begins there. */
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as UnixSocket from "@effect-auth/remote/UnixSocket"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as ChildProcess from "node:child_process"
import * as Fs from "node:fs/promises"
import * as Net from "node:net"
import * as Path from "node:path"
import * as world from "./world.ts"

/** Leaves a socket file on which nobody listens. */
const leave = async (path: string) => {
  const left = Net.createServer().listen(path)
  await new Promise((resolve) => left.once("listening", resolve))
  await Fs.rename(path, `${path}.left`)
  await new Promise((resolve) => left.close(resolve))
  await Fs.rename(`${path}.left`, path)
}

/** Another process that listens there and is paused, with as many connections at its door as the kernel takes. */
const paused = (path: string) =>
  Effect.gen(function*() {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        ChildProcess.spawn(process.execPath, [
          "-e",
          `require("net").createServer(() => {}).listen(${JSON.stringify(path)}, () => console.log("listens"))`
        ])
      ),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    yield* Effect.promise(() => new Promise((resolve) => child.stdout.once("data", resolve)))
    child.kill("SIGSTOP")
    const codes = new Set<unknown>()
    const connections = Array.from({ length: 700 }, () =>
      Net.connect(path).on("error", (error) => codes.add("code" in error ? error.code : undefined)))
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => connections.forEach((one) => one.destroy()))
    )
    yield* Effect.sleep(300)
    return codes
  })

describe("the file of a socket", () => {
  it.scopedLive("a file that is no socket is neither removed nor changed", () =>
    Effect.gen(function*() {
      const path = `${yield* world.folder}/sessions.db`
      yield* Effect.promise(() => Fs.writeFile(path, "precious"))
      const error = yield* Effect.flip(Layer.build(UnixSocket.layerServer(path)))
      assert.include(error.message, "no socket")
      assert.strictEqual(yield* Effect.promise(() => Fs.readFile(path, "utf8")), "precious")
    }))

  it.scopedLive("the socket of a living keeper stays, although the keeper is paused and takes no connection", () =>
    Effect.gen(function*() {
      const path = yield* world.socketPath
      const codes = yield* paused(path)
      assert.include([...codes], "EAGAIN")
      const { ino } = yield* Effect.promise(() => Fs.stat(path))
      const error = yield* Effect.flip(Layer.build(UnixSocket.layerServer(path)))
      assert.include(error.message, "another keeper")
      assert.strictEqual((yield* Effect.promise(() => Fs.stat(path))).ino, ino)
    }))

  it.scopedLive("of keepers that begin at the same time, one listens", () =>
    Effect.gen(function*() {
      const path = yield* world.socketPath
      yield* Effect.promise(() => leave(path))
      const begun = yield* Effect.all(
        Array.from({ length: 8 }, () => Effect.either(Layer.build(UnixSocket.layerServer(path)))),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(begun.filter(Either.isRight).length, 1)
      const messages = begun.flatMap((one) => Either.isLeft(one) ? [one.left.message] : [])
      for (const message of messages) assert.include(message, "another keeper")
      assert.deepStrictEqual(yield* Effect.promise(() => Fs.readdir(Path.dirname(path))), ["keeper.sock"])
    }))

  /** Only root can give a file to another user. */
  const isRoot = process.getuid?.() === 0
  const another = 65_534

  it.scopedLive("a keeper refuses a folder below one in which others can rename, also through a link", () =>
    Effect.gen(function*() {
      const base = yield* world.folder
      yield* Effect.promise(async () => {
        await Fs.mkdir(`${base}/open/kept`, { recursive: true, mode: 0o700 })
        await Fs.mkdir(`${base}/mine`, { mode: 0o700 })
        await Fs.chmod(`${base}/open`, 0o777)
        await Fs.symlink(`${base}/mine`, `${base}/open/link`)
        await Fs.symlink(`${base}/open/kept`, `${base}/way`)
      })
      for (const folder of ["open/kept", "open/link", "way"]) {
        const error = yield* Effect.flip(Layer.build(UnixSocket.layerServer(`${base}/${folder}/keeper.sock`)))
        assert.include(error.message, "other users can rename")
      }
      yield* Effect.promise(() => Fs.chmod(`${base}/open`, 0o1777))
      for (const folder of ["open/kept", "open/link"]) {
        yield* Effect.scoped(Layer.build(UnixSocket.layerServer(`${base}/${folder}/keeper.sock`)))
      }
    }))

  it.scopedLive.skipIf(!isRoot)(
    "a keeper refuses a link of another user, and a folder of another user above",
    () =>
      Effect.gen(function*() {
        const base = yield* world.folder
        yield* Effect.promise(async () => {
          await Fs.mkdir(`${base}/theirs/kept`, { recursive: true, mode: 0o700 })
          await Fs.mkdir(`${base}/mine`, { mode: 0o700 })
          await Fs.chown(`${base}/theirs`, another, another)
          await Fs.symlink(`${base}/mine`, `${base}/link`)
          await Fs.lchown(`${base}/link`, another, another)
        })
        for (const folder of ["theirs/kept", "link"]) {
          const error = yield* Effect.flip(Layer.build(UnixSocket.layerServer(`${base}/${folder}/keeper.sock`)))
          assert.include(error.message, "belongs to another user")
        }
      })
  )

  /** A program that listens there and notes what it is sent. */
  const rogue = (path: string) =>
    Effect.gen(function*() {
      let got = ""
      const server = Net.createServer((client) =>
        client.on("data", (data) => got += String(data)).on("error", () => {})
      )
      yield* Effect.acquireRelease(
        Effect.promise(() => new Promise<void>((resolve) => server.listen(path, resolve))),
        () => Effect.sync(() => server.close())
      )
      return () => got
    })

  const asked = (path: string) =>
    Effect.gen(function*() {
      const { script } = yield* Effect.provide(world.scripted(), TokenStore.layerMemory)
      const endpoints = [UnixSocket.endpoint(path, world.bearer)]
      const sessions = yield* world.client(script.provider, { endpoints, events: false })
      const auth = yield* sessions.get("anna")
      return {
        asking: yield* Effect.flip(Effect.asVoid(auth.accessToken)),
        leaving: yield* Effect.flip(Effect.asVoid(auth.signOut))
      }
    })

  it.scopedLive("a client shows no bearer to a socket that others can replace, and says why", () =>
    Effect.gen(function*() {
      const path = yield* world.socketPath
      const got = yield* rogue(path)
      yield* Effect.promise(() => Fs.chmod(Path.dirname(path), 0o777))
      const { asking, leaving } = yield* asked(path)
      assert.strictEqual(got(), "")
      assert.strictEqual(asking._tag, "AuthMisconfigured")
      assert.include(asking.message, "other users can rename")
      assert.deepInclude({ ...leaving }, { _tag: "TokenStoreError", reason: "misconfigured" })
    }))

  for (const what of ["socket", "folder"]) {
    it.scopedLive.skipIf(!isRoot)(
      `a client shows no bearer where the ${what} belongs to another user`,
      () =>
        Effect.gen(function*() {
          const path = yield* world.socketPath
          const got = yield* rogue(path)
          yield* Effect.promise(() => Fs.chown(what === "socket" ? path : Path.dirname(path), another, another))
          const { asking } = yield* asked(path)
          assert.strictEqual(got(), "")
          assert.strictEqual(asking._tag, "AuthMisconfigured")
          assert.include(asking.message, "belongs to another user")
        })
    )
  }

  it.scopedLive("a client connects to nothing that was not there when it looked, also behind a link that leads nowhere", () =>
    Effect.gen(function*() {
      const path = yield* world.socketPath
      const connect = UnixSocket.endpoint(path, world.bearer).connect("Bearer secret")
      assert.isTrue(Exit.isFailure(yield* Effect.exit(connect)))
      yield* Effect.promise(() => Fs.symlink(`${path}.elsewhere`, path))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(connect)))
      const { asking } = yield* asked(path)
      assert.deepInclude({ ...asking }, { _tag: "TokenStoreError", reason: "unavailable" })
    }))

  it.scopedLive("a lock that a killed process left is broken", () =>
    Effect.gen(function*() {
      const path = yield* world.socketPath
      yield* Effect.promise(async () => {
        await leave(path)
        await Fs.writeFile(`${path}.lock`, "")
        await Fs.utimes(`${path}.lock`, 1, 1)
      })
      yield* Layer.build(UnixSocket.layerServer(path))
      assert.deepStrictEqual(yield* Effect.promise(() => Fs.readdir(Path.dirname(path))), ["keeper.sock"])
    }))
})
