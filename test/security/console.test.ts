/** No byte that the console serves holds a token, a password or a client's secret: its page, its API, its live stream. */
import * as Console from "@effect-auth/console/Console"
import * as ConsoleSource from "@effect-auth/console/ConsoleSource"
import * as SandboxSource from "@effect-auth/console/SandboxSource"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Placewise from "@effect-auth/placewise/Placewise"
import { PlacewiseSessions } from "@effect-auth/placewise/Placewise"
import * as Faults from "@effect-auth/testing/Faults"
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import * as Redaction from "@effect-auth/testing/Redaction"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { namedTokens, serve } from "../console/world.ts"

const secrets = { password: "the member's own password", clientToken: "the-clubs-own-client-token" }

/** The bytes of a stream until it was silent for a while. */
const read = (url: string, stop: AbortSignal) =>
  Effect.promise(async () => {
    const response = await fetch(url, { signal: stop })
    const parts: Array<Uint8Array> = []
    const reader = response.body?.getReader()
    try {
      for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
        parts.push(part.value)
      }
    } catch {
      // Stopped.
    }
    return { headers: [...response.headers], bytes: Buffer.concat(parts).toString("latin1") }
  })

const paths = ["", "console.js", "console.css", "openapi.json", "api/sessions", "api/sandboxes", "nothing"]

const control = (url: string, what: string, body?: object) =>
  Effect.promise(async () => {
    const response = await fetch(`${url}api/sandboxes/placewise/${what}`, {
      method: "POST",
      headers: { "x-effect-auth-console": "1", "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
    return { headers: [...response.headers], bytes: await response.text() }
  })

const world = Effect.gen(function*() {
  const tokens = namedTokens("leak")
  const sandbox = yield* PlacewiseSandbox.make({
    clientToken: secrets.clientToken,
    members: [{ id: 7, email: "seven@example.com", password: secrets.password }],
    tokens: { tokenText: tokens.tokenText }
  })
  const host = yield* serve(sandbox.app)
  const layer = Placewise.layerSessions({
    host,
    club: sandbox.club,
    clientToken: Redacted.make(secrets.clientToken),
    userAgent: "leak-test/1.0",
    productName: "sandbox"
  }).pipe(Layer.provide([FetchHttpClient.layer, TokenStore.layerMemory]))
  const sessions = yield* Effect.provide(PlacewiseSessions, yield* Layer.build(layer))
  const both = [SandboxSource.make(sandbox, { url: host }), yield* ConsoleSource.fromSessions(sessions)]
  const console = `${yield* serve(yield* Console.make(both))}/`
  return { tokens, sandbox, sessions, console }
})

describe("the console", () => {
  it.scopedLive("serves no secret, whatever happens to the sessions", () =>
    Effect.gen(function*() {
      const { console, sandbox, sessions, tokens } = yield* world
      const stop = new AbortController()
      const live = yield* Effect.fork(read(`${console}api/live`, stop.signal))
      const { auth, client } = yield* sessions.get("seven")
      const signIn = auth.signIn({
        _tag: "Password",
        identifier: { email: "seven@example.com" },
        password: Redacted.make(secrets.password)
      })
      const call = Effect.exit(client.get("/members/me"))
      const seen: Array<unknown> = []
      const look = Effect.gen(function*() {
        for (const path of paths) seen.push(yield* read(`${console}${path}`, AbortSignal.timeout(5_000)))
        for (const id of ["placewise/1", "placewise/seven", tokens.all[0] ?? ""]) {
          seen.push(yield* read(`${console}api/timeline?id=${encodeURIComponent(id)}`, AbortSignal.timeout(5_000)))
        }
        seen.push(yield* read(`${console}api/sandboxes/placewise/recipes`, AbortSignal.timeout(5_000)))
        yield* Effect.sleep("400 millis")
      })
      yield* signIn
      yield* call
      yield* look
      seen.push(yield* control(console, "expire"), yield* control(console, "rules", { punishesReuse: true }))
      yield* call
      yield* look
      yield* sandbox.faults.next("refresh", Faults.lost)
      yield* Effect.exit(auth.refresh)
      yield* look
      // Somebody puts a token where none belongs: into a path, and into the name of an account.
      const [token = ""] = tokens.all
      yield* Effect.exit(client.get(`/members/${token}`))
      yield* Effect.exit(
        auth.signIn({ _tag: "Password", identifier: { email: token }, password: Redacted.make(token) })
      )
      seen.push(yield* control(console, "next", { answer: "503" }), yield* control(console, "revoke"))
      yield* call
      yield* look
      stop.abort()
      seen.push(yield* live)
      assert.isAbove(tokens.all.length, 5)
      const texts = seen.map((answer) => JSON.stringify(answer))
      assert.isTrue(texts.some((text) => text.includes("infinity-mall/members/me")), "the traffic is shown")
      assert.isTrue(texts.at(-1)?.includes("whole"), "the live stream was read")
      const leak = Redaction.findSecret(texts, [...Object.values(secrets), ...tokens.all])
      assert.isUndefined(leak, leak?.message)
    }), 60_000)
})
