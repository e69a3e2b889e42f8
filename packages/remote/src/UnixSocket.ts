/**
 * A keeper's socket in the file system, on Node. The folder is for its owner alone (mode 0700), because Node does
 * not report which user is at the other end.
 *
 * @since 0.1.0
 */
import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import * as NodeSocket from "@effect/platform-node/NodeSocket"
import * as NodeSocketServer from "@effect/platform-node/NodeSocketServer"
import * as SocketServer from "@effect/platform/SocketServer"
import * as RpcServer from "@effect/rpc/RpcServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { type Bearer, type Endpoint, socket } from "./Endpoint.ts"
import { bounded } from "./internal/boundedSocket.ts"
import * as limits from "./internal/limits.ts"
import { free, lock, misconfigured, privateFolder, tried, trusted } from "./internal/socketFile.ts"
import { serialization } from "./SessionRpcs.ts"

/**
 * The keeper that listens on a socket. The bearer is shown only where the socket and the folders above it belong to the
 * user of this process or to root, and no other user can replace them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const endpoint = (path: string, bearer: Bearer): Endpoint =>
  socket(
    path,
    bearer,
    // If nothing is at the path, this fails: a file that appears later would not be checked.
    trusted(path, "connect").pipe(
      Effect.filterOrFail((isThere) => isThere, () => "no keeper is there"),
      Effect.zipRight(NodeSocket.makeNet({ path, openTimeout: limits.connectWithin }))
    )
  )

/** Listens there, unless another keeper does, or a file that is no socket stands there. */
const opened = (path: string): Effect.Effect<SocketServer.SocketServer["Type"], AuthMisconfigured, Scope.Scope> =>
  Effect.flatMap(Effect.scope, (scope) =>
    Effect.scoped(Effect.gen(function*() {
      yield* lock(path)
      yield* free(path)
      const server = yield* NodeSocketServer.make({ path }).pipe(
        Effect.mapError(() => misconfigured("the socket can't be opened")),
        Scope.extend(scope)
      )
      yield* tried("the socket can't be made private", () => Fs.chmod(path, 0o600))
      return server
    })))

/**
 * The protocol of a keeper that listens on a socket. The folder is made with mode 0700; one that others can enter or
 * replace is refused, and so is a path on which another keeper listens or that is a file of another kind. A client that
 * does not read what it asked for is disconnected.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerServer = (path: string): Layer.Layer<RpcServer.Protocol, AuthMisconfigured> =>
  Layer.scoped(
    RpcServer.Protocol,
    Effect.gen(function*() {
      yield* privateFolder(Path.dirname(path))
      const server = yield* opened(path)
      return yield* RpcServer.makeProtocolSocketServer.pipe(
        Effect.provideService(SocketServer.SocketServer, bounded(server)),
        Effect.provide(serialization)
      )
    })
  )
