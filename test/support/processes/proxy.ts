/** A TCP proxy on a loopback port that loses, delays and cuts some of the answers to exchanges, or all connections. */
import * as Effect from "effect/Effect"
import { once } from "node:events"
import { connect, createServer, type Server, type Socket } from "node:net"
import { headers } from "./protocol.ts"

/** `unsent`: the connection breaks before the request · `lost`: before the answer · `cut`: in its middle · `late`. */
export type NetworkFault = "unsent" | "lost" | "cut" | "late"

export interface Proxy {
  readonly port: number
  /** What was done to which exchange. */
  readonly struck: ReadonlyMap<string, NetworkFault>
  /** Cuts every connection, and refuses new ones until `restore`. */
  readonly sever: Effect.Effect<void>
  readonly restore: Effect.Effect<void>
  /** From now on nothing is done to exchanges. */
  readonly calm: Effect.Effect<void>
}

/** How late an answer may be and still arrive within the deadline. */
const lateness = 250

const valueOf = (head: string, name: string): string | undefined =>
  new RegExp(`^${name}: *([^\\r\\n]+)`, "im").exec(head)?.[1]

const listening = async (server: Server, port: number): Promise<number> => {
  server.listen(port, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  return typeof address === "object" && address !== null ? address.port : 0
}

export const startProxy = (options: {
  readonly target: { readonly host: string; readonly port: number }
  /** Chooses what happens to an exchange of a worker. */
  readonly choose?: (worker: string) => NetworkFault | undefined
}) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const struck = new Map<string, NetworkFault>()
      const sockets = new Set<Socket>()
      let isCalm = false
      let isSevered = false

      const join = (client: Socket) => {
        if (isSevered) return client.resetAndDestroy()
        const server = connect(options.target)
        let fault: NetworkFault | undefined
        for (const socket of [client, server]) {
          sockets.add(socket)
          socket.setNoDelay(true)
          socket.on("error", () => {})
          socket.on("close", () => {
            sockets.delete(socket)
            client.destroy()
            server.destroy()
          })
        }
        client.on("data", (chunk) => {
          const head = chunk.toString("latin1")
          const exchange = valueOf(head, headers.exchange)
          if (exchange !== undefined) {
            fault = isCalm ? undefined : options.choose?.(valueOf(head, headers.worker) ?? "")
            if (fault !== undefined) struck.set(exchange, fault)
          }
          if (fault === "unsent") client.resetAndDestroy()
          else server.write(chunk)
        })
        server.on("data", (chunk) => {
          const now = fault
          fault = undefined
          if (now === "lost") client.resetAndDestroy()
          else if (now === "cut") client.end(chunk.subarray(0, chunk.length - 20))
          else if (now === "late") setTimeout(() => client.writable && client.write(chunk), lateness)
          else client.write(chunk)
        })
      }
      const server = createServer(join)
      const port = await listening(server, 0)
      return {
        port,
        struck,
        calm: Effect.sync(() => {
          isCalm = true
        }),
        sever: Effect.sync(() => {
          isSevered = true
          for (const socket of sockets) socket.resetAndDestroy()
        }),
        restore: Effect.sync(() => {
          isSevered = false
        }),
        close: Effect.promise(async () => {
          for (const socket of sockets) socket.destroy()
          if (!server.listening) return
          server.close()
          await once(server, "close")
        })
      }
    }),
    ({ close }) => close
  ).pipe(Effect.map(({ close: _, ...proxy }): Proxy => proxy))
