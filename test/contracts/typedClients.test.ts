/** Typed clients with the token attached, each in one line: a contract of one's own, and `@effect/rpc` over HTTP and by message. */
import type { AuthError } from "@effect-auth/core/AuthError"
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as AuthRpc from "@effect-auth/core/AuthRpc"
import * as FakeAuth from "@effect-auth/testing/FakeAuth"
import * as Headers from "@effect/platform/Headers"
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Rpc from "@effect/rpc/Rpc"
import * as RpcClient from "@effect/rpc/RpcClient"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as RpcMiddleware from "@effect/rpc/RpcMiddleware"
import * as RpcSerialization from "@effect/rpc/RpcSerialization"
import * as RpcTest from "@effect/rpc/RpcTest"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

const api = {
  baseUrl: "https://api.test/gateway",
  basePath: "/v3/club",
  prepare: HttpClientRequest.setHeaders({ "x-client": "s3cret" })
}
const auth = FakeAuth.fixed("a token", { api })

const me = HttpApiEndpoint.get("me", "/members/me").addSuccess(
  Schema.Struct({ url: Schema.String, token: Schema.String })
)
class MyApi extends HttpApi.make("mine").add(HttpApiGroup.make("members").add(me)) {}

/** Answers with where it was asked, and with which token. */
const seen: Array<HttpClientRequest.HttpClientRequest> = []
const server = HttpClient.make((request) =>
  Effect.sync(() => {
    seen.push(request)
    const token = `${request.headers["authorization"]} ${request.headers["x-client"]}`
    return HttpClientResponse.fromWeb(request, Response.json({ url: request.url, token }))
  })
)

describe("a contract of one's own", () => {
  const expected = { url: "https://api.test/gateway/v3/club/members/me", token: "Bearer a token s3cret" }

  it.effect("over the client of the session: the errors of authentication are in the type", () =>
    Effect.gen(function*() {
      const client = yield* HttpApiClient.makeWith(MyApi, { httpClient: yield* AuthHttpClient.fromSession(auth) })
      assert.deepStrictEqual(yield* client.members.me(), expected)
      type Errors = Effect.Effect.Error<ReturnType<typeof client.members.me>>
      const typed: [AuthError] extends [Errors] ? true : false = true
      assert.isTrue(typed)
    }).pipe(Effect.provideService(HttpClient.HttpClient, server)))

  it.effect("with `transformClient`", () =>
    Effect.gen(function*() {
      const client = yield* HttpApiClient.make(MyApi, { transformClient: AuthHttpClient.transform(auth) })
      assert.deepStrictEqual(yield* client.members.me(), expected)
    }).pipe(Effect.provideService(HttpClient.HttpClient, server)))
})

describe("where a path goes", () => {
  const paths = [
    ["/members/me", "https://api.test/gateway/v3/club/members/me"],
    ["members/me", "https://api.test/gateway/v3/club/members/me"],
    ["/v3/other/members/me", "https://api.test/gateway/v3/other/members/me"],
    ["/v30/x", "https://api.test/gateway/v3/club/v30/x"],
    ["?page=1", "https://api.test/gateway/v3/club?page=1"],
    [".evil.test/me", "https://api.test/gateway/v3/club/.evil.test/me"],
    ["https://api.test/elsewhere", "https://api.test/elsewhere"]
  ] as const
  for (const [path, url] of paths) {
    it.effect(`${path} goes to ${url}`, () =>
      Effect.gen(function*() {
        seen.length = 0
        const response = yield* (yield* AuthHttpClient.fromSession(auth)).get(path)
        assert.strictEqual(seen[0]?.url, url)
        assert.notProperty(response.request.headers, "x-client")
      }).pipe(Effect.provideService(HttpClient.HttpClient, server)))
  }
})

class Denied extends Schema.TaggedError<Denied>()("Denied", {}) {}
class Token extends RpcMiddleware.Tag<Token>()("Token", { failure: Denied, requiredForClient: true }) {}
const Calls = RpcGroup.make(Rpc.make("whoami", { success: Schema.String, error: Denied })).middleware(Token)

describe("@effect/rpc", () => {
  const handlers = Calls.toLayer({ whoami: (_, { headers }) => Effect.succeed(headers["authorization"] ?? "nobody") })
  const guard = Layer.succeed(
    Token,
    ({ headers }) => headers["authorization"] === "Bearer a token" ? Effect.void : Effect.fail(new Denied())
  )

  it.scoped("a client middleware puts the token on each message", () =>
    Effect.gen(function*() {
      const client = yield* RpcTest.makeClient(Calls)
      assert.strictEqual(yield* client.whoami(), "Bearer a token")
    }).pipe(Effect.provide([handlers, guard, RpcMiddleware.layerClient(Token, AuthRpc.bearer(auth))])))

  it.scoped("without a session the server's own refusal answers", () =>
    Effect.gen(function*() {
      const client = yield* RpcTest.makeClient(Calls)
      assert.strictEqual((yield* Effect.flip(client.whoami()))._tag, "Denied")
    }).pipe(Effect.provide([handlers, guard, RpcMiddleware.layerClient(Token, AuthRpc.bearer(FakeAuth.signedOut()))])))

  it.scoped("over HTTP the protocol's client carries it", () =>
    Effect.gen(function*() {
      class Session extends Context.Tag("test/Session")<Session, typeof auth>() {}
      seen.length = 0
      const protocol = RpcClient.layerProtocolHttp({ url: "/rpc" }).pipe(
        Layer.provide([
          AuthHttpClient.layerHttpClient(Session).pipe(
            Layer.provide([Layer.succeed(Session, auth), Layer.succeed(HttpClient.HttpClient, server)])
          ),
          RpcSerialization.layerJson
        ])
      )
      const group = RpcGroup.make(Rpc.make("ping"))
      yield* Effect.flatMap(RpcClient.make(group), (client) => Effect.exit(client.ping())).pipe(
        Effect.provide(protocol)
      )
      assert.strictEqual(seen[0]?.url, "https://api.test/gateway/v3/club/rpc")
      assert.strictEqual(seen[0]?.headers["authorization"], "Bearer a token")
    }))

  it.effect("nothing else of a message changes", () =>
    Effect.map(AuthRpc.bearer(auth)({ request: { id: 7, headers: Headers.fromInput({ a: "b" }) } }), (request) => {
      assert.deepInclude(request, { id: 7 })
      assert.strictEqual(request.headers["a"], "b")
    }))
})
