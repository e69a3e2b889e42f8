import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { acceptsFrom, bearerOf, recordingClient, scriptedAuth } from "./scriptedAuth.ts"

/** What becomes of a request to a URL: the reason it is refused for, or the Authorization header it was sent with. */
const outcome = (
  url: string,
  origins: ReadonlyArray<string> = ["https://api.test"],
  options: AuthHttpClient.Options = {}
) =>
  Effect.gen(function*() {
    const server = recordingClient(() => new Response("fine"))
    const result = yield* Effect.either(
      AuthHttpClient.withAuth(server.client, scriptedAuth({ origins }).auth, options).get(url)
    )
    if (result._tag === "Right") return server.authorizations()[0]
    assert.deepStrictEqual(server.requests, [], "nothing is sent")
    return result.left._tag === "AuthMisconfigured" ? result.left.reason : result.left._tag
  })

const table = (
  name: string,
  rows: ReadonlyArray<readonly [url: string, expected: string, origins?: ReadonlyArray<string>, allow?: true]>
) => {
  for (const [url, expected, origins, allow] of rows) {
    it.effect(`${name}: ${url}${allow === true ? " (allowed)" : ""}`, () =>
      Effect.map(
        outcome(url, origins, { allowInsecure: allow }),
        (actual) => assert.strictEqual(actual, expected)
      ))
  }
}

const sent = bearerOf(1)

describe("the token goes to declared origins only (G39)", () => {
  table("goes", [
    ["https://api.test/x", sent],
    ["https://api.test", sent],
    ["https://api.test?q=1", sent],
    ["https://api.test:443/x", sent],
    ["HTTPS://API.test/x", sent],
    ["https://API.TEST/x", sent],
    ["https:\\\\api.test\\x", sent],
    ["https://second.test:8443/x", sent, ["https://api.test", "https://second.test:8443/"]],
    ["https://api.test/x", sent, ["HTTPS://API.TEST:443/base"]],
    ["https://\uff41pi.test/x", sent],
    ["https://xn--pi-uia.test/x", sent, ["https://\u00e4pi.test"]]
  ])
  table("is refused", [
    ["https://api.test.evil.test/x", "origin"],
    ["https://api.testevil.test/x", "origin"],
    ["https://api.test@evil.test/x", "url"],
    ["https://api.test:secret@evil.test/x", "url"],
    ["https://user:secret@api.test/x", "url"],
    ["https://api.test:8443/x", "origin"],
    ["https://evil.test/https://api.test/x", "origin"],
    ["https://evil.test\\@api.test/x", "origin"],
    ["https://api.test\t.evil.test/x", "origin"],
    ["https://sub.api.test/x", "origin"],
    ["https://api.test./x", "origin"],
    ["https://\u0430pi.test/x", "origin"],
    ["https:///evil.test/x", "origin"],
    ["https:evil.test/x", "origin"],
    ["blob:https://api.test/x", "origin"],
    ["https://second.test/x", "origin", ["https://api.test", "https://second.test:8443"]],
    ["wss://api.test/x", "insecure"],
    ["/members/me", "url"],
    ["api.test/x", "url"],
    ["//api.test/x", "url"],
    ["", "url"],
    ["https://api.test/x", "origin", []],
    ["https://api.test/x", "origin", ["not a url"]]
  ])
})

describe("the token travels over https only (G40)", () => {
  table("is refused", [
    ["http://api.test/x", "insecure"],
    ["http://api.test/x", "insecure", ["http://api.test"]],
    ["http://127.0.0.1.evil.test/x", "insecure", ["http://127.0.0.1.evil.test"]],
    ["http://localhost.evil.test/x", "insecure", ["http://localhost.evil.test"]],
    ["http://evil.test/x", "origin"],
    ["http://api.test/x", "origin", ["https://api.test"], true],
    ["http://localhost./x", "insecure", ["http://localhost."]],
    ["http://0.0.0.0/x", "insecure", ["http://0.0.0.0"]],
    ["http://[::ffff:127.0.0.1]/x", "insecure", ["http://[::ffff:127.0.0.1]"]],
    ["http://[::]/x", "insecure", ["http://[::]"]],
    ["http://128.0.0.1/x", "insecure", ["http://128.0.0.1"]]
  ])
  table("goes", [
    ["http://127.0.0.1:8080/x", sent, ["http://127.0.0.1:8080"]],
    ["http://127.9.9.9/x", sent, ["http://127.9.9.9"]],
    ["http://0x7f.1/x", sent, ["http://127.0.0.1"]],
    ["http://[::1]:8080/x", sent, ["http://[::1]:8080"]],
    ["http://localhost:3000/x", sent, ["http://localhost:3000"]],
    ["http://2130706433/x", sent, ["http://127.0.0.1"]],
    ["http://LOCALHOST/x", sent, ["http://localhost"]],
    ["http://api.test/x", sent, ["http://api.test"], true]
  ])
})

