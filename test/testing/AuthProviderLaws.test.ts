/** The laws of a provider: a scripted one keeps them; one that is wrong in a single way breaks the law about it. */
import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import type { AuthProvider, Rotation } from "@effect-auth/core/AuthProvider"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as Acme from "@effect-auth/examples/fifth-provider"
import * as AcmeSandbox from "@effect-auth/examples/fifth-sandbox"
import * as AuthProviderLaws from "@effect-auth/testing/AuthProviderLaws"
import * as ProviderLaws from "@effect-auth/testing/ProviderLaws"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { build } from "esbuild"
import { fileURLToPath } from "node:url"

const server = Layer.effect(HttpClient.HttpClient, Effect.map(AcmeSandbox.make, (sandbox) => sandbox.httpClient))

type Subject = ProviderLaws.Subject<Acme.Credentials, AuthMisconfigured>

const acme: Subject = {
  provider: Acme.provider({}),
  credentials: Effect.succeed({ username: "kim", password: Redacted.make("correct-horse") }),
  wrong: { username: "kim", password: Redacted.make("wrong-horse") }
}

const nobody = Layer.succeed(HttpClient.HttpClient, HttpClient.make(() => Effect.dieMessage("there is no server")))

const policies: ReadonlyArray<readonly [name: string, Rotation]> = [
  ["rotating", "rotating"],
  ["static", "static"],
  ["none", "none"],
  ["repeatable for a time", { rotating: { repeatable: "10 seconds" } }],
  ["repeatable until used", { rotating: { repeatable: "untilUsed" } }]
]

for (const [name, rotation] of policies) {
  AuthProviderLaws.suite(`a scripted provider (${name})`, nobody, {
    provider: Effect.map(ScriptedProvider.make({ rotation }), ({ provider }) => provider),
    credentials: Effect.succeed("whoever"),
    http: false
  })
}

type Provider = AuthProvider<Acme.Credentials>

/** The laws that a provider breaks, at a server that does what its page says. */
const brokenBy = (subject: Subject) =>
  Effect.filter(
    ProviderLaws.laws(subject),
    (law) => Effect.map(Effect.exit(Effect.provide(law.run, Layer.fresh(server))), Exit.isFailure)
  ).pipe(Effect.map((laws) => laws.map(({ name }) => name)))

/** The provider of the guide over a client that is wrong in one way. */
const over = (change: (client: HttpClient.HttpClient) => HttpClient.HttpClient) => ({
  ...acme,
  provider: Effect.provideServiceEffect(acme.provider, HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, change))
})

/** The provider of the guide with something else in the place of a part. */
const but = (change: (provider: Provider) => Partial<Provider>) => ({
  ...acme,
  provider: Effect.map(acme.provider, (provider): Provider => ({ ...provider, ...change(provider) }))
})

const gone = new ExchangeFailure({ kind: "transient", sent: "answered", reason: "server" })

/** What `classify` gets wrong: every failure of a refresh is another one. */
const refusing = (change: (failure: ExchangeFailure) => Partial<ExchangeFailure>) =>
  but(({ refresh }) => ({
    refresh: (token, tokens) =>
      Effect.mapError(refresh!(token, tokens), (failure) => new ExchangeFailure({ ...failure, ...change(failure) }))
  }))

/** What one writes first: the body is taken for tokens, and every failure is the same. */
const byHand: Subject = {
  ...acme,
  provider: Effect.map(HttpClient.HttpClient, (client): Provider => {
    const ask = (form: Record<string, string>) =>
      HttpClientRequest.post("https://api.acme.example/oauth/token").pipe(
        HttpClientRequest.bodyUrlParams(form),
        client.execute,
        Effect.flatMap((response) => response.json as Effect.Effect<Record<string, string>, unknown>),
        Effect.map((body) => ({
          accessToken: Redacted.make(body["access_token"]!),
          refreshToken: Redacted.make(body["refresh_token"]!)
        })),
        Effect.mapError(() => new ExchangeFailure({ kind: "transient", sent: "no", reason: "transport" }))
      )
    return {
      name: "by hand",
      realm: "acme",
      origins: ["https://api.acme.example"],
      rotation: "rotating",
      rejection: { statuses: [401] },
      signIn: ({ password, username }) => ask({ grant_type: "password", username, password: Redacted.value(password) }),
      refresh: (token) => ask({ grant_type: "refresh_token", refresh_token: Redacted.value(token) })
    }
  })
}

