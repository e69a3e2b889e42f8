/** A socket server that keeps only so many answers for a client that does not read. */
import * as Socket from "@effect/platform/Socket"
import type * as SocketServer from "@effect/platform/SocketServer"
import * as Effect from "effect/Effect"
import * as limits from "./limits.ts"

const sizeOf = (chunk: Uint8Array | string): number => chunk.length

/** A write ends when the kernel has taken it. Those that have not ended are the client's unread answers. */
const boundedSocket = (socket: Socket.Socket): Socket.Socket => ({
  ...socket,
  writer: Effect.map(socket.writer, (write) => {
    let unread = 0
    return (chunk) =>
      Effect.suspend(() => {
        if (Socket.isCloseEvent(chunk)) return write(chunk)
        const size = sizeOf(chunk)
        if (unread + size > limits.mostUnread) return write(new Socket.CloseEvent(1008))
        unread += size
        return Effect.ensuring(
          write(chunk),
          Effect.sync(() => {
            unread -= size
          })
        )
      })
  })
})

export const bounded = (server: SocketServer.SocketServer["Type"]): SocketServer.SocketServer["Type"] => ({
  address: server.address,
  run: (handler) => server.run((socket) => handler(boundedSocket(socket)))
})
