/**
 * Servers that answer garbage. Whatever comes: no defect, no hang past the deadline, no session lost without an answer that
 * ends sessions, and always an error of the table. A failure prints the seed and the smallest answers that show it.
 */
import * as AuthError from "@effect-auth/core/AuthError"
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import type * as AuthProvider from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as fc from "effect/FastCheck"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Net from "node:net"
import * as autoClock from "../support/autoClock.ts"
import {
  apiGarbage,
  type Garbage,
  garbage,
  garbageAnswer,
  garbageRefusal,
  garbageSuccess,
  isMute,
  isRefusal,
  isTerminal,
  respond
} from "../support/garbage.ts"

type Server = (request: HttpClientRequest.HttpClientRequest) => Garbage

/** The token endpoint and the API behind one client; each can be told to answer anything. */
const world = (rotation: AuthProvider.Rotation) =>
  Effect.gen(function*() {
    const seen = { authorizations: [] as Array<string>, calls: 0 }
    let issued = 0
    const good = (): Garbage => ({
      _tag: "Answer",
      status: 200,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ access_token: `a${++issued}`, refresh_token: `r${issued}`, expires_in: 600 }),
      flow: "whole"
    })
    const fine: Garbage = { _tag: "Answer", status: 200, headers: {}, body: "fine", flow: "whole" }
    const servers = { token: good as Server, api: (() => fine) as Server }
    const client = HttpClient.makeWith<never, never, HttpClientError.HttpClientError, never>(
      Effect.flatMap((request) =>
        Effect.suspend(() => {
          seen.calls++
          const isApi = request.url.startsWith("https://api.test")
          if (isApi) seen.authorizations.push(request.headers["authorization"] ?? "")
          return respond(request, isApi ? servers.api(request) : servers.token(request))
        })
      ),
      Effect.succeed
    )
    const endpoint = TokenEndpoint.client(client, {
      classify: (answer) => TokenEndpoint.common(answer) ?? TokenEndpoint.oauth(answer)
    })
    const ask = (body: Record<string, string>) =>
      TokenEndpoint.exchange(
        Effect.flatMap(
          endpoint.execute(
            HttpClientRequest.post("https://auth.test/token").pipe(HttpClientRequest.bodyUnsafeJson(body))
          ),
          HttpClientResponse.schemaBodyJson(TokenEndpoint.TokenBody)
        )
      ).pipe(Effect.map(TokenEndpoint.tokenResponse))
    const auth = yield* AuthService.make<string>({
      name: "fuzz",
      realm: "test",
      origins: ["https://api.test"],
      rotation,
      rejection: { statuses: [401, 460] },
      signIn: (password) => ask({ grant_type: "password", password }),
      refresh: (token) => ask({ grant_type: "refresh_token", refresh_token: Redacted.value(token) })
    }, { refresh: { mode: "onDemand" } })
    return { auth, client, servers, seen, good: { token: good, api: () => fine } }
  })

/** How long an operation may take: the exchange, the wait for one more attempt with its exchange, and the store. */
const longest = 45

/** The end of an effect; a hang if there is none in time. */
const inTime = <A, E, R>(time: Time, effect: Effect.Effect<A, E, R>, what: string) =>
  Effect.map(time.within(effect, longest * 1000), (end) => {
    assert.isTrue(Option.isSome(end), `${what}: no end after ${longest} seconds`)
    return Option.getOrThrow(end)
  })

/** An error of the table, or of the caller's own client; never a defect and never an interruption. */
const checkExit = (exit: Exit.Exit<unknown, unknown>, allowsHttp: boolean): string => {
  if (Exit.isSuccess(exit)) return "success"
  const failure = Cause.failureOption(exit.cause)
  assert.isTrue(Option.isSome(failure), `no failure: ${Cause.pretty(exit.cause)}`)
  assert.isFalse(Cause.isDie(exit.cause))
  const error = Option.getOrThrow(failure)
  const isKnown = AuthError.isAuthError(error) || (allowsHttp && HttpClientError.isHttpClientError(error))
  assert.isTrue(isKnown, `not of the table: ${String(error)}`)
  return AuthError.isAuthError(error) ? error._tag : "HttpClientError"
}

type Time = ReturnType<typeof autoClock.make>

type Op = "accessToken" | "refresh" | "call" | "renew"

interface Step {
  readonly op: Op
  /** Milliseconds that pass before it: waits after a failure, and lives of tokens, are over sooner or later. */
  readonly after: number
  /** What the token endpoint says from now on, in turn. */
  readonly token: ReadonlyArray<Garbage>
  readonly api: ReadonlyArray<Garbage>
}

