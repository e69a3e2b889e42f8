/** Options of the wrong kind, as plain JavaScript and configurations give them, are refused, typed, and nothing is sent. */
import * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { inspect } from "node:util"

const secret = "hunter2-secret"
const issuer = "https://login.example.com"

const right = Effect.map(OAuth2Server.make({ issuer, tokenEndpoint: `${issuer}/token` }), (server) => ({
  server,
  clientId: "app",
  origins: ["https://api.example.com"]
}))

const open = (options: unknown) => {
  const sent: Array<string> = []
  const client = HttpClient.make((request) => Effect.die(sent.push(request.url)))
  return OAuth2Client.make(options as OAuth2Client.Options).pipe(
    Effect.provideService(HttpClient.HttpClient, client),
    Effect.exit,
    Effect.map((exit) => {
      assert.deepStrictEqual(sent, [])
      return inspect(exit, { depth: 12, showHidden: true })
    })
  )
}

const wrong: ReadonlyArray<unknown> = [null, 5, "", {}, [5], [""], [undefined], Redacted.make(secret), () => secret]

const isRefused = (options: unknown) =>
  Effect.map(open(options), (shown) => {
    assert.match(shown, /_tag: 'Fail'/, inspect(options))
    assert.match(shown, /AuthMisconfigured/, inspect(options))
    assert.notInclude(shown, secret)
  })

describe("OAuth2Client.make", () => {
  it.effect("takes what is right", () =>
    Effect.gen(function*() {
      assert.match(yield* open(yield* right), /_tag: 'Success'/)
    }))

  it.effect("refuses a secret among the parameters, which are part of the realm", () =>
    Effect.gen(function*() {
      const options = yield* right
      for (
        const name of ["client_secret", "password", "assertion", "client_assertion", "subject_token", "refresh_token"]
      ) {
        const shown = yield* open({ ...options, parameters: { audience: "api", [name]: secret } })
        assert.match(shown, /AuthMisconfigured/, name)
        assert.match(shown, /reason: 'options'/, name)
        assert.include(shown, `parameters has ${name}`)
        assert.notInclude(shown, secret)
      }
      const harmless = { audience: "api", requested_token_type: "urn:x", client_assertion_type: "urn:y" }
      assert.match(yield* open({ ...options, parameters: harmless }), /_tag: 'Success'/)
    }))

  it.effect("refuses no options at all", () => Effect.forEach([undefined, ...wrong], isRefused))

  for (const field of ["server", "clientId", "origins"]) {
    it.effect(`refuses any other ${field}`, () =>
      Effect.gen(function*() {
        const options = yield* right
        yield* Effect.forEach([undefined, ...wrong], (value) => isRefused({ ...options, [field]: value }))
      }))
  }

  for (const field of ["name", "authentication", "scopes", "resources", "furtherResources", "parameters", "api"]) {
    it.effect(`refuses any other ${field}, and takes none`, () =>
      Effect.gen(function*() {
        const options = yield* right
        assert.match(yield* open({ ...options, [field]: undefined }), /_tag: 'Success'/)
        const values = wrong.filter((value) => field !== "parameters" || inspect(value) !== "{}")
        yield* Effect.forEach(values, (value) => isRefused({ ...options, [field]: value }))
      }))
  }
})
