/** A secret is found wherever a request carries it; where it can't be looked for, nothing that a server says is shown. */
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

const secret = "hunter2 in two words"
const said = "the server does not like"

const refusing = TokenEndpoint.client(
  HttpClient.make((request) =>
    Effect.sync(() => {
      const text = JSON.stringify({ error: "invalid_grant", error_description: `${said} a?${secret}` })
      return HttpClientResponse.fromWeb(request, new Response(text, { status: 400 }))
    })
  ),
  { classify: (answer) => TokenEndpoint.common(answer) ?? TokenEndpoint.oauth(answer) }
)

const post = HttpClientRequest.post("https://api.test/token")
const json = (value: unknown) => HttpClientRequest.bodyUnsafeJson(post, value)
const text = (body: string, type: string) => HttpClientRequest.setBody(post, HttpBody.text(body, type))
const raw = (body: unknown) => HttpClientRequest.setBody(post, HttpBody.raw(body, { contentType: "application/json" }))

const form = new FormData()
form.set("password", secret)

const bytes = new TextEncoder().encode(JSON.stringify({ password: secret }))

let deep: unknown = { password: secret }
for (let level = 0; level < 12; level++) deep = { deeper: deep }

/** Looked for and found: the rest of what the server says is shown. */
const found: Readonly<Record<string, HttpClientRequest.HttpClientRequest>> = {
  "a field": json({ password: secret }),
  "an object under a secret name": json({ password: { value: secret } }),
  "a list of objects under a secret name": json({ tokens: [{ value: secret }] }),
  "a JSON text inside JSON": json({ payload: JSON.stringify({ password: secret }) }),
  "a name in two words": json({ "pass word": secret }),
  "a PIN": json({ PIN: secret }),
  "a one-time password": json({ otp: secret }),
  "FormData": HttpClientRequest.setBody(post, HttpBody.formData(form)),
  "URLSearchParams": HttpClientRequest.setBody(post, HttpBody.raw(new URLSearchParams({ password: secret }))),
  "a buffer": raw(bytes.buffer),
  "bytes": raw(bytes),
  "a view of bytes": raw(new DataView(bytes.buffer)),
  "a query with a second question mark": HttpClientRequest.post(
    `https://api.test/token?code=a?${encodeURIComponent(secret)}`
  ),
  "a header of one's own": HttpClientRequest.setHeader(post, "x-pass", secret)
}

/** Can't be looked for. */
const unread: Readonly<Record<string, HttpClientRequest.HttpClientRequest>> = {
  "JSON that is too deep": json(deep),
  "JSON that is none": text(`{"password": "${secret}"} and more`, "application/json"),
  "XML": text(`<login><password>${secret}</password></login>`, "application/xml"),
  "a Blob": raw(new Blob([bytes])),
  "an object that only the client below understands": raw({ password: secret }),
  "a stream of JSON": HttpClientRequest.bodyStream(post, Stream.make(bytes), { contentType: "application/json" })
}

const description = (request: HttpClientRequest.HttpClientRequest) =>
  Effect.map(Effect.flip(refusing.execute(request)), (failure) => failure.errorDescription ?? "")

describe("what a refusal repeats of a secret", () => {
  for (const [where, request] of Object.entries(found)) {
    it.effect(`is hidden when it was sent in ${where}`, () =>
      Effect.gen(function*() {
        const shown = yield* description(request)
        assert.notInclude(shown, "hunter2")
        assert.include(shown, said)
      }))
  }

  for (const [where, request] of Object.entries(unread)) {
    it.effect(`is not shown at all when it was sent in ${where}`, () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* description(request), "")
      }))
  }

  it.effect("shows what was no secret, and what goes with a file", () =>
    Effect.gen(function*() {
      const file = HttpClientRequest.bodyStream(post, Stream.make(bytes), { contentType: "image/png" })
      for (const request of [json({ colour: secret }), post, file]) {
        assert.strictEqual(yield* description(request), `${said} a?${secret}`)
      }
    }))
})