const steps = (answers: fc.Arbitrary<Garbage>): fc.Arbitrary<ReadonlyArray<Step>> =>
  fc.array(
    fc.record({
      op: fc.constantFrom<Array<Op>>("accessToken", "refresh", "refresh", "call", "call", "renew"),
      after: fc.constantFrom(0, 61_000, 660_000, 3_700_000),
      token: fc.array(answers, { minLength: 1, maxLength: 3 }),
      api: fc.array(apiGarbage, { minLength: 1, maxLength: 3 })
    }),
    { minLength: 1, maxLength: 6 }
  )

/** Whether any of these answers may end a session: one that is documented, or two that go on. */
const mayEnd = (rotation: AuthProvider.Rotation, told: ReadonlyArray<Garbage>): boolean =>
  told.some(isTerminal) || told.filter(isRefusal).length > 1 ||
  (rotation !== "static" && told.filter(isMute).length > 1)

const endings = new Set(["RefreshTokenRejected", "RefreshOutcomeUnknown"])

const tally = new Map<string, number>()

/** A session of its own, in a time of its own. */
const run = (body: (time: Time) => Effect.Effect<void, unknown, Scope.Scope | TokenStore.TokenStore>) => {
  const time = autoClock.make(1_760_000_000_000)
  return body(time).pipe(
    Effect.scoped,
    Effect.provide(TokenStore.layerMemory),
    Effect.withClock(time.clock),
    Logger.withMinimumLogLevel(LogLevel.None),
    Effect.runPromise
  )
}

const play = (rotation: AuthProvider.Rotation, story: ReadonlyArray<Step>) =>
  run((time) =>
    Effect.gen(function*() {
      const { auth, client, good, seen, servers } = yield* world(rotation)
      const api = AuthHttpClient.withAuth(client, auth, { onRejected: "response" })
      const strict = AuthHttpClient.withAuth(client, auth, { redirects: 2 })
      assert.strictEqual(checkExit(yield* inTime(time, auth.signIn("pw"), "signIn"), false), "success")
      const token = yield* auth.accessToken
      const told: Array<Garbage> = []
      let isEnded = false
      const ops: Readonly<Record<Op, Effect.Effect<unknown, unknown>>> = {
        accessToken: auth.accessToken,
        refresh: auth.refresh,
        renew: auth.renew(token),
        call: Effect.zipRight(
          Effect.either(api.get("https://api.test/a")),
          strict.post("https://api.test/b", { body: undefined })
        )
      }
      for (const step of story) {
        let n = 0
        let m = 0
        servers.token = () => {
          const answer = step.token[n++ % step.token.length]!
          told.push(answer)
          return answer
        }
        servers.api = () => step.api[m++ % step.api.length]!
        yield* time.pass(step.after)
        const outcome = checkExit(yield* inTime(time, ops[step.op], step.op), step.op === "call")
        tally.set(outcome, (tally.get(outcome) ?? 0) + 1)
        if (endings.has(outcome)) {
          isEnded = true
          assert.isTrue(mayEnd(rotation, told), `${outcome} without an answer that ends a session`)
        }
        assert.notStrictEqual(outcome, "SignInRequired")
        assert.notStrictEqual(outcome, "TokenStoreError")
      }
      for (const one of seen.authorizations) assert.match(one, /^Bearer [\x21-\x7e]+$/)
      // The server is well again, and finds the token dead: what was not ended is renewed, when the waits are over.
      let isRejected = false
      servers.token = good.token
      servers.api = () => {
        if (isRejected) return good.api()
        isRejected = true
        return dead
      }
      yield* time.pass(3 * 3600_000)
      const after = checkExit(yield* inTime(time, strict.get("https://api.test/a"), "a call when all is well"), false)
      if (!mayEnd(rotation, told)) assert.strictEqual(after, "success", "a session was lost")
      if (after === "success") assert.isFalse(isEnded, "a session came back from its end")
      tally.set(`at the end: ${after}`, (tally.get(`at the end: ${after}`) ?? 0) + 1)
      // And whatever happened, signing in again always helps.
      assert.strictEqual(checkExit(yield* inTime(time, auth.signIn("pw"), "signIn"), false), "success")
    })
  )

const saying = (status: number, code: string): Garbage => ({
  _tag: "Answer",
  status,
  headers: {},
  body: JSON.stringify({ error: code }),
  flow: "whole"
})

const dead: Garbage = { _tag: "Answer", status: 401, headers: {}, body: "", flow: "whole" }

