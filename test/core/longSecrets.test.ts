/** Secrets and answers of any length: the right error, no defect, and the event loop is not held. */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Redaction from "@effect-auth/testing/Redaction"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { scriptedAuth } from "./scriptedAuth.ts"

const lengths = [1, 11, 12, 4_095, 32_768, 45_000, 65_537, 1_048_576, 5_242_880]

/** Letters that differ along the text, so that a piece stands for its place. */
const secretOf = (length: number) => {
  let text = ""
  for (let n = 1; text.length < Math.min(length, 4096); n++) text += `${(n * 7919).toString(36)}(.+*?`
  return text.repeat(Math.ceil(length / text.length)).slice(0, length)
}

/** Milliseconds of processor time: on a busy machine the time on the wall says nothing. The best of a few runs. */
const heldBy = async (run: () => Promise<unknown>) => {
  let best = Infinity
  for (let n = 0; n < 25 && best >= 20; n++) {
    const before = process.cpuUsage()
    await run()
    const { system, user } = process.cpuUsage(before)
    best = Math.min(best, (system + user) / 1000)
  }
  return best
}

const answering = (make: () => Response) =>
  HttpClient.make((request) => Effect.sync(() => HttpClientResponse.fromWeb(request, make())))

const classify = (answer: TokenEndpoint.Answer) => TokenEndpoint.common(answer) ?? TokenEndpoint.oauth(answer)

const refusing = (description: string) => {
  const text = JSON.stringify({ error: "invalid_grant", error_description: description })
  return TokenEndpoint.client(answering(() => new Response(text, { status: 400 })), { classify })
}

const post = (body: unknown) =>
  HttpClientRequest.post("https://api.test/token").pipe(HttpClientRequest.bodyUnsafeJson(body))

describe("a token request with a secret of any length", () => {
  for (const length of lengths) {
    const secret = secretOf(length)
    const pieces = [0, Math.floor(length / 2), length - 40].map((at) => secret.slice(Math.max(0, at), at + 40))
      .filter((text) => text.length >= 8)
    const request = post({ grant_type: "refresh_token", refresh_token: secret })

    it.effect(`${length}: a refusal is a refusal, and shows no piece of it`, () =>
      Effect.gen(function*() {
        for (const echo of [secret.slice(0, 300_000), encodeURIComponent(secret.slice(0, 300_000)), pieces.join(" ")]) {
          const failure = yield* Effect.flip(refusing(`no: ${echo} !`).execute(request))
          assert.strictEqual(failure.kind, "terminal")
          assert.strictEqual(failure.sent, "answered")
          if (length >= 12) assert.isUndefined(Redaction.findSecret(failure.errorDescription, pieces))
        }
      }))

    it(`${length}: the event loop is held for less than 20 ms`, async () => {
      const client = refusing(`no: ${secret.slice(0, 500_000)} !`)
      assert.isBelow(await heldBy(() => Effect.runPromise(Effect.flip(client.execute(request)))), 20)
    })

    it.effect(`${length}: a call has a public error, never a defect`, () =>
      Effect.gen(function*() {
        const about = { provider: "example", account: "a", operation: "send" }
        const error = yield* Effect.flip(TokenEndpoint.call(refusing("no").execute(request), about))
        assert.strictEqual(error._tag, "TokenRequestRejected")
      }))
  }

  it("many short secrets do not hold the event loop either", async () => {
    for (const count of [64, 200, 6000]) {
      const request = post({ items: Array.from({ length: count }, (_, n) => ({ key: `k-${n * 7919}` })) })
      const client = refusing("k-7919 ".repeat(5000))
      assert.isBelow(await heldBy(() => Effect.runPromise(Effect.flip(client.execute(request)))), 20)
      const { errorDescription = "" } = await Effect.runPromise(Effect.flip(client.execute(request)))
      assert.notInclude(errorDescription, "7919")
    }
  })

  it.effect("letters are compared without case, whatever their upper case", () =>
    Effect.gen(function*() {
      for (const secret of ["straße-geheim", "İSTANBUL-parola", "ΟΔΟΣ-κωδικός", "\u{10428}\u{10429}-deseret"]) {
        for (const echo of [secret, secret.replace("parola", "PAROLA"), `ß ${secret}`]) {
          const { errorDescription = "" } = yield* Effect.flip(
            refusing(`no: ${echo} !`).execute(post({ password: secret }))
          )
          assert.match(errorDescription, /^no: (?:ß )?…+.{0,3} !$/)
        }
      }
    }))
})

describe("a session with a refresh token of any length", () => {
  for (const length of lengths.filter((one) => one <= 1_048_576)) {
    it.scopedLive(`${length}: ends when the token is refused`, () =>
      Effect.gen(function*() {
        const secret = secretOf(length)
        const client = refusing(`unknown token ${secret.slice(0, 300_000)}`)
        const provider: AuthProvider<string> = {
          name: "example",
          realm: "example",
          origins: ["https://api.test"],
          rotation: "rotating",
          rejection: { statuses: [401] },
          signIn: () => Effect.succeed({ accessToken: Redacted.make("access-1"), refreshToken: Redacted.make(secret) }),
          refresh: (token) =>
            TokenEndpoint.exchange(Effect.zipRight(
              client.execute(post({ grant_type: "refresh_token", refresh_token: Redacted.value(token) })),
              Effect.die("a refused refresh can't succeed")
            ))
        }
        const auth = yield* AuthService.make(provider)
        yield* auth.signIn("")
        const error = yield* Effect.flip(auth.refresh)
        assert.strictEqual(error._tag, "RefreshTokenRejected")
        if (length >= 12) assert.isUndefined(Redaction.findSecret(error, [secret.slice(0, 12)]))
      }).pipe(Effect.provide(TokenStore.layerMemory)))
  }
})

describe("a call to an API with a secret of any length", () => {
  const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" })
  const broken = HttpClient.make((request) =>
    Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport", cause: reset }))
  )
  for (const length of lengths) {
    const request = post({ data: "x", signature: secretOf(length) })
    const client = AuthHttpClient.withAuth(broken, scriptedAuth().auth)

    it(`${length}: the event loop is held for less than 20 ms`, async () => {
      assert.isBelow(await heldBy(() => Effect.runPromise(Effect.flip(client.execute(request)))), 20)
    })

    it.effect(`${length}: the error keeps at least the code of its cause`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(client.execute(request))
        assert.propertyVal(error, "reason", "Transport")
        assert.nestedPropertyVal(error, "cause.code", "ECONNRESET")
      }))

    it.effect(`${length}: what was thrown below is a defect without it`, () =>
      Effect.gen(function*() {
        const secret = secretOf(length)
        const thrower = HttpClient.make(() => Effect.die(new Error(`can't send ${secret}`)))
        const exit = yield* Effect.exit(AuthHttpClient.withAuth(thrower, scriptedAuth().auth).execute(request))
        assert.isTrue(exit._tag === "Failure" && Cause.isDie(exit.cause))
        if (length >= 4) assert.isUndefined(Redaction.findSecret(exit, [secret.slice(0, 4096)]))
      }))
  }
})
