/**
 * A keeper's socket in the file system, on Node. The folder is for its owner alone (mode 0700), because Node does
 * not report which user is at the other end.
 *
 * @since 0.1.0
 */
import { AuthMisconfigured } from "@effect-auth/core/AuthError"
import * as NodeSocket from "@effect/platform-node/NodeSocket"
import * as NodeSocketServer from "@effect/platform-node/NodeSocketServer"
import * as SocketServer from "@effect/platform/SocketServer"
import * as RpcServer from "@effect/rpc/RpcServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Fs from "node:fs/promises"
import * as Net from "node:net"
import * as Path from "node:path"
import { type Bearer, type Endpoint, socket } from "./Endpoint.ts"
import { bounded } from "./internal/boundedSocket.ts"
import * as limits from "./internal/limits.ts"
import { serialization } from "./SessionRpcs.ts"

/**
 * The keeper that listens on a socket.
 *
 * @since 0.1.0
 * @category constructors
 */
export const endpoint = (path: string, bearer: Bearer): Endpoint =>
  socket(path, bearer, NodeSocket.makeNet({ path, openTimeout: limits.connectWithin }))

const misconfigured = (errorDescription: string): AuthMisconfigured =>
  new AuthMisconfigured({ provider: "keeper", account: "", operation: "serve", reason: "options", errorDescription })

const tried = <A>(what: string, run: () => Promise<A>): Effect.Effect<A, AuthMisconfigured> =>
  Effect.tryPromise({ try: run, catch: () => misconfigured(what) })

/** Makes the folder, or refuses one that others can enter. */
const privateFolder = (path: string): Effect.Effect<void, AuthMisconfigured> =>
  Effect.gen(function*() {
    yield* tried("the folder of the socket can't be made", () => Fs.mkdir(path, { recursive: true, mode: 0o700 }))
    const stats = yield* tried("the folder of the socket can't be read", () => Fs.stat(path))
    const isMine = process.getuid === undefined || stats.uid === process.getuid()
    if (!isMine || (stats.mode & 0o077) !== 0) {
      return yield* misconfigured("the folder of the socket has to be its owner's alone (mode 0700)")
    }
  })

/** Whether a process listens there. */
const isServed = (path: string): Effect.Effect<boolean> =>
  Effect.async<boolean>((resume) => {
    const connection = Net.connect(path)
    const end = (served: boolean) => {
      connection.destroy()
      resume(Effect.succeed(served))
    }
    connection.once("connect", () => end(true))
    connection.once("error", () => end(false))
    return Effect.sync(() => connection.destroy())
  })

/** A process that was killed leaves its socket file. */
const free = (path: string): Effect.Effect<void, AuthMisconfigured> =>
  Effect.gen(function*() {
    if (yield* isServed(path)) return yield* misconfigured("another keeper listens on this socket")
    yield* tried("the file of the socket can't be removed", () => Fs.rm(path, { force: true }))
  })

/**
 * The protocol of a keeper that listens on a socket. The folder is made with mode 0700; one that others can enter is
 * refused. A client that does not read what it asked for is disconnected.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerServer = (path: string): Layer.Layer<RpcServer.Protocol, AuthMisconfigured> =>
  Layer.scoped(
    RpcServer.Protocol,
    Effect.gen(function*() {
      yield* privateFolder(Path.dirname(path))
      yield* free(path)
      const server = yield* Effect.mapError(
        NodeSocketServer.make({ path }),
        () => misconfigured("the socket can't be opened")
      )
      yield* tried("the socket can't be made private", () => Fs.chmod(path, 0o600))
      return yield* RpcServer.makeProtocolSocketServer.pipe(
        Effect.provideService(SocketServer.SocketServer, bounded(server)),
        Effect.provide(serialization)
      )
    })
  )
