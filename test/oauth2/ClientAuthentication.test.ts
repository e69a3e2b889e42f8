import * as ClientAuthentication from "@effect-auth/oauth2/ClientAuthentication"
import * as ClientCredentials from "@effect-auth/oauth2/ClientCredentials"
import type * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as RefreshToken from "@effect-auth/oauth2/RefreshToken"
import * as SigningKey from "@effect-auth/oauth2/SigningKey"
import * as OAuth2Sandbox from "@effect-auth/testing/OAuth2Sandbox"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import * as jose from "jose"
import * as fixtures from "./fixtures.ts"

/** A secret with every kind of letter that is written differently somewhere. */
const secret = Redacted.make("a-secret_with.all~kinds !*'() of+letters%/ü")
const keys = await Effect.runPromise(fixtures.rsa)
const key = await Effect.runPromise(SigningKey.fromPem(keys.pkcs1))

const ways: ReadonlyArray<{
  readonly name: string
  readonly method: OAuth2Sandbox.Client["method"]
  readonly authentication: ClientAuthentication.ClientAuthentication
  readonly text?: string
}> = [
  { name: "basic", method: "client_secret_basic", authentication: ClientAuthentication.basic(secret) },
  { name: "basic unencoded", method: "basic_unencoded", authentication: ClientAuthentication.basicUnencoded(secret) },
  { name: "post", method: "client_secret_post", authentication: ClientAuthentication.post(secret) },
  { name: "JWT by secret", method: "client_secret_jwt", authentication: ClientAuthentication.clientSecretJwt(secret) },
  {
    name: "JWT by secret for the token endpoint",
    method: "client_secret_jwt",
    authentication: ClientAuthentication.clientSecretJwt(secret, { audience: "token-endpoint" })
  },
  { name: "JWT by key", method: "private_key_jwt", authentication: ClientAuthentication.privateKeyJwt(key) },
  {
    name: "assertion",
    method: "assertion",
    authentication: ClientAuthentication.assertion(Effect.succeed("an-assertion\n")),
    text: "an-assertion"
  }
]

const world = (method: OAuth2Sandbox.Client["method"], text = Redacted.value(secret)) =>
  fixtures.world({ clients: [{ id: "service", method, secret: text, publicKey: keys.publicKey }] })

const using = (authentication: ClientAuthentication.ClientAuthentication): Partial<OAuth2Client.Options> => ({
  clientId: "service",
  authentication
})

