import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
import * as PublicAddress from "@effect-auth/oauth2/PublicAddress"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

const privates = [
  "0.0.0.0",
  "10.1.2.3",
  "100.64.0.1",
  "127.0.0.1",
  "127.1",
  "2130706433",
  "0x7f.1",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "198.19.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:10.0.0.1",
  "::ffff:8.8.8.8",
  "64:ff9b::a00:1",
  "fc00::1",
  "fe80::1%eth0",
  "ff02::1",
  "2001::1",
  "2001:db8::1",
  "2002:a00:1::1",
  "localhost",
  ""
]

const publics = [
  "8.8.8.8",
  "172.15.0.1",
  "172.32.0.1",
  "100.128.0.1",
  "1.1.1.1",
  "2606:4700::1111",
  "2001:4860:4860::8888"
]

describe("PublicAddress", () => {
  it("tells private addresses from public ones, however they are written", () => {
    for (const address of privates) assert.isFalse(PublicAddress.isPublic(address), address)
    for (const address of publics) assert.isTrue(PublicAddress.isPublic(address), address)
  })

  it.effect("discovery sends nothing to a name that leads inside, not even with one address of several", () =>
    Effect.gen(function*() {
      const addresses: Readonly<Record<string, ReadonlyArray<string>>> = {
        "inside.example": ["10.0.0.1"],
        "both.example": ["8.8.8.8", "10.0.0.1"],
        "nowhere.example": [],
        "outside.example": ["8.8.8.8", "2606:4700::1111"]
      }
      const asked: Array<string> = []
      const real = HttpClient.make((request, url) =>
        Effect.sync(() => {
          asked.push(url.hostname)
          const { origin: issuer } = url
          return HttpClientResponse.fromWeb(request, Response.json({ issuer, token_endpoint: `${issuer}/token` }))
        })
      )
      const client = PublicAddress.guarded(real, {
        resolve: (name) => addresses[name] === undefined ? Effect.fail("not found") : Effect.succeed(addresses[name])
      })
      const discover = (issuer: string) =>
        Effect.either(Effect.provideService(OAuth2Server.discover(issuer), HttpClient.HttpClient, client))
      for (
        const issuer of [
          "https://inside.example",
          "https://both.example",
          "https://nowhere.example",
          "https://unknown.example",
          "https://10.0.0.1",
          "https://169.254.169.254",
          "https://2130706433",
          "https://[::1]",
          "https://[fd00::1]"
        ]
      ) {
        const outcome = yield* discover(issuer)
        assert.deepInclude(outcome._tag === "Left" ? outcome.left : {}, { sent: "no" }, issuer)
      }
      assert.deepStrictEqual(asked, [])
      assert.strictEqual((yield* discover("https://outside.example"))._tag, "Right")
      assert.strictEqual((yield* discover("https://8.8.8.8"))._tag, "Right")
    }))
})
