/** The fakes of the four providers: the program under test asks for tags, and nothing is behind them. */
import { PitchpointClient } from "@effect-auth/pitchpoint/Pitchpoint"
import { PitchpointAuth } from "@effect-auth/pitchpoint/PitchpointAuth"
import { PlacewiseSessions } from "@effect-auth/placewise/Placewise"
import { PlacewiseAuth } from "@effect-auth/placewise/PlacewiseAuth"
import { PriavaClient, PriavaSessions } from "@effect-auth/priava/Priava"
import * as FakeAuth from "@effect-auth/testing/FakeAuth"
import * as PitchpointFake from "@effect-auth/testing/PitchpointFake"
import * as PlacewiseFake from "@effect-auth/testing/PlacewiseFake"
import * as PriavaFake from "@effect-auth/testing/PriavaFake"
import * as WalletAppFake from "@effect-auth/testing/WalletAppFake"
import { WalletAppClient } from "@effect-auth/wallet-app/WalletApp"
import { WalletAppAuth } from "@effect-auth/wallet-app/WalletAppAuth"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

describe("the fakes of a provider", () => {
  it.effect("the client carries the fake token, and the API answers what the test says", () =>
    Effect.gen(function*() {
      const response = yield* (yield* PriavaClient).post("/v2/contact/get")
      assert.deepStrictEqual(yield* response.json, { authorization: "Bearer a token" })
      const { auth } = yield* (yield* PriavaSessions).get("tenant-7")
      assert.strictEqual(auth.account, "tenant-7")
    }).pipe(
      Effect.provide(
        PriavaFake.layer({ answer: ({ headers }) => Response.json({ authorization: headers["authorization"] }) })
      )
    ))

  it.effect("nobody is signed in where the test says so", () =>
    Effect.gen(function*() {
      const { client } = yield* (yield* PlacewiseSessions).get("nobody")
      assert.strictEqual((yield* Effect.flip(client.get("https://api.test/members/me")))._tag, "SignInRequired")
      assert.deepStrictEqual(yield* (yield* PlacewiseAuth).tokenInfo, { active: false })
    }).pipe(Effect.provide(PlacewiseFake.layer({ auth: (account) => FakeAuth.signedOut({ account }) }))))

  it.effect("members of a provider's own have answers, and can be given others", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* PitchpointAuth).username, "other@example.com")
      assert.strictEqual((yield* (yield* PitchpointClient).get("/orders")).status, 200)
    }).pipe(Effect.provide(PitchpointFake.layer({ members: { username: "other@example.com" } }))))

  it.scoped("a narrow key is the same key", () =>
    Effect.gen(function*() {
      const narrow = yield* (yield* WalletAppAuth).scoped(["brands.get"])
      assert.deepStrictEqual(yield* narrow.missingPermissions, [])
      assert.strictEqual((yield* (yield* WalletAppClient).get("/brands")).status, 200)
    }).pipe(Effect.provide(WalletAppFake.layer())))
})
