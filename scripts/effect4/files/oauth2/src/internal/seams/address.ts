/** Where a server listens. */
import type * as HttpServer from "effect/http/HttpServer"
import * as NetAddress from "effect/net/NetAddress"

export interface Address {
  readonly hostname: string
  readonly port: number
}

/** `undefined` if it does not listen on TCP. */
export const addressOf = ({ address }: HttpServer.HttpServer["Service"]): Address | undefined =>
  address._tag === "UnixPathAddress"
    ? undefined
    : { hostname: NetAddress.formatIp(address.address), port: address.port }
