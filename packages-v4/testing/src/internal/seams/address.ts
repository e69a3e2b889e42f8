/** Where a server listens. */
import type * as HttpServer from "effect/http/HttpServer"
import * as NetAddress from "effect/net/NetAddress"

/** The host and the port, or the path of a socket. */
export type Address = { readonly hostname: string; readonly port: number } | { readonly path: string }

export const addressOf = ({ address }: HttpServer.HttpServer["Service"]): Address =>
  address._tag === "UnixPathAddress"
    ? address
    : { hostname: NetAddress.formatIp(address.address), port: address.port }
