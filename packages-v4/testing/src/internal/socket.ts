/**
 * Breaks a connection from inside an app. The platform has no function for it, so this reads `request.source`:
 * Node's message has a `socket`. Without a socket, a failing body is used instead.
 */
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Predicate from "effect/Predicate"

/** The two ways in which a Node socket ends without an answer. */
export interface Socket {
  readonly resetAndDestroy: () => void
  readonly destroySoon: () => void
}

/** The Node server that a socket belongs to. */
export interface Server {
  readonly close: () => unknown
  readonly closeAllConnections: () => void
}

const isSocket = (u: unknown): u is Socket =>
  Predicate.hasProperty(u, "resetAndDestroy") && Predicate.isFunction(u.resetAndDestroy) &&
  Predicate.hasProperty(u, "destroySoon") && Predicate.isFunction(u.destroySoon)

const isServer = (u: unknown): u is Server =>
  Predicate.hasProperty(u, "close") && Predicate.isFunction(u.close) &&
  Predicate.hasProperty(u, "closeAllConnections") && Predicate.isFunction(u.closeAllConnections)

/** The socket of a request, if the server has one. */
export const of = (request: HttpServerRequest.HttpServerRequest): Socket | undefined => {
  const source = request.source
  return Predicate.hasProperty(source, "socket") && isSocket(source.socket) ? source.socket : undefined
}

/** The server of a request, if it can close its connections. */
export const serverOf = (request: HttpServerRequest.HttpServerRequest): Server | undefined => {
  const connection = of(request)
  return Predicate.hasProperty(connection, "server") && isServer(connection.server) ? connection.server : undefined
}