/** Every law that a failure can break. */
const aboutFailures = [
  "wrong credentials are refused for good, and surely nothing was issued",
  "a refresh token that nobody issued is refused",
  "a connection that broke: it may have been carried out",
  "500, 502 and 504 are transient, and it may have been carried out",
  "429 and 503 are transient, surely nothing was issued, and their Retry-After is reported",
  "a redirect is not followed, and ends nothing",
  "a firewall's page ends no session, and counts no credentials as refused",
  "a success that can't be read: it may have been carried out",
  "an answer without an access token: it may have been carried out",
  "a body without an end is not read to its end"
]

const inQuery = HttpClientRequest.setUrlParam("password", "correct-horse")
const overHttp = HttpClientRequest.updateUrl((url) => url.replace("https:", "http:"))

const cases: ReadonlyArray<readonly [string, Subject, string]> = [
  [
    "a spent refresh token that is said to work for a time, and does not",
    but(() => ({ rotation: { rotating: { repeatable: "10 seconds" } } })),
    "a spent refresh token refreshes once more at once, where `rotation` says so"
  ],
  [
    "a spent refresh token that is said to work until the new one is used, and does not",
    but(() => ({ rotation: { rotating: { repeatable: "untilUsed" } } })),
    "a spent refresh token refreshes once more at once, where `rotation` says so"
  ],
  [
    "a realm with a secret",
    but(() => ({ realm: "api.acme.example/correct-horse" })),
    "it has a name, realm and origins, the same each time, and no secret in them"
  ],
  [
    "a realm that is another each time",
    but(() => ({ realm: String(Math.random()) })),
    "it has a name, realm and origins, the same each time, and no secret in them"
  ],
  [
    "an origin with a path",
    but(() => ({ origins: ["https://api.acme.example/v1"] })),
    "it has a name, realm and origins, the same each time, and no secret in them"
  ],
  [
    "an origin over plain http",
    but(() => ({ origins: ["http://api.acme.example"] })),
    "it has a name, realm and origins, the same each time, and no secret in them"
  ],
  ["`none` with a refresh", but(() => ({ rotation: "none" })), "it can refresh exactly where there are refresh tokens"],
  [
    "`rotating` without one",
    but(() => ({ refresh: undefined })),
    "it can refresh exactly where there are refresh tokens"
  ],
  [
    "503 as a rejection",
    but(() => ({ rejection: { statuses: [401, 503] } })),
    "a success, a limit and a failure of the server are no rejection, and a success stays readable"
  ],
  [
    "every success as a rejection",
    but(() => ({ rejection: { statuses: [401], body: () => Effect.succeed(true) } })),
    "a success, a limit and a failure of the server are no rejection, and a success stays readable"
  ],
  [
    "one fingerprint for all",
    but(() => ({ fingerprint: ({ username }) => username })),
    "fingerprints distinguish credentials; what works only once has one"
  ],
  [
    "single use without a fingerprint",
    but(() => ({ singleUse: true, fingerprint: undefined })),
    "fingerprints distinguish credentials; what works only once has one"
  ],
  [
    "a retry",
    over(HttpClient.retryTransient({ times: 2 })),
    "429 and 503 are transient, surely nothing was issued, and their Retry-After is reported"
  ],
  [
    "a sign-in that is sent twice",
    but(({ signIn }) => ({ signIn: (credentials) => Effect.zipRight(signIn(credentials), signIn(credentials)) })),
    "each call is carried out with one request; a revocation with one for each token"
  ],
  ["`static` that rotates", but(() => ({ rotation: "static" })), "what a refresh answers refreshes again"],
  [
    "a refresh for somebody else",
    but(({ refresh, signIn }) => ({
      signIn: (credentials) => Effect.map(signIn(credentials), (response) => ({ ...response, subject: "kim" })),
      refresh: (token, held) => Effect.map(refresh!(token, held), (response) => ({ ...response, subject: "ola" }))
    })),
    "what a refresh answers refreshes again"
  ],
  [
    "a revocation that complains",
    but(({ revoke }) => {
      let times = 0
      return { revoke: (held) => times++ === 0 ? revoke!(held) : Effect.fail(gone) }
    }),
    "tokens that are gone already are revoked without a complaint"
  ],
  [
    "wrong credentials that may pass by themselves",
    but(({ signIn }) => ({ signIn: (credentials) => Effect.mapError(signIn(credentials), () => gone) })),
    "wrong credentials are refused for good, and surely nothing was issued"
  ],
  [
    "a dead refresh token that is kept",
    refusing(() => ({ kind: "config" })),
    "a refresh token that nobody issued is refused"
  ],
  [
    "a password in the URL",
    over(HttpClient.mapRequest(inQuery)),
    "no secret is in a URL, and no request goes over plain http"
  ],
  [
    "a refused connection that is an unknown outcome",
    refusing(() => ({ sent: "unknown" })),
    "a connection that was refused: surely nothing was sent"
  ],
  [
    "a broken connection that is sent again",
    refusing(({ sent }) => ({ sent: sent === "unknown" ? "no" : sent })),
    "a connection that broke: it may have been carried out"
  ],
  [
    "a session that ends with a 500",
    refusing(({ status = 0 }) => status >= 500 ? { kind: "terminal" } : {}),
    "500, 502 and 504 are transient, and it may have been carried out"
  ],
  [
    "a Retry-After that is forgotten",
    refusing(() => ({ retryAfter: undefined })),
    "429 and 503 are transient, surely nothing was issued, and their Retry-After is reported"
  ],
  [
    "a session that ends with a redirect",
    refusing(({ status = 0 }) => status < 400 ? { kind: "terminal" } : {}),
    "a redirect is not followed, and ends nothing"
  ],
  ["a redirect that is followed", over(HttpClient.followRedirects(3)), "a redirect is not followed, and ends nothing"],
  [
    "a session that ends with an empty 400",
    refusing(({ error, status }) => status === 400 && error === undefined ? { kind: "terminal" } : {}),
    "a firewall's page ends no session, and counts no credentials as refused"
  ],
  [
    "a 200 of somebody else that surely issued nothing",
    refusing(({ status }) => status === undefined || status === 200 ? { sent: "answered" } : {}),
    "a success that can't be read: it may have been carried out"
  ],
  [
    "a call that can't be left",
    but(({ refresh }) => ({ refresh: (token, held) => Effect.uninterruptible(refresh!(token, held)) })),
    "a call can be left while the server is silent"
  ],
  [
    "a failure that quotes the request",
    but(({ refresh }) => ({
      refresh: (token, held) =>
        Effect.mapError(
          refresh!(token, held),
          (failure) => new ExchangeFailure({ ...failure, errorDescription: `sent ${Redacted.value(token)}` })
        )
    })),
    "no secret shows in a failure, even when the server says all that it was sent"
  ]
]

