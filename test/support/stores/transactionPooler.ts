/** What a pooler before PostgreSQL does: in transaction mode it lends a session for one transaction, to whoever asks next. */
import * as Effect from "effect/Effect"
import { createServer, type Socket } from "node:net"
import { setTimeout } from "node:timers/promises"
import * as Pg from "pg"

interface Session {
  readonly pid: number
  readonly socket: Socket
  front: Socket | undefined
}

const message = (type: string, ...body: ReadonlyArray<Buffer>) => {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.reduce((sum, part) => sum + part.length, 4))
  return Buffer.concat([Buffer.from(type), length, ...body])
}

const int = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** How a pooler greets: with a process id that is none of PostgreSQL's. */
const greeting = Buffer.concat([
  message("R", int(0)),
  message("S", Buffer.from("server_version\0" + "15.0\0")),
  message("K", int(-1), int(1)),
  message("Z", Buffer.from("I"))
])

/** Tells of each whole message; what is cut waits for the rest. */
const reader = (onMessage: (type: string, body: Buffer) => void) => {
  let rest = Buffer.alloc(0)
  return (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes])
    while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
      const end = 1 + rest.readInt32BE(1)
      onMessage(rest.toString("latin1", 0, 1), rest.subarray(5, end))
      rest = rest.subarray(end)
    }
  }
}

export const transactionPooler = (
  url: string,
  mode: "session" | "transaction",
  size = Number.POSITIVE_INFINITY
) =>
  Effect.gen(function*() {
    const state = { mode }
    const clients = new Set<Pg.Client>()
    const idle: Array<Session> = []

    const open = async (): Promise<Session> => {
      const client = new Pg.Client(url)
      client.on("error", () => {})
      clients.add(client)
      await client.connect()
      const { connection, processID } = client as unknown as { connection: { stream: Socket }; processID: number }
      const socket = connection.stream.removeAllListeners("data")
      const session: Session = { pid: processID, socket, front: undefined }
      const whole = reader((type, body) => {
        if (type !== "Z" || body.toString() !== "I" || state.mode === "session") return
        session.front = undefined
        idle.push(session)
      })
      socket.on("data", (bytes: Buffer) => {
        session.front?.write(bytes)
        whole(bytes)
      })
      return session
    }

    const server = createServer((front) => {
      let isGreeted = false
      let mine: Session | undefined
      let last = Promise.resolve()
      front.on("error", () => {}).on("data", (bytes) => {
        last = last.then(async () => {
          if (front.destroyed) return
          if (!isGreeted) {
            isGreeted = true
            return void front.write(greeting)
          }
          if (mine === undefined || mine.front !== front) {
            while (idle.length === 0 && clients.size >= size && !front.destroyed) await setTimeout(20)
            mine = idle.pop() ?? await open()
            mine.front = front
          }
          mine.socket.write(bytes)
        }).catch(() => void front.destroy())
      })
    })
    yield* Effect.acquireRelease(
      Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
      () =>
        Effect.sync(() => {
          server.close()
          for (const client of clients) {
            ;(client as unknown as { connection: { stream: Socket } }).connection.stream.destroy()
          }
        })
    )
    const address = server.address()
    return { state, idle, port: typeof address === "object" && address !== null ? address.port : 0 }
  })
