import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as DeviceCode from "@effect-auth/oauth2/DeviceCode"
import type * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as Faults from "@effect-auth/testing/Faults"
import * as OAuth2Sandbox from "@effect-auth/testing/OAuth2Sandbox"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import * as fixtures from "./fixtures.ts"

const world = Layer.merge(fixtures.world(), TokenStore.layerMemory)

/** A sign-in that shows its code. */
const begun = (options?: Partial<OAuth2Client.Options>) =>
  Effect.gen(function*() {
    const client = yield* fixtures.client(options)
    const auth = yield* AuthService.make(DeviceCode.provider(client), { refresh: { mode: "onDemand" } })
    const shown = yield* Deferred.make<DeviceCode.DeviceAuthorization>()
    const fiber = yield* Effect.fork(Effect.either(
      DeviceCode.signIn(auth, client, { show: (authorization) => Deferred.succeed(shown, authorization) })
    ))
    const sandbox = yield* OAuth2Sandbox.OAuth2Sandbox
    const authorization = yield* Deferred.await(shown)
    const polls = Effect.map(sandbox.log, (all) => all.filter(({ path }) => path === "/token").map(({ at }) => at))
    return { auth, authorization, fiber, polls, sandbox }
  })

const codes = { device_code: "device-code-0123456789", user_code: "u", verification_uri: "https://a.example" }

/** When a device asks again (seconds), and when it gives up, at a server that answers its first poll like this and then `pending`. */
const pollsAfter = (device: object, first: () => Response) =>
  Effect.gen(function*() {
    const polls: Array<number> = []
    const started = yield* Clock.currentTimeMillis
    const httpClient = HttpClient.make((request) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const answer = () => {
          if (!request.url.endsWith("/token")) {
            return Response.json({ ...codes, ...device })
          }
          polls.push((now - started) / 1000)
          return polls.length === 1 ? first() : Response.json({ error: "authorization_pending" }, { status: 400 })
        }
        return HttpClientResponse.fromWeb(request, answer())
      })
    )
    const client = { ...(yield* fixtures.client()), httpClient }
    let ended = 0
    yield* DeviceCode.authorize(client).pipe(
      Effect.flatMap((authorization) => DeviceCode.redeemed(client, authorization)),
      Effect.flip,
      Effect.zipRight(Clock.currentTimeMillis),
      Effect.tap((now) => Effect.sync(() => void (ended = (now - started) / 1000))),
      Effect.fork
    )
    while (ended === 0) yield* TestClock.adjust("1 second")
    return { polls, ended }
  })

