/**
 * The servers that a packed program is tried against: run inside a project that has installed the packages.
 *
 *   node stub.mjs <file that exports main(settings)>
 *
 * Serves the sandboxes of Placewise and Priava on free ports of the loopback address, calls the program, and compares what
 * it says, and what the servers counted, with what has to come out. Exit code 0 if all is as expected.
 */
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import * as PriavaSandbox from "@effect-auth/testing/priava"
import * as HttpApp from "@effect/platform/HttpApp"
import * as Effect from "effect/Effect"
import * as assert from "node:assert/strict"
import * as http from "node:http"
import { pathToFileURL } from "node:url"

/** Serves a sandbox, and tells its base URL. */
const serve = async (sandbox) => {
  const handler = HttpApp.toWebHandler(sandbox.app)
  const server = http.createServer(async (incoming, outgoing) => {
    const chunks = []
    for await (const chunk of incoming) chunks.push(chunk)
    const body = chunks.length === 0 ? undefined : Buffer.concat(chunks)
    const url = `http://${incoming.headers.host}${incoming.url}`
    const response = await handler(new Request(url, { method: incoming.method, headers: incoming.headers, body }))
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    outgoing.end(Buffer.from(await response.arrayBuffer()))
  })
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve))
  return { server, host: `http://127.0.0.1:${server.address().port}` }
}

const { main } = await import(pathToFileURL(process.argv[2]).href)
const sandboxes = {
  placewise: await Effect.runPromise(PlacewiseSandbox.make()),
  priava: await Effect.runPromise(PriavaSandbox.make())
}
const placewise = await serve(sandboxes.placewise)
const priava = await serve(sandboxes.priava)

const club = PlacewiseSandbox.defaults
const [tenant] = PriavaSandbox.defaults.clients
const [member] = club.members
const said = await main({
  placewise: {
    host: placewise.host,
    club: club.club,
    clientToken: club.clientToken,
    product: club.productNames[0],
    email: member.email,
    password: member.password
  },
  priava: {
    host: priava.host,
    clientId: tenant.id,
    clientSecret: tenant.secret,
    redirectUri: tenant.redirectUri,
    code: tenant.codes[0]
  }
})
assert.deepEqual(said, ["200, an answer, revoked", "200, Active", "SignInRequired at placewise"])

const counted = {
  placewise: await Effect.runPromise(sandboxes.placewise.counters),
  priava: await Effect.runPromise(sandboxes.priava.counters)
}
assert.equal(counted.placewise.revocations, 2)
assert.equal(counted.placewise.calls["200"], 1)
assert.equal(counted.priava.calls["200"], 1)

for (const { server } of [placewise, priava]) {
  server.closeAllConnections()
  server.close()
}
console.log(`${process.version}: ${said.join(" · ")}`)
