/** The connections of the HTTP server: how many, for how long, and their end when it closes. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Http from "node:http"
import type * as Net from "node:net"

/** Milliseconds in which a client has to send its headers and its request, and how often that is looked at. */
export const limits = {
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  connectionsCheckingInterval: 2_000,
  /** Of TLS. */
  handshakeTimeout: 10_000
} as const

const mostConnections = 2_048

/** Milliseconds: closing waits for answers that are being written. */
const writePatience = 500

/** Waits until all connections have ended. Those that carry nothing are ended. */
const ended = (server: Http.Server, open: ReadonlySet<Net.Socket>): Effect.Effect<unknown> =>
  Effect.sync(() => server.closeIdleConnections()).pipe(
    Effect.delay(20),
    Effect.repeat({ until: () => open.size === 0 }),
    Effect.interruptible
  )

/**
 * Node waits for its connections when it closes, also for those of which nothing ever came, so this ends them. It is
 * acquired after the server has begun to listen, so it is released before the server closes.
 */
export const bounded = (server: Http.Server): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const open = new Set<Net.Socket>()
      server.maxConnections = mostConnections
      // An HTTPS server does not count a connection before its handshake, and this event reports it.
      server.on("connection", (connection: Net.Socket) => {
        open.add(connection)
        connection.once("close", () => open.delete(connection))
      })
      return open
    }),
    (open) =>
      Effect.sync(() => {
        server.close()
      }).pipe(
        Effect.zipRight(Effect.timeoutOption(ended(server, open), writePatience)),
        Effect.zipRight(Effect.sync(() => {
          for (const connection of open) connection.destroy()
        }))
      )
  ).pipe(Effect.asVoid)
