import * as BaseUrl from "@effect-auth/core/BaseUrl"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

const resolve = (host: string, allowInsecure?: boolean) =>
  BaseUrl.resolve({
    provider: "p",
    account: undefined,
    host,
    known: { production: "https://api.test", custom: "https://api.test/v1/" },
    allowInsecure
  })

describe("BaseUrl", () => {
  it.effect("is a known host's, or the URL itself, without a slash at the end", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* resolve("production")).href, "https://api.test")
      assert.strictEqual((yield* resolve("custom")).href, "https://api.test/v1")
      const own = yield* resolve("HTTPS://Other.Test:443/a/b//")
      assert.deepStrictEqual(own, {
        origin: "https://other.test",
        host: "other.test",
        path: "/a/b",
        href: "https://other.test/a/b",
        isSecure: true
      })
    }))

  for (
    const [host, reason] of [
      ["nowhere", "url"],
      ["", "url"],
      ["ftp://api.test", "url"],
      ["https://user:pw@api.test", "url"],
      ["https://api.test?token=1", "url"],
      ["https://api.test#x", "url"],
      ["toString", "url"],
      ["http://api.test", "insecure"],
      ["http://127.0.0.1.evil.test", "insecure"]
    ] as const
  ) {
    it.effect(`refuses ${JSON.stringify(host)}: ${reason}`, () =>
      Effect.map(Effect.flip(resolve(host)), (error) => {
        assert.strictEqual(error.reason, reason)
      }))
  }

  for (const host of ["http://localhost:8080", "http://127.1.2.3", "http://[::1]:1", "http://0x7f000001"]) {
    it.effect(`takes ${host} for this machine`, () =>
      Effect.map(resolve(host), (base) => {
        assert.isTrue(base.isSecure)
      }))
  }

  it.effect("plain http can be allowed", () =>
    Effect.map(resolve("http://api.test", true), (base) => {
      assert.isFalse(base.isSecure)
    }))

  it.effect("goes before relative requests only", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const client = HttpClient.make((request) => {
        seen.push(request.url)
        return Effect.succeed(HttpClientResponse.fromWeb(request, new Response()))
      })
      const below = BaseUrl.prepend("https://api.test/v1")(client)
      yield* below.get("/me")
      yield* below.get("https://other.test/x")
      yield* below.get("me")
      yield* below.get(".evil.test/me")
      yield* below.get("?q=1")
      yield* below.get("")
      assert.deepStrictEqual(seen, [
        "https://api.test/v1/me",
        "https://other.test/x",
        "https://api.test/v1/me",
        "https://api.test/v1/.evil.test/me",
        "https://api.test/v1?q=1",
        "https://api.test/v1"
      ])
    }))
})