it.effect("the token is never in a URL (G41)", () =>
  Effect.gen(function*() {
    const server = recordingClient(acceptsFrom(2))
    const client = AuthHttpClient.withAuth(server.client, scriptedAuth().auth)
    yield* client.get("https://api.test/x", { urlParams: { q: "1" } })
    for (const request of server.requests) {
      assert.notInclude(JSON.stringify([request.url, request.urlParams, request.hash]), "token")
    }
  }))

/** Answers with a redirect to `location` at the first URL, and with 200 anywhere else. */
const redirecting = (location: string, status = 302) =>
  recordingClient((request) =>
    request.url === "https://api.test/old"
      ? new Response(null, { status, headers: { location } })
      : new Response("arrived")
  )

const follow = (location: string, options: AuthHttpClient.Options, status?: number) =>
  Effect.gen(function*() {
    const server = redirecting(location, status)
    const client = AuthHttpClient.withAuth(
      server.client,
      scriptedAuth({ origins: ["https://api.test", "https://two.test"] }).auth,
      options
    )
    const response = yield* client.get("https://api.test/old", { urlParams: { old: "1" } })
    return { server, response }
  })

describe("redirects", () => {
  it.effect("are handed back by default", () =>
    Effect.gen(function*() {
      const { response, server } = yield* follow("https://api.test/new", {})
      assert.strictEqual(response.status, 302)
      assert.deepStrictEqual(server.urls(), ["https://api.test/old"])
    }))

  for (const location of ["https://api.test/new?a=b", "/new?a=b", "new?a=b", "https://API.test:443/new?a=b"]) {
    it.effect(`keep the token on the same origin: ${location}`, () =>
      Effect.gen(function*() {
        const { response, server } = yield* follow(location, { redirects: 3 })
        assert.strictEqual(yield* response.text, "arrived")
        assert.deepStrictEqual(server.urls(), ["https://api.test/old", "https://api.test/new"])
        assert.deepStrictEqual(server.authorizations(), [sent, sent])
        assert.deepStrictEqual([...server.requests[1]!.urlParams], [["a", "b"]])
      }))
  }

  it.effect("take the token to another declared origin", () =>
    Effect.gen(function*() {
      const { server } = yield* follow("https://two.test/new", { redirects: 3 })
      assert.deepStrictEqual(server.authorizations(), [sent, sent])
    }))

  for (
    const location of [
      "https://evil.test/new",
      "http://api.test/new",
      "https://api.test:8443/new",
      "https://api.test.evil.test/",
      "https://x@api.test/new",
      "//evil.test/",
      "http://[",
      "javascript:alert(1)"
    ]
  ) {
    it.effect(`are handed back when they lead elsewhere: ${location}`, () =>
      Effect.gen(function*() {
        const { response, server } = yield* follow(location, { redirects: 3 })
        assert.strictEqual(response.status, 302)
        assert.strictEqual(response.headers["location"], location)
        assert.strictEqual(server.requests.length, 1)
      }))
  }

  it.effect("are looked at hop by hop: there, to another declared origin and back, then elsewhere", () =>
    Effect.gen(function*() {
      const chain = ["https://two.test/b", "https://api.test/c", "https://evil.test/d"]
      const server = recordingClient(() => new Response(null, { status: 307, headers: { location: chain.shift()! } }))
      const { auth } = scriptedAuth({ origins: ["https://api.test", "https://two.test"] })
      const response = yield* AuthHttpClient.withAuth(server.client, auth, { redirects: 9 }).get("https://api.test/a")
      assert.strictEqual(response.headers["location"], "https://evil.test/d")
      assert.deepStrictEqual(server.urls(), ["https://api.test/a", "https://two.test/b", "https://api.test/c"])
    }))

  it.effect("end after as many hops as were allowed", () =>
    Effect.gen(function*() {
      const server = recordingClient(() => new Response(null, { status: 307, headers: { location: "/again" } }))
      const client = AuthHttpClient.withAuth(server.client, scriptedAuth().auth, { redirects: 3 })
      assert.strictEqual((yield* client.get("https://api.test/old")).status, 307)
      assert.strictEqual(server.requests.length, 4)
    }))

  it.effect("are replayed at the hop where the token is refused", () =>
    Effect.gen(function*() {
      const server = recordingClient((request) =>
        request.url.endsWith("/old")
          ? new Response(null, { status: 308, headers: { location: "/new" } })
          : acceptsFrom(2)(request)
      )
      const client = AuthHttpClient.withAuth(server.client, scriptedAuth().auth, { redirects: 3 })
      assert.strictEqual((yield* client.get("https://api.test/old")).status, 200)
      assert.deepStrictEqual(server.urls(), ["https://api.test/old", "https://api.test/new", "https://api.test/new"])
      assert.deepStrictEqual(server.authorizations(), [sent, sent, bearerOf(2)])
    }))

  const methodAfter = (request: HttpClientRequest.HttpClientRequest, status: number) =>
    Effect.gen(function*() {
      const server = redirecting("/new", status)
      yield* AuthHttpClient.withAuth(server.client, scriptedAuth().auth, { redirects: 1 }).execute(request)
      const last = server.requests.at(-1)!
      return server.requests.length === 2 ? `${last.method} ${last.body._tag} ${last.headers["content-type"]}` : "stays"
    })

  it.effect("change the method as RFC 9110 says, and never send a stream twice", () =>
    Effect.gen(function*() {
      const post = HttpClientRequest.post("https://api.test/old").pipe(HttpClientRequest.bodyText("x"))
      const put = HttpClientRequest.put("https://api.test/old").pipe(HttpClientRequest.bodyText("x"))
      const { stream } = yield* recordingClient(() => new Response("once")).client.get("https://x.test")
      const streamed = HttpClientRequest.put("https://api.test/old").pipe(HttpClientRequest.bodyStream(stream))
      for (const status of [301, 302]) {
        assert.strictEqual(yield* methodAfter(post, status), "GET Empty undefined")
        assert.strictEqual(yield* methodAfter(put, status), "PUT Uint8Array text/plain")
      }
      assert.strictEqual(yield* methodAfter(put, 303), "GET Empty undefined")
      for (const status of [307, 308]) {
        assert.strictEqual(yield* methodAfter(post, status), "POST Uint8Array text/plain")
      }
      assert.strictEqual(yield* methodAfter(streamed, 307), "stays")
      assert.strictEqual(yield* methodAfter(streamed, 303), "GET Empty undefined")
      assert.strictEqual(yield* methodAfter(post, 304), "stays")
    }))

  it.effect("followed outside, a hop to another origin fails before it is sent", () =>
    Effect.gen(function*() {
      const server = redirecting("https://evil.test/new")
      const client = server.client.pipe(AuthHttpClient.withAuth(scriptedAuth().auth), HttpClient.followRedirects(3))
      const error = yield* Effect.flip(client.get("https://api.test/old"))
      assert.deepInclude(error, { _tag: "AuthMisconfigured", reason: "origin" })
      assert.deepStrictEqual(server.urls(), ["https://api.test/old"])
    }))

  it.effect("followed outside, a hop to the same origin keeps the token", () =>
    Effect.gen(function*() {
      const server = redirecting("https://api.test/new")
      const client = server.client.pipe(AuthHttpClient.withAuth(scriptedAuth().auth), HttpClient.followRedirects(3))
      assert.strictEqual(yield* (yield* client.get("https://api.test/old")).text, "arrived")
      assert.deepStrictEqual(server.authorizations(), [sent, sent])
    }))

  it.effect("followed inside, the platform takes the token anywhere: why Order says not to", () =>
    Effect.gen(function*() {
      const server = redirecting("https://evil.test/new")
      const client = server.client.pipe(HttpClient.followRedirects(3), AuthHttpClient.withAuth(scriptedAuth().auth))
      yield* client.get("https://api.test/old")
      assert.deepStrictEqual(server.authorizations(), [sent, sent])
    }))
})
