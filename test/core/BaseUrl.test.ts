import * as BaseUrl from "@effect-auth/core/BaseUrl"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

describe("BaseUrl", () => {
  it("is a URL in one form, without a slash at the end", () => {
    assert.deepStrictEqual(BaseUrl.parse("HTTPS://Other.Test:443/a/b//"), {
      origin: "https://other.test",
      host: "other.test",
      path: "/a/b",
      href: "https://other.test/a/b",
      isSecure: true
    })
  })

  for (
    const text of [
      "",
      "api.test",
      "ftp://api.test",
      "https://user:pw@api.test",
      "https://api.test?a=1",
      "https://a.test#b"
    ]
  ) {
    it(`${JSON.stringify(text)} is none`, () => {
      assert.isUndefined(BaseUrl.parse(text))
    })
  }

  it("plain http is secure on this machine only", () => {
    for (const text of ["http://localhost:8080", "http://127.1.2.3", "http://[::1]:1", "http://0x7f000001"]) {
      assert.isTrue(BaseUrl.parse(text)?.isSecure)
    }
    for (const text of ["http://api.test", "http://127.0.0.1.evil.test"]) assert.isFalse(BaseUrl.parse(text)?.isSecure)
  })

  it.effect("goes before relative requests only", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const client = HttpClient.make((request) => {
        seen.push(request.url)
        return Effect.succeed(HttpClientResponse.fromWeb(request, new Response()))
      })
      const below = BaseUrl.prepend("https://api.test/v1")(client)
      for (const url of ["/me", "https://other.test/x", "me", ".evil.test/me", "?q=1", ""]) yield* below.get(url)
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
