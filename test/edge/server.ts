/** A strict server: tokens live for three seconds, and a refresh token that comes twice ends nothing but is counted. */
import * as Effect from "effect/Effect"
import { createServer } from "node:http"

const life = 3_000
const latency = 300

export const edgeServer = Effect.gen(function*() {
  const live = new Set<string>()
  const spent = new Set<string>()
  const state = { issued: 0, reused: 0, rejected: 0 }
  const server = createServer((request, response) => {
    const send = (status: number, body: object) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
    if (request.url !== "/token") {
      const isLive = live.has((request.headers.authorization ?? "").slice("Bearer ".length))
      if (!isLive) state.rejected++
      return send(isLive ? 200 : 401, { ok: isLive })
    }
    let body = ""
    request.on("data", (piece) => (body += String(piece))).on("end", () => {
      if (spent.has(body)) {
        state.reused++
        return send(400, { error: "invalid_grant" })
      }
      if (body !== "first") spent.add(body)
      const number = ++state.issued
      live.add(`access-${number}`)
      setTimeout(() => live.delete(`access-${number}`), life + latency)
      setTimeout(() =>
        send(200, {
          access_token: `access-${number}`,
          refresh_token: `refresh-${number}`,
          expires_in: life / 1_000
        }), latency)
    })
  })
  yield* Effect.acquireRelease(
    Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
    () =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      })
  )
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return { host: `http://127.0.0.1:${port}`, state }
})
