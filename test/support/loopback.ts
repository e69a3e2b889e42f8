import { once } from "node:events"
import type { Server } from "node:http"

/** Lets a server listen on a free port of the loopback address. Returns its origin. */
export const listen = async (server: Server): Promise<string> => {
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
}
