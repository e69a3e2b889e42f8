/** A keeper's socket file: what stands at its path already, and who else begins there. */
import * as UnixSocket from "@effect-auth/remote/UnixSocket"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
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
