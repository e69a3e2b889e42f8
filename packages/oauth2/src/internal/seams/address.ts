/** Where a server listens. */
import type * as HttpServer from "@effect/platform/HttpServer"

export interface Address {
  readonly hostname: string
  readonly port: number
}

/** `undefined` if it does not listen on TCP. */
export const addressOf = ({ address }: HttpServer.HttpServer): Address | undefined =>
  address._tag === "TcpAddress" ? address : undefined
