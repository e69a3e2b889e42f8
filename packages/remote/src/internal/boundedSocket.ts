/**
 * A socket server that reads no further from a client while it works on what the client sent, or while the client does not
 * read. A client that takes nothing for a while is disconnected: it would hold up closing.
 */
import * as NodeSocket from "@effect/platform-node/NodeSocket"
import * as Socket from "@effect/platform/Socket"
import type * as SocketServer from "@effect/platform/SocketServer"
import * as Effect from "effect/Effect"
import type * as Net from "node:net"
import * as limits from "./limits.ts"

class Traffic {
  /** Bytes that the kernel has not taken yet. */
  private unread = 0
  /** Writes that it has taken. */
  private taken = 0
  private takenBefore = 0
  private idleLooks = 0
  /** Pieces that are worked on. */
  private pieces = 0
  private readonly connection: Net.Socket

  constructor(connection: Net.Socket) {
    this.connection = connection
  }

  private flow(): void {
    if (this.pieces > 0 || this.unread > limits.mostUnread) this.connection.pause()
    else this.connection.resume()
  }

  reading<A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    this.pieces++
    this.flow()
    return Effect.ensuring(
      work,
      Effect.sync(() => {
        this.pieces--
        this.flow()
      })
    )
  }

  writing<A, E>(size: number, write: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.suspend(() => {
      this.unread += size
      this.flow()
      return Effect.ensuring(
        write,
        Effect.sync(() => {
          this.unread -= size
          this.taken++
          this.flow()
        })
      )
    })
  }

  /** Whether the client has taken nothing since so many looks, although there is something. */
  isStuck(): boolean {
    this.idleLooks = this.unread > 0 && this.taken === this.takenBefore ? this.idleLooks + 1 : 0
    this.takenBefore = this.taken
    return this.idleLooks * limits.lookAtReader >= limits.readPatience
  }
}

const boundedSocket = (socket: Socket.Socket, connection: Net.Socket): Socket.Socket => {
  const traffic = new Traffic(connection)
  const runRaw: Socket.Socket["runRaw"] = (handler, options) =>
    socket.runRaw((data) => {
      const work = handler(data)
      return Effect.isEffect(work) ? traffic.reading(work) : work
    }, options)
  return {
    ...socket,
    runRaw,
    writer: Effect.gen(function*() {
      const write = yield* socket.writer
      const look = Effect.suspend(() => traffic.isStuck() ? write(new Socket.CloseEvent(1008)) : Effect.void)
      yield* Effect.forkScoped(
        Effect.interruptible(Effect.forever(Effect.delay(Effect.ignore(look), limits.lookAtReader)))
      )
      return (chunk) => Socket.isCloseEvent(chunk) ? write(chunk) : traffic.writing(chunk.length, write(chunk))
    })
  }
}

export const bounded = (server: SocketServer.SocketServer["Type"]): SocketServer.SocketServer["Type"] => ({
  address: server.address,
  run: (handler) =>
    server.run((socket) =>
      // The server of Node provides the connection, which its type does not say.
      Effect.flatMap(
        Effect.serviceOption(NodeSocket.NetSocket),
        (connection) => handler(connection._tag === "Some" ? boundedSocket(socket, connection.value) : socket)
      )
    )
})
