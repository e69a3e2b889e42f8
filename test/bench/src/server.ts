/** The server of the loopback figures, in a process of its own: rotating tokens, one live access token a grant. */
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import type { Counters, Fault, Order, Rejection } from "./loopback.ts"

interface Grant {
  access: string
  refresh: string
  readonly spent: Set<string>
  alive: boolean
}

const grants = new Map<string, Grant>()
const zero = (): Counters => ({ attempts: 0, exchanges: 0, refused: 0, rejected: 0, served: 0 })
let counters = zero()
let rejection: Rejection = { status: 460, bytes: 20, delay: 0 }
let faults: Array<Fault> = []
let count = 0

const served = Buffer.from(JSON.stringify({ id: 42, properties: { first_name: "Ola", last_name: "Nordmann" } }))

const issue = (name: string, grant: Grant): Buffer => {
  count++
  grant.access = `access.${name}.${count}.${"x".repeat(40)}`
  grant.refresh = `refresh.${name}.${count}.${"x".repeat(40)}`
  return Buffer.from(JSON.stringify({
    access_token: grant.access,
    refresh_token: grant.refresh,
    token_type: "bearer",
    expires_in: 86_400,
    created_at: Math.floor(Date.now() / 1000),
    resource_owner_id: 42
  }))
}

const json = (response: http.ServerResponse, status: number, body: Buffer | string): void => {
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) })
  response.end(body)
}

const fail = (fault: Fault, request: http.IncomingMessage, response: http.ServerResponse): void => {
  switch (fault) {
    case "503":
      response.setHeader("retry-after", "1")
      return json(response, 503, "{\"error\":\"maintenance\"}")
    case "500":
      return json(response, 500, "{\"error\":\"oops\"}")
    case "reset":
      request.socket.destroy()
      return
    case "malformed":
      return json(response, 200, "{\"access_token\": \"never")
  }
}

const token = (request: http.IncomingMessage, response: http.ServerResponse, text: string): void => {
  const isForm = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true
  const body: Record<string, unknown> = isForm ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text)
  if (body["grant_type"] !== "refresh_token") {
    const name = `g${grants.size + 1}`
    const grant: Grant = { access: "", refresh: "", spent: new Set(), alive: true }
    grants.set(name, grant)
    return json(response, 200, issue(name, grant))
  }
  counters.attempts++
  const fault = faults.shift()
  if (fault !== undefined) return fail(fault, request, response)
  const presented = String(body["refresh_token"])
  const name = presented.split(".")[1] ?? ""
  const grant = grants.get(name)
  if (grant === undefined || !grant.alive || grant.refresh !== presented) {
    counters.refused++
    // A refresh token that was spent before ends the whole grant (RFC 9700 section 4.14.2).
    if (grant?.spent.has(presented) === true) grant.alive = false
    return json(response, isForm ? 400 : 462, "{\"error\":\"invalid_grant\"}")
  }
  grant.spent.add(presented)
  counters.exchanges++
  json(response, 200, issue(name, grant))
}

const call = (request: http.IncomingMessage, response: http.ServerResponse): void => {
  const presented = request.headers.authorization?.slice("Bearer ".length) ?? ""
  const grant = grants.get(presented.split(".")[1] ?? "")
  if (grant !== undefined && grant.alive && grant.access === presented) {
    counters.served++
    return json(response, 200, served)
  }
  counters.rejected++
  response.setHeader("www-authenticate", "Bearer")
  const answer = () => json(response, rejection.status, Buffer.alloc(rejection.bytes, "x"))
  if (rejection.delay === 0) answer()
  else setTimeout(answer, Math.random() * rejection.delay)
}

const server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  if (request.method !== "POST") {
    request.resume()
    return call(request, response)
  }
  let text = ""
  request.setEncoding("utf8").on("data", (part: string) => text += part).on(
    "end",
    () => token(request, response, text)
  )
})

process.on("message", (order: Order) => {
  if (order._tag === "expire") { for (const grant of grants.values()) grant.access = "" }
  if (order._tag === "reject") rejection = order.rejection
  if (order._tag === "fail") faults = [...order.faults]
  const reply = counters
  if (order._tag === "counters") counters = zero()
  process.send?.({ id: order.id, counters: reply })
})
process.on("disconnect", () => process.exit(0))

server.listen(0, "127.0.0.1", 4_096, () => process.send?.({ port: (server.address() as AddressInfo).port }))
