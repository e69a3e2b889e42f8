/**
 * The sandbox as seen by a program that knows nothing of this project: plain fetch, a real socket, and the examples of
 * the provider's pages.
 */
import * as Sandbox from "@effect-auth/testing/Sandbox"
import * as WalletAppSandbox from "@effect-auth/testing/wallet-app"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Http from "node:http"

interface Answer {
  readonly status: number
  readonly json: any
}

interface Wire {
  readonly sandbox: WalletAppSandbox.Service
  readonly call: (
    method: string,
    path: string,
    options?: { readonly key?: string; readonly body?: unknown; readonly headers?: Record<string, string> }
  ) => Effect.Effect<Answer>
}

const documented = { "Content-Type": "application/json", "Accept": "application/json" }

const wire = (test: (wire: Wire) => Effect.Effect<void>, options?: WalletAppSandbox.Options) =>
  Effect.gen(function*() {
    const sandbox = yield* WalletAppSandbox.make(options)
    const base = yield* Sandbox.serve(sandbox)
    yield* test({
      sandbox,
      call: (method, path, { body, headers = documented, key } = {}) =>
        Effect.promise(async () => {
          const response = await fetch(base + path, {
            method,
            headers: key === undefined ? headers : { ...headers, Authorization: `Bearer ${key}` },
            body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body)
          })
          return { status: response.status, json: await response.json() }
        })
    })
  }).pipe(
    Effect.scoped,
    Effect.provide(NodeHttpServer.layer(Http.createServer, { port: 0, host: "127.0.0.1" }))
  )

const body = { email: "kim@example.com", password: "correct horse", permissions: ["brands.get", "tomorrow.get"] }