describe("the laws of a provider can be broken", () => {
  it.live("one that is written by hand breaks those that are about failures", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* brokenBy(byHand), aboutFailures)
    }), 30_000)

  for (const [what, subject, law] of cases) {
    it.live(`${what} is caught`, () =>
      Effect.gen(function*() {
        const [found] = ProviderLaws.laws(subject).filter(({ name }) => name === law)
        const exit = yield* Effect.exit(Effect.provide(found!.run, server))
        assert.isTrue(Exit.isFailure(exit))
      }))
  }

  it.live("plain http is caught", () =>
    Effect.gen(function*() {
      // The endpoint of the guide refuses it, so it is what lies below that goes astray.
      const subject = {
        ...byHand,
        provider: Effect.provideServiceEffect(
          byHand.provider,
          HttpClient.HttpClient,
          Effect.map(HttpClient.HttpClient, HttpClient.mapRequest(overHttp))
        )
      }
      assert.include(yield* brokenBy(subject), "no secret is in a URL, and no request goes over plain http")
    }), 30_000)

  it.live("a defect is caught, and said", () =>
    Effect.gen(function*() {
      const [law] = ProviderLaws.laws(but(() => ({ signIn: () => Effect.die("a mistake") })))
      const error = yield* Effect.flip(Effect.provide(law!.run, server))
      assert.strictEqual(error._tag, "LawBroken")
      assert.include(error.message, "it died")
      // Why it died is what the author has to know.
      assert.include(error.message, "a mistake")
    }))

  it("the laws need no test runner", async () => {
    const { metafile } = await build({
      entryPoints: [fileURLToPath(new URL("../../packages/testing/src/ProviderLaws.ts", import.meta.url))],
      bundle: true,
      packages: "external",
      write: false,
      metafile: true
    })
    const imported = Object.values(metafile.inputs).flatMap(({ imports }) => imports.map(({ path }) => path))
    assert.include(imported, "effect/Effect")
    assert.deepStrictEqual(imported.filter((path) => path.includes("vitest")), [])
  })
})
