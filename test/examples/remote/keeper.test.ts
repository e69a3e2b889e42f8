/** The same handler with its layer swapped three ways: sessions here, at a keeper, and a fake. */
import * as example from "@effect-auth/examples/remote/keeper"
import { PlacewiseSessions } from "@effect-auth/placewise/Placewise"
import * as Callers from "@effect-auth/remote/Callers"
import * as UnixSocket from "@effect-auth/remote/UnixSocket"
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import * as PlacewiseFake from "@effect-auth/testing/PlacewiseFake"
import { assert, describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { byEmail, settings, world } from "../../placewise/fixtures.ts"
import { socketPath } from "../../remote/world.ts"

const signIn = Effect.gen(function*() {
  const { auth } = yield* (yield* PlacewiseSessions).get("ola")
  yield* auth.signIn(byEmail)
})

describe("one handler, three layers", () => {
  it.scopedLive("sessions of its own", () =>
    Effect.gen(function*() {
      yield* signIn
      expect(yield* example.points("ola")).toHaveProperty("balance")
    }).pipe(Effect.provide(example.local(settings).pipe(Layer.provideMerge(world())))))

  it.scopedLive("sessions at a keeper, also after the API rejected a token", () =>
    Effect.gen(function*() {
      const path = yield* socketPath
      const { bearer, digest } = yield* Callers.makeBearer
      const callers = [{ name: "application", bearers: [digest], accounts: "all" }] as const
      const keeper = yield* Layer.build(example.keeper(settings, path, callers))
      yield* Effect.provide(signIn, keeper)
      const application = yield* Layer.build(example.remote(settings, [UnixSocket.endpoint(path, bearer)]))
      const points = Effect.provide(example.points("ola"), application)
      expect(yield* points).toHaveProperty("balance")
      yield* (yield* PlacewiseSandbox.PlacewiseSandbox).expireAccessTokens
      expect(yield* points).toHaveProperty("balance")
      const { exchanges } = yield* (yield* PlacewiseSandbox.PlacewiseSandbox).counters
      expect(exchanges).toMatchObject({ password: { granted: 1 }, refresh_token: { granted: 1 } })
      const error = yield* Effect.flip(Effect.provide(signIn, application))
      assert.strictEqual(error._tag, "AuthMisconfigured")
    }).pipe(Effect.provide(world())))

  it.scopedLive("a fake", () =>
    Effect.gen(function*() {
      expect(yield* example.points("ola")).toEqual({ balance: 7 })
    }).pipe(Effect.provide(PlacewiseFake.layer({ answer: () => Response.json({ balance: 7 }) }))))
})