describe("DeviceCode", () => {
  it.effect("a long interval stays, and `slow_down` makes it longer by five seconds", () =>
    Effect.gen(function*() {
      const device = { interval: 120, expires_in: 400 }
      const slow = yield* pollsAfter(device, () => Response.json({ error: "slow_down" }, { status: 400 }))
      assert.deepStrictEqual(slow, { polls: [120, 245, 370], ended: 400 })
      const away = yield* pollsAfter(device, () => new Response("", { status: 503 }))
      assert.deepStrictEqual(away, { polls: [120, 240, 360], ended: 400 })
    }).pipe(Effect.provide(world)))

  it.effect("`Retry-After` is for the next poll only, and nobody waits beyond the end of the codes", () =>
    Effect.gen(function*() {
      const { ended, polls } = yield* pollsAfter(
        { interval: 5, expires_in: 252 },
        () => new Response("", { status: 503, headers: { "retry-after": "240" } })
      )
      assert.deepStrictEqual({ ended, polls }, { ended: 252, polls: [5, 245, 250] })
    }).pipe(Effect.provide(world)))

  it.effect("a page with a fragment is taken", () =>
    Effect.gen(function*() {
      const page = "https://example.awsapps.com/start/#/device"
      const httpClient = HttpClient.make((request) =>
        Effect.succeed(HttpClientResponse.fromWeb(
          request,
          Response.json({
            device_code: "d",
            user_code: "u",
            verification_uri: page,
            verification_uri_complete: `${page}?user_code=u`
          })
        ))
      )
      const { verificationUri } = yield* DeviceCode.authorize({ ...(yield* fixtures.client()), httpClient })
      assert.strictEqual(verificationUri, page)
    }).pipe(Effect.provide(world)))

  it.scoped("shows the codes, polls at the interval, and puts the tokens into the session", () =>
    Effect.gen(function*() {
      const { auth, authorization, fiber, polls, sandbox } = yield* begun({ scopes: ["openid", "read"] })
      assert.match(authorization.userCode, /^[B-Z]{8}$/)
      assert.strictEqual(authorization.verificationUri, "https://login.example.com/activate")
      yield* TestClock.adjust("5 seconds")
      yield* TestClock.adjust("5 seconds")
      yield* sandbox.decideDevice(authorization.userCode, { subject: "ola" })
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* fiber)._tag, "Right")
      assert.deepStrictEqual(yield* polls, [5_000, 10_000, 15_000])
      assert.strictEqual((yield* auth.state)._tag, "Active")
      yield* auth.refresh
    }).pipe(Effect.provide(world)))

  it.scoped("a person who says no, and codes that ended, end it", () =>
    Effect.gen(function*() {
      const denied = yield* begun()
      yield* denied.sandbox.decideDevice(denied.authorization.userCode, "denied")
      yield* TestClock.adjust("5 seconds")
      const no = yield* denied.fiber
      assert.deepInclude(no._tag === "Left" ? no.left : {}, { _tag: "TokenRequestRejected", error: "access_denied" })
      const late = yield* begun()
      yield* TestClock.adjust("10 minutes")
      const over = yield* late.fiber
      assert.deepInclude(over._tag === "Left" ? over.left : {}, {
        _tag: "TokenRequestRejected",
        error: "expired_token"
      })
    }).pipe(Effect.provide(world)))

  it.scoped("`slow_down` makes every later wait five seconds longer; a failure that may pass doubles it", () =>
    Effect.gen(function*() {
      const { authorization, fiber, polls, sandbox } = yield* begun()
      yield* sandbox.faults.next("sign-in", Faults.status(400, { body: { error: "slow_down" } }))
      yield* TestClock.adjust("5 seconds")
      yield* sandbox.faults.next("sign-in", Faults.status(503))
      yield* TestClock.adjust("10 seconds")
      yield* sandbox.decideDevice(authorization.userCode, { subject: "ola" })
      yield* TestClock.adjust("20 seconds")
      assert.strictEqual((yield* fiber)._tag, "Right")
      assert.deepStrictEqual(yield* polls, [5_000, 15_000, 35_000])
    }).pipe(Effect.provide(world)))

  it.scoped("who gives up in the middle of the last poll finds the session there", () =>
    Effect.gen(function*() {
      const { auth, authorization, fiber, sandbox } = yield* begun()
      yield* sandbox.decideDevice(authorization.userCode, { subject: "ola" })
      yield* sandbox.faults.next("sign-in", Faults.delayAnswer("2 seconds"))
      yield* TestClock.adjust("5 seconds")
      const leaving = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(leaving)
      assert.strictEqual((yield* auth.state)._tag, "Active")
      const { expiresAt } = yield* auth.accessToken
      assert.strictEqual(expiresAt, 5_000 + 3_600_000, "the life counts from when the poll was sent")
    }).pipe(Effect.provide(world)))

  it.scoped("who gives up while waiting polls no more", () =>
    Effect.gen(function*() {
      const { fiber, polls } = yield* begun()
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* polls, [5_000])
    }).pipe(Effect.provide(world)))

  it.effect("a page that is not of the web is refused; a page under its older name is read", () =>
    Effect.gen(function*() {
      const answered = (body: object) =>
        Effect.gen(function*() {
          const httpClient = HttpClient.make((request) =>
            Effect.succeed(HttpClientResponse.fromWeb(
              request,
              Response.json({ device_code: "d", user_code: "u", verification_uri: "https://a.example", ...body })
            ))
          )
          return yield* Effect.either(DeviceCode.authorize({ ...(yield* fixtures.client()), httpClient }))
        })
      for (const page of ["javascript:alert(1)", "http://a.example", "file:///etc", "", "a"]) {
        assert.strictEqual((yield* answered({ verification_uri: page }))._tag, "Left", page)
        assert.strictEqual((yield* answered({ verification_uri_complete: page }))._tag, "Left", page)
      }
      const google = yield* answered({ verification_uri: undefined, verification_url: "https://www.google.com/device" })
      assert.strictEqual(google._tag === "Right" ? google.right.verificationUri : "", "https://www.google.com/device")
    }).pipe(Effect.provide(world)))
})