describe("Wallet App on the wire", () => {
  it.live("a key is requested, describes itself, works, and deletes itself", () =>
    wire(({ call, sandbox }) =>
      Effect.gen(function*() {
        const issued = yield* call("POST", "/oauth/token", { body })
        expect(issued.status).toBe(200)
        const { key, ...data } = issued.json.data
        expect(issued.json.success).toBe(true)
        expect(data).toEqual({ email: "kim@example.com", permissions: ["brands.get", "tomorrow.get"] })
        const first = yield* call("GET", "/oauth/token", { key })
        expect(first.json).toEqual({
          name: expect.stringMatching(/^APITOKEN_[0-9a-f-]{36}$/),
          last_used_at: null,
          token: key,
          user_id: "11111111-1111-4111-8111-111111111111",
          abilities: ["brands.get", "tomorrow.get"]
        })
        expect((yield* call("GET", "/brands", { key })).json).toEqual({
          message: "Request successful",
          data: [{ identifier: "brand-1", name: "Corner Cafe" }]
        })
        const second = yield* call("GET", "/oauth/token", { key })
        expect(second.json).toMatchObject({ name: first.json.name, last_used_at: expect.stringMatching(/^\d{4}-/) })
        expect(yield* call("DELETE", "/oauth/token", { key })).toEqual({
          status: 200,
          json: { success: true, message: "Token deleted" }
        })
        for (
          const [method, path] of [["GET", "/brands"], ["GET", "/oauth/token"], ["DELETE", "/oauth/token"]] as const
        ) {
          expect((yield* call(method, path, { key })).status).toBe(401)
        }
        expect((yield* sandbox.counters).revocations).toBe(1)
      })
    ))

  it.live("a new key does not end the old one", () =>
    wire(({ call }) =>
      Effect.gen(function*() {
        const one = yield* call("POST", "/oauth/token", { body })
        const two = yield* call("POST", "/oauth/token", { body })
        expect(one.json.data.key).not.toBe(two.json.data.key)
        expect((yield* call("GET", "/brands", { key: one.json.data.key })).status).toBe(200)
      })
    ))

  it.live("grants what the user may give, and asks for the permission of each call", () =>
    wire(({ call }) =>
      Effect.gen(function*() {
        const { json } = yield* call("POST", "/oauth/token", { body })
        expect(json.data).toEqual({ token: json.data.token, email: body.email, abilities: ["brands.get"] })
        const key = json.data.token
        expect((yield* call("GET", "/oauth/token", { key })).json.permissions).toEqual(["brands.get"])
        expect(yield* call("GET", "/members/list?brand_id=brand-1", { key })).toEqual({
          status: 403,
          json: { message: "Missing permission: members.get" }
        })
      }), {
      users: [{ ...body, permissions: ["brands.get"] }],
      dialect: { key: "token", granted: "abilities", described: "permissions" }
    }))

  it.live("members come page by page", () =>
    wire(({ call }) =>
      Effect.gen(function*() {
        const { json } = yield* call("POST", "/oauth/token", { body: { ...body, permissions: ["members.get"] } })
        const list = (query: string) => call("GET", `/members/list?${query}`, { key: json.data.key })
        expect((yield* list("brand_id=b&per_page=2")).json.data).toMatchObject({
          total: 3,
          last_page: 2,
          per_page: 2,
          next_page_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/members\/list\?page=2$/),
          members: [{ identifier: "1" }, { identifier: "2" }]
        })
        expect((yield* list("brand_id=b&per_page=2&page=2")).json.data).toMatchObject({
          next_page_url: null,
          members: [{ identifier: "3" }]
        })
        const asPosted = yield* call("POST", "/members/list", {
          key: json.data.key,
          body: { brand_id: "b", per_page: 2, page: 2 }
        })
        expect(asPosted.json).toEqual((yield* list("brand_id=b&per_page=2&page=2")).json)
        expect((yield* list("brand_id=other")).status).toBe(422)
        expect((yield* list("")).status).toBe(422)
      }), {
      brands: [{ identifier: "b", name: "B", members: [{ identifier: "1" }, { identifier: "2" }, { identifier: "3" }] }]
    }))

  it.live("a pass is found by its code, its member or its brand", () =>
    wire(({ call }) =>
      Effect.gen(function*() {
        const { json } = yield* call("POST", "/oauth/token", { body: { ...body, permissions: ["passes.get"] } })
        const find = (query: string) => call("GET", `/passes?${query}`, { key: json.data.key })
        const found = { success: true, data: { brand_id: "b", code: "two", redeemed: 0, coupon: {}, storecard: {} } }
        expect((yield* find("pass_code=two")).json).toEqual(found)
        expect((yield* find("brand_id=b&email=ola@example.com")).json).toEqual(found)
        expect((yield* find("brand_id=a&pass_code=two")).status).toBe(422)
        expect((yield* call("GET", "/passes?pass_code=two", {})).status).toBe(401)
      }), {
      brands: [
        { identifier: "a", name: "A", passes: [{ code: "one" }] },
        { identifier: "b", name: "B", passes: [{ code: "two", email: "ola@example.com" }] }
      ]
    }))

  it.live("asserts the documented headers, and tells what does not fit, but no value of it", () =>
    wire(({ call, sandbox }) =>
      Effect.gen(function*() {
        const sent = (change: object) => call("POST", "/oauth/token", { body, ...change })
        expect((yield* sent({ headers: { "Content-Type": "application/json" } })).status).toBe(406)
        expect((yield* sent({ headers: { Accept: "application/json", "Content-Type": "text/plain" } })).status).toBe(
          415
        )
        expect((yield* sent({ body: "{\"email\":" })).status).toBe(400)
        const odd = yield* sent({ body: { ...body, permissions: "s3cret" } })
        expect(odd).toEqual({ status: 422, json: { message: "Invalid request", errors: { permissions: ["invalid"] } } })
        expect((yield* sent({ body: { ...body, password: "wrong" } })).status).toBe(401)
        expect((yield* sent({ body: { ...body, email: "nobody@example.com" } })).status).toBe(401)
        expect((yield* call("GET", "/elsewhere")).status).toBe(404)
        expect((yield* call("PUT", "/oauth/token", { body })).status).toBe(404)
        expect(Sandbox.exchanges(yield* sandbox.counters, "password").granted).toBe(0)
      })
    ))

  for (const refusal of [200, 401, 422] as const) {
    it.live(`wrong credentials under ${refusal}`, () =>
      wire(({ call }) =>
        Effect.gen(function*() {
          const { json, status } = yield* call("POST", "/oauth/token", { body: { ...body, password: "wrong" } })
          expect(status).toBe(refusal)
          expect(json.success).toBe(refusal === 200 ? false : undefined)
          expect(json.data).toBeUndefined()
        }), { dialect: { refusal } }))
  }
})