/** What a few runs may miss. */
const examples: Array<[ReadonlyArray<Step>]> = [
  [[{ op: "call", after: 0, token: [saying(400, "invalid_grant")], api: [dead] }]],
  [[{ op: "refresh", after: 0, token: [saying(403, "who knows")], api: [dead] }, {
    op: "accessToken",
    after: 700_000,
    token: [saying(403, "who knows")],
    api: [dead]
  }]],
  [[{
    op: "refresh",
    after: 0,
    token: [saying(401, "invalid_client"), { _tag: "NoAnswer", how: "silence" }],
    api: [dead]
  }]]
]

/** With the sockets below a minute at most, also on a busy machine; a quiet one makes all the runs in a few seconds. */
const options = { numRuns: 250, interruptAfterTimeLimit: 4_500, markInterruptAsFailure: false }

// In this order: the last test looks at what the others tallied.
describe("garbage from a token endpoint and an API, under a clock that is moved", { shuffle: false }, () => {
  for (const rotation of ["rotating", "static"] as const) {
    it(`no answer but a refusal ends a session (${rotation})`, { timeout: 60_000 }, () =>
      fc.assert(
        fc.asyncProperty(
          steps(garbage.filter((answer) => !isTerminal(answer) && !isRefusal(answer))),
          (story) => play(rotation, story)
        ),
        options
      ))

    it(
      `any answers at all (${rotation})`,
      { timeout: 60_000 },
      () => fc.assert(fc.asyncProperty(steps(garbage), (story) => play(rotation, story)), { ...options, examples })
    )
  }

  it("tokens that are read from garbage are sendable, and live a year at most", { timeout: 60_000 }, () =>
    fc.assert(
      fc.asyncProperty(garbageSuccess, (answer) =>
        run((time) =>
          Effect.gen(function*() {
            const { auth, servers } = yield* world("rotating")
            servers.token = () => answer
            const exit = yield* inTime(time, auth.signIn("pw"), "signIn")
            tally.set(checkExit(exit, false), 1)
            if (Exit.isSuccess(exit)) {
              assert.match(Redacted.value(exit.value.value), /^[\x21-\x7e]+$/)
              assert.isNotNaN(exit.value.expiresAt)
              assert.isTrue(exit.value.expiresAt > 0)
            }
          })
        )),
      { ...options, numRuns: 400 }
    ))

  it("a token endpoint fails with what it was, never with a defect", { timeout: 60_000 }, () =>
    fc.assert(
      fc.asyncProperty(fc.oneof(garbageAnswer, garbageRefusal), (answer) =>
        run((time) =>
          Effect.gen(function*() {
            const { auth, servers } = yield* world("static")
            servers.token = () => answer
            const outcome = checkExit(yield* inTime(time, auth.signIn("pw"), "signIn"), false)
            assert.include(["success", "TokenRequestRejected", "AuthMisconfigured", "ProviderUnavailable"], outcome)
          })
        )),
      { ...options, numRuns: 400 }
    ))

  it("every kind of outcome was seen", () => {
    for (const name of ["success", "ProviderUnavailable", "AuthMisconfigured", "RefreshTokenRejected"]) {
      assert.isTrue((tally.get(name) ?? 0) > 0, `${name} was never seen`)
    }
    assert.isTrue((tally.get("at the end: success") ?? 0) > 0)
  })
})

const json = JSON.stringify({ access_token: "a", refresh_token: "r", expires_in: 600 })

const withHead = (head: string, body = json) => `HTTP/1.1 ${head}\r\n\r\n${body}`

/** What a socket may carry; `…` at the end: the connection stays open. */
const raw: Readonly<Record<string, string>> = {
  "nothing": "",
  "nothing, and an open connection": "…",
  "no HTTP": "SSH-2.0-OpenSSH_9.6\r\n",
  "half a status line…": "HTTP/1.1 20…",
  "a status of four digits": withHead("2000 OK\r\ncontent-length: 3", "{}"),
  "a status of letters": withHead("abc OK\r\ncontent-length: 2", "{}"),
  "status 999": withHead("999 odd\r\ncontent-length: 2", "{}"),
  "a 100 without an end…": "HTTP/1.1 100 Continue\r\n\r\n…",
  "101": withHead("101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade", ""),
  "a gzip that is none": withHead(`200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${json.length}`),
  "an encoding that nobody knows": withHead(`200 OK\r\ncontent-encoding: zip\r\ncontent-length: ${json.length}`),
  "two lengths": withHead(`200 OK\r\ncontent-length: 5\r\ncontent-length: ${json.length}`),
  "a length that is too long…": withHead("200 OK\r\ncontent-length: 9999", `${json}…`),
  "a length that is too long": withHead("200 OK\r\ncontent-length: 9999"),
  "a negative length": withHead("200 OK\r\ncontent-length: -1"),
  "chunks that are none": withHead("200 OK\r\ntransfer-encoding: chunked", "xyz\r\n{}\r\n"),
  "a chunk without an end…": withHead("200 OK\r\ntransfer-encoding: chunked", "1\r\n{\r\n…"),
  "a header of 100 kB": withHead(`200 OK\r\nx-long: ${"x".repeat(100_000)}\r\ncontent-length: 2`, "{}"),
  "control characters in a header": withHead("200 OK\r\nx-\u0001: \u0000\u0007\r\ncontent-length: 2", "{}"),
  "a redirect to nowhere": withHead("302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0", ""),
  "a redirect of a redirect": withHead("307 Again\r\nlocation: /token\r\ncontent-length: 0", "")
}