describe("ClientAuthentication", () => {
  for (const { authentication, method, name, text } of ways) {
    it.effect(`${name}: a strict server takes it, on a sign-in, a refresh and a revocation`, () =>
      Effect.gen(function*() {
        // The time of the library is the platform's; what it signs has to follow the program's Clock.
        yield* TestClock.adjust("20000 days")
        const client = yield* fixtures.client(using(authentication))
        const machine = ClientCredentials.provider(client)
        assert.match(Redacted.value((yield* machine.signIn()).accessToken), /^[0-9a-f]{64}$/)
        const sandbox = yield* OAuth2Sandbox.OAuth2Sandbox
        const { accessToken, refreshToken } = yield* sandbox.authority.issue("ola")
        const person = RefreshToken.provider(client)
        const tokens = yield* person.signIn({ refreshToken: Redacted.make(refreshToken ?? "") })
        yield* person.revoke!({ ...tokens, accessToken: Redacted.make(accessToken), obtainedAt: 0 })
        assert.strictEqual((yield* sandbox.counters).revocations, 2)
      }).pipe(Effect.provide(world(method, text))))

    it.effect(`${name}: what it proves with is in no URL, and a wrong one is the configuration's fault`, () =>
      Effect.gen(function*() {
        const client = yield* fixtures.client(using(authentication))
        const failure = yield* Effect.flip(ClientCredentials.provider(client).signIn())
        assert.deepInclude(failure, { kind: "config", reason: "client", error: "invalid_client", sent: "answered" })
      }).pipe(
        Effect.provide(fixtures.world({ clients: [{ id: "service", method, secret: "another-secret-0123456789" }] }))
      ))
  }

  it.effect("basic: id and secret are form-encoded as browsers do it", () =>
    Effect.gen(function*() {
      const draft = { ...drafted(), clientId: "463558a3-725e-4f37_b6.d3*" }
      yield* ClientAuthentication.basic(Redacted.make("secret_a.b-c d:e%ü")).apply(draft)
      const sent = atob((draft.headers.get("authorization") ?? "").slice("Basic ".length))
      assert.strictEqual(sent, "463558a3-725e-4f37_b6.d3*:secret_a.b-c+d%3Ae%25%C3%BC")
    }))

  it.effect("none: a public client sends its id and nothing else", () =>
    Effect.gen(function*() {
      const draft = drafted()
      yield* ClientAuthentication.none.apply(draft)
      assert.strictEqual(draft.form.toString(), "client_id=service")
      assert.deepStrictEqual(Array.from(draft.headers), [])
    }))

  it.effect("a JWT lives for a minute, is never the same, and carries what an option adds", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("20000 days")
      const authentication = ClientAuthentication.privateKeyJwt(key, {
        keyId: "key-1",
        audience: "https://other.example",
        header: { x5t: "thumbprint" },
        claims: { tenant: "t" }
      })
      const jwts = yield* Effect.forEach([1, 2], () => {
        const draft = drafted()
        return Effect.map(authentication.apply(draft), () => draft.form.get("client_assertion") ?? "")
      })
      const [first, second] = yield* Effect.promise(() =>
        Promise.all(
          jwts.map((jwt) => jose.jwtVerify(jwt, keys.publicKey, { currentDate: new Date(20_000 * 86_400_000) }))
        )
      )
      assert.notStrictEqual(first?.payload.jti, second?.payload.jti)
      assert.deepInclude(first?.payload, { iss: "service", sub: "service", aud: "https://other.example", tenant: "t" })
      assert.deepInclude(first?.protectedHeader, { alg: "RS256", kid: "key-1", x5t: "thumbprint" })
      assert.strictEqual((first?.payload.exp ?? 0) - (first?.payload.iat ?? 0), 60)
    }))

  it.effect("an assertion is read for each request; when it can't be, nothing is sent and nothing is told", () =>
    Effect.gen(function*() {
      let read = 0
      const authentication = ClientAuthentication.assertion(Effect.sync(() => `token-${++read}`), {
        sendClientId: false
      })
      const drafts = [drafted(), drafted()]
      yield* Effect.forEach(drafts, authentication.apply)
      assert.deepStrictEqual(drafts.map(({ form }) => form.get("client_assertion")), ["token-1", "token-2"])
      assert.isFalse(drafts[0]?.form.has("client_id"))
      for (const broken of [Effect.fail(new Error("secret path")), Effect.succeed(" \n")]) {
        const failure = yield* Effect.flip(ClientAuthentication.assertion(broken).apply(drafted()))
        assert.deepInclude(failure, { kind: "config", reason: "client", sent: "no" })
        assert.notInclude(JSON.stringify(failure), "secret path")
      }
    }))
})

const drafted = (): ClientAuthentication.Draft => ({
  issuer: "https://login.example.com",
  tokenEndpoint: "https://login.example.com/token",
  clientId: "service",
  form: new URLSearchParams(),
  headers: new Headers()
})

describe("SigningKey", () => {
  it.effect("reads both forms of PEM, also with its line ends written as letters", () =>
    Effect.gen(function*() {
      const texts = [keys.pkcs1, keys.pkcs8, Redacted.make(Redacted.value(keys.pkcs8).replaceAll("\n", "\\n"))]
      for (const pem of texts) assert.strictEqual((yield* SigningKey.fromPem(pem)).algorithm.name, "RSASSA-PKCS1-v1_5")
    }))

  it.effect("what is no key is refused, and not quoted", () =>
    Effect.gen(function*() {
      for (const text of ["", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----"]) {
        const error = yield* Effect.flip(SigningKey.fromPem(Redacted.make(text)))
        assert.strictEqual(error._tag, "AuthMisconfigured")
        assert.notInclude(JSON.stringify(error), "c2VjcmV0")
      }
    }))
})
