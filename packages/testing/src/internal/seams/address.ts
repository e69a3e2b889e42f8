/** Where a server listens. */
import type * as HttpServer from "@effect/platform/HttpServer"

/** The host and the port, or the path of a socket. */
export type Address = { readonly hostname: string; readonly port: number } | { readonly path: string }

export const addressOf = ({ address }: HttpServer.HttpServer): Address => address