/** Answers each request with the bytes that are set. */
const serveRaw = Effect.acquireRelease(
  Effect.async<{ readonly url: string; readonly sockets: Set<Net.Socket>; readonly server: Net.Server; say: string }>(
    (resume) => {
      const sockets = new Set<Net.Socket>()
      const state = {
        say: "",
        sockets,
        url: "",
        server: Net.createServer((socket) => {
          sockets.add(socket)
          socket.on("close", () => sockets.delete(socket)).on("error", () => {})
          socket.once("data", () => {
            const stays = state.say.endsWith("…")
            const bytes = Buffer.from(stays ? state.say.slice(0, -1) : state.say, "latin1")
            if (stays) socket.write(bytes)
            else socket.end(bytes)
          })
        })
      }
      state.server.listen(0, "127.0.0.1", () => {
        state.url = `http://127.0.0.1:${(state.server.address() as Net.AddressInfo).port}`
        resume(Effect.succeed(state))
      })
    }
  ),
  ({ server, sockets }) =>
    Effect.async<void>((resume) => {
      for (const socket of sockets) socket.destroy()
      server.close(() => resume(Effect.void))
    })
)

const clients = {
  "fetch": FetchHttpClient.layer,
  "node:http": NodeHttpClient.layer,
  "undici": NodeHttpClient.layerUndici
}

describe("garbage on a socket", () => {
  for (const [name, layer] of Object.entries(clients)) {
    it.scopedLive(`is an error of the table within the deadline (${name})`, () =>
      Effect.gen(function*() {
        const server = yield* serveRaw
        const httpClient = yield* HttpClient.HttpClient
        const endpoint = TokenEndpoint.client(httpClient, {
          classify: (answer) => TokenEndpoint.common(answer) ?? TokenEndpoint.oauth(answer)
        })
        const ask = TokenEndpoint.exchange(
          Effect.flatMap(
            endpoint.execute(HttpClientRequest.post(`${server.url}/token`)),
            HttpClientResponse.schemaBodyJson(TokenEndpoint.TokenBody)
          )
        ).pipe(Effect.map(TokenEndpoint.tokenResponse))
        const auth = yield* AuthService.make<string>({
          name: "fuzz",
          realm: "socket",
          origins: [server.url],
          rotation: "static",
          rejection: { statuses: [401] },
          signIn: () => ask,
          refresh: () => ask
        }, { refresh: { mode: "onDemand", deadline: "300 millis", retryPatience: 0 } })
        const well = withHead(`200 OK\r\nconnection: close\r\ncontent-length: ${json.length}`)
        server.say = well
        // The first call of a process may take longer than this short deadline.
        yield* Effect.retry(auth.signIn("pw"), { times: 20 })
        const api = AuthHttpClient.withAuth(httpClient, auth)
        const random = fc.sample(fc.uint8Array({ maxLength: 200 }), 5).map((bytes, index) =>
          [`random bytes ${index}`, withHead(Buffer.from(bytes).toString("latin1"))] as const
        )
        for (const [what, say] of [...Object.entries(raw), ...random]) {
          server.say = say
          const started = performance.now()
          const renewed = yield* Effect.exit(auth.signIn("pw"))
          // Seconds, because the machine may be busy; without the deadline it would be for ever.
          assert.isBelow(performance.now() - started, 10_000, what)
          checkExit(renewed, false)
          const called = yield* Effect.exit(Effect.timeoutOption(api.get(`${server.url}/a`), "200 millis"))
          checkExit(called, true)
        }
        server.say = well
        yield* auth.accessToken
        assert.strictEqual((yield* api.get(`${server.url}/a`)).status, 200)
      }).pipe(Effect.provide([layer, TokenStore.layerMemory])), 60_000)
  }
})
