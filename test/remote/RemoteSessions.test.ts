import * as AuthError from "@effect-auth/core/AuthError"
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as UnixSocket from "@effect-auth/remote/UnixSocket"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as world from "./world.ts"

const signedIn = (options: world.KeeperOptions = {}) =>
  Effect.gen(function*() {
    const keeper = yield* world.keeper(options)
    const local = yield* keeper.sessions.get("anna")
    const first = yield* local.signIn(world.right)
    const sessions = yield* world.client(keeper.script.provider, { endpoints: [keeper.endpoint] })
    return { ...keeper, local, first, sessions, remote: yield* sessions.get("anna") }
  })

const text = (token: { readonly value: Redacted.Redacted<string> }) => Redacted.value(token.value)

/** Looks until it is so, for as long as a busy machine may need. */
const eventually = <A, E, R>(look: Effect.Effect<A, E, R>, isSo: (found: A) => boolean) =>
  Effect.timeoutFail(Effect.repeat(Effect.delay(look, 20), { until: isSo }), {
    duration: "8 seconds",
    onTimeout: () => "it never was so"
  })

describe("a remote session", () => {
  it.scopedLive("has the keeper's token, and then hands it out at once", () =>
    Effect.gen(function*() {
      const { first, remote } = yield* signedIn()
      const clock = yield* Effect.clock
      assert.isUndefined(remote.unsafePeek(clock))
      const token = yield* world.watched(remote)
      assert.deepStrictEqual([text(token), token.session, token.generation], [
        text(first),
        first.session,
        first.generation
      ])
      const held = remote.unsafePeek(clock)
      assert.isDefined(held)
      assert.strictEqual(yield* remote.accessToken, held)
      assert.isTrue(Math.abs(token.expiresAt - first.expiresAt) < 1_000)
    }))

  it.scopedLive("tells that there is no session, as a local one does", () =>
    Effect.gen(function*() {
      const { sessions } = yield* signedIn()
      const error = yield* Effect.flip((yield* sessions.get("nobody")).accessToken)
      assert.strictEqual(error._tag, "SignInRequired")
      assert.strictEqual(error.account, "nobody")
    }))

  it.scopedLive("a hundred rejections of one token cause one exchange", () =>
    Effect.gen(function*() {
      const { remote, script } = yield* signedIn()
      const token = yield* remote.accessToken
      const renewed = yield* Effect.all(
        Array.from({ length: 100 }, () => remote.renew(token, { wasAccepted: true })),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(new Set(renewed.map(text)), new Set(["access-2"]))
      assert.strictEqual(yield* script.count("refresh"), 1)
      assert.strictEqual(text(yield* remote.renew(token)), "access-2")
      assert.strictEqual(yield* script.count("refresh"), 1)
    }))

  it.scopedLive("a refresh that is asked for is one at the keeper", () =>
    Effect.gen(function*() {
      const { remote, script } = yield* signedIn()
      yield* remote.accessToken
      assert.strictEqual(text(yield* remote.refresh), "access-2")
      assert.strictEqual(text(yield* remote.accessToken), "access-2")
      assert.strictEqual(yield* script.count("refresh"), 1)
    }))

  it.scopedLive("another one's refresh is heard: the next use has the new token", () =>
    Effect.gen(function*() {
      const { local, remote } = yield* signedIn()
      yield* world.watched(remote)
      yield* local.refresh
      assert.strictEqual(text(yield* eventually(remote.accessToken, (token) => text(token) !== "access-1")), "access-2")
    }), 20_000)

  it.scopedLive("a sign-out at the keeper is heard", () =>
    Effect.gen(function*() {
      const { local, remote } = yield* signedIn()
      yield* world.watched(remote)
      yield* local.signOut
      const end = yield* eventually(Effect.either(remote.accessToken), Either.isLeft)
      assert.strictEqual(Either.isLeft(end) ? end.left._tag : "a token", "SignInRequired")
    }), 20_000)

  it.scopedLive("a sign-out over the wire ends it here and there", () =>
    Effect.gen(function*() {
      const { local, remote } = yield* signedIn()
      yield* remote.accessToken
      assert.strictEqual(yield* remote.signOut, "revoked")
      assert.isUndefined(remote.unsafePeek(yield* Effect.clock))
      assert.strictEqual((yield* Effect.flip(remote.accessToken))._tag, "SignInRequired")
      assert.strictEqual((yield* local.state)._tag, "SignedOut")
    }))

  it.scopedLive("its state and its events are the keeper's", () =>
    Effect.gen(function*() {
      const { first, local, remote } = yield* signedIn()
      const state = yield* remote.state
      assert.strictEqual(state._tag, "Active")
      if (state._tag === "Active") {
        assert.strictEqual(state.generation, first.generation)
        assert.strictEqual(state.freshness, "fresh")
      }
      const events = yield* Effect.fork(Stream.runCollect(Stream.take(remote.events, 2)))
      yield* Effect.sleep(1_000)
      yield* local.refresh
      const tags = Array.from(yield* Effect.timeout(Fiber.join(events), 8_000), (event) => event._tag)
      assert.deepStrictEqual(tags, ["Refreshing", "Refreshed"])
    }), 20_000)

  it.scopedLive("withAuth replays a rejected request with the new token", () =>
    Effect.gen(function*() {
      const { remote, script } = yield* signedIn()
      const seen: Array<string | undefined> = []
      const api = HttpClient.make((request) =>
        Effect.sync(() => {
          const sent = request.headers["authorization"]
          seen.push(sent)
          return HttpClientResponse.fromWeb(
            request,
            new Response("{}", { status: sent === "Bearer access-1" ? 401 : 200 })
          )
        })
      )
      const calls = AuthHttpClient.withAuth(api, remote)
      const answers = yield* Effect.all(
        Array.from({ length: 20 }, () => calls.get("https://api.test/me")),
        { concurrency: "unbounded" }
      )
      assert.isTrue(answers.every((answer) => answer.status === 200))
      assert.strictEqual(yield* script.count("refresh"), 1)
      assert.include(seen, "Bearer access-2")
    }), 10_000)

  it.scopedLive("neither refresh tokens nor credentials cross the wire", () =>
    Effect.gen(function*() {
      const keeper = yield* world.keeper()
      const local = yield* keeper.sessions.get("anna")
      yield* local.signIn(world.right)
      const cable = yield* world.cable(keeper.path)
      const sessions = yield* world.client(keeper.script.provider, {
        endpoints: [UnixSocket.endpoint(cable.path, world.bearer)]
      })
      const remote = yield* sessions.get("anna")
      const token = yield* remote.accessToken
      yield* remote.renew(token, { wasAccepted: true })
      yield* remote.refresh
      yield* remote.state
      const refused = yield* Effect.flip(remote.signIn(world.right))
      assert.strictEqual(refused._tag, "AuthMisconfigured")
      assert.strictEqual((yield* Effect.flip(remote.adopt({ accessToken: token.value })))._tag, "TokenRequestRejected")
      yield* remote.signOut
      const bytes = cable.bytes().toString("latin1")
      assert.include(bytes, "access-1")
      assert.include(bytes, "access-3")
      assert.notInclude(bytes, "refresh-")
      assert.notInclude(bytes, Redacted.value(world.right.password))
    }))

  it.scopedLive("signs in over the wire where both sides allow it", () =>
    Effect.gen(function*() {
      const keeper = yield* world.keeper({ signIn: true })
      const sessions = yield* world.client(keeper.script.provider, {
        endpoints: [keeper.endpoint],
        credentials: Schema.encode(world.credentials)
      })
      const remote = yield* sessions.get("ben")
      const token = yield* remote.signIn(world.right)
      assert.strictEqual(text(token), "access-1")
      assert.strictEqual(text(yield* remote.accessToken), "access-1")
      assert.strictEqual(text(yield* (yield* keeper.sessions.get("ben")).accessToken), "access-1")
    }))
})

describe("a keeper that is away", () => {
  it.scopedLive(
    "the live token serves; one that is needed fails in time, with a typed error",
    () =>
      Effect.gen(function*() {
        const keeper = yield* world.keeper()
        yield* (yield* keeper.sessions.get("anna")).signIn(world.right)
        const cable = yield* world.cable(keeper.path)
        const sessions = yield* world.client(keeper.script.provider, {
          endpoints: [UnixSocket.endpoint(cable.path, world.bearer)]
        })
        const remote = yield* sessions.get("anna")
        yield* remote.accessToken
        cable.cut(true)
        yield* Effect.sleep(50)
        assert.strictEqual(text(yield* remote.accessToken), "access-1")
        const [took, error] = yield* Effect.timed(Effect.flip((yield* sessions.get("ben")).accessToken))
        assert.strictEqual(error._tag, "TokenStoreError")
        assert.isTrue(AuthError.isAuthError(error) && error.isRetryable)
        assert.isBelow(Duration.toMillis(took), 4_000)
        cable.mend()
        const [again, other] = yield* Effect.timed(Effect.flip((yield* sessions.get("ben")).accessToken))
        assert.strictEqual(other._tag, "SignInRequired")
        assert.isBelow(Duration.toMillis(again), 1_000)
      }),
    15_000
  )

  it.scopedLive("a token that was changed serves on when nobody can say by which one", () =>
    Effect.gen(function*() {
      const keeper = yield* world.keeper()
      const local = yield* keeper.sessions.get("anna")
      yield* local.signIn(world.right)
      const cable = yield* world.cable(keeper.path)
      const sessions = yield* world.client(keeper.script.provider, {
        endpoints: [UnixSocket.endpoint(cable.path, world.bearer)]
      })
      const remote = yield* sessions.get("anna")
      yield* world.watched(remote)
      yield* local.refresh
      const clock = yield* Effect.clock
      yield* eventually(Effect.sync(() => remote.unsafePeek(clock)), (token) => token === undefined)
      cable.cut(true)
      const [took, token] = yield* Effect.timed(remote.accessToken)
      assert.strictEqual(text(token), "access-1")
      assert.isBelow(Duration.toMillis(took), 1_500)
    }), 15_000)

  it.scopedLive("another keeper answers; a stalled one holds up nobody for long", () =>
    Effect.gen(function*() {
      const keeper = yield* world.keeper()
      yield* (yield* keeper.sessions.get("anna")).signIn(world.right)
      const cables = yield* Effect.all([world.cable(keeper.path), world.cable(keeper.path)])
      const sessions = yield* world.client(keeper.script.provider, {
        endpoints: cables.map(({ path }) => UnixSocket.endpoint(path, world.bearer))
      })
      const remote = yield* sessions.get("anna")
      const token = yield* remote.accessToken
      for (const cable of cables) {
        cable.cut(true)
        const [took] = yield* Effect.timed(remote.state)
        assert.isBelow(Duration.toMillis(took), 1_000)
        cable.mend()
      }
      cables[0].stall()
      const [took, renewed] = yield* Effect.timed(remote.renew(token, { wasAccepted: true }))
      assert.strictEqual(text(renewed), "access-2")
      assert.isBelow(Duration.toMillis(took), 4_000)
    }), 20_000)
})
