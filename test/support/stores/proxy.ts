/** A hop between a store and its server that can be cut, be silent, and lose an answer. */
import * as Effect from "effect/Effect"
import { connect, createServer, type Socket } from "node:net"

export const proxy = (target: { readonly host: string; readonly port: number }) =>
  Effect.gen(function*() {
    const state = { isDown: false, isSilent: false }
    const sockets = new Set<Socket>()
    const server = createServer((front) => {
      if (state.isDown) return void front.destroy()
      const back = connect(target.port, target.host)
      for (const socket of [front, back]) {
        sockets.add(socket)
        socket.on("error", () => {}).on("close", () => {
          sockets.delete(socket)
          front.destroy()
          back.destroy()
        })
      }
      // What was silent stays silent: the host behind it is gone, and its successor does not know the connection.
      let isLost = false
      const pass = (to: Socket) => (bytes: Buffer) => {
        isLost ||= state.isSilent
        if (!isLost) to.write(bytes)
      }
      front.on("data", pass(back))
      back.on("data", pass(front))
    })
    yield* Effect.acquireRelease(
      Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
      () =>
        Effect.promise(() =>
          new Promise<void>((resolve) => {
            for (const socket of sockets) socket.destroy()
            server.close(() => resolve())
          })
        )
    )
    const address = server.address()
    return {
      port: typeof address === "object" && address !== null ? address.port : 0,
      cut: Effect.sync(() => {
        state.isDown = true
        for (const socket of sockets) socket.destroy()
      }),
      silence: Effect.sync(() => void (state.isSilent = true)),
      mend: Effect.sync(() => {
        state.isDown = false
        state.isSilent = false
      })
    }
  })
