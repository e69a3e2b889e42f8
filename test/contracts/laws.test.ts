/** The laws of a provider, kept by the four, each over its own sandbox. */
import type { Rotation } from "@effect-auth/core/AuthProvider"
import * as PitchpointAuth from "@effect-auth/pitchpoint/PitchpointAuth"
import * as PitchpointFault from "@effect-auth/pitchpoint/PitchpointFault"
import * as PlacewiseAuth from "@effect-auth/placewise/PlacewiseAuth"
import * as PriavaAuth from "@effect-auth/priava/PriavaAuth"
import * as AuthProviderLaws from "@effect-auth/testing/AuthProviderLaws"
import * as PitchpointSandbox from "@effect-auth/testing/pitchpoint"
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import * as PriavaSandbox from "@effect-auth/testing/priava"
import type { ReusePolicy } from "@effect-auth/testing/TokenAuthority"
import * as WalletAppSandbox from "@effect-auth/testing/wallet-app"
import * as WalletAppAuth from "@effect-auth/wallet-app/WalletAppAuth"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as pitchpoint from "../pitchpoint/fixtures.ts"
import * as placewise from "../placewise/fixtures.ts"
import * as priava from "../priava/fixtures.ts"
import * as walletApp from "../wallet-app/fixtures.ts"

const wrong = Redacted.make("wrong horse")

AuthProviderLaws.suite(
  "Placewise",
  Layer.provide(PlacewiseSandbox.layerHttpClient, PlacewiseSandbox.layer()),
  {
    provider: PlacewiseAuth.provider(placewise.settings),
    credentials: Effect.succeed(placewise.byEmail),
    wrong: { _tag: "Password", identifier: { email: "ola@example.com" }, password: wrong },
    secrets: [placewise.settings.clientToken]
  }
)

AuthProviderLaws.suite(
  "Priava",
  Layer.provideMerge(PriavaSandbox.layerHttpClient, PriavaSandbox.layer()),
  {
    provider: PriavaAuth.provider(priava.settings),
    // A code works once, so each sign-in gets a new one.
    credentials: Effect.gen(function*() {
      const sandbox = yield* PriavaSandbox.PriavaSandbox
      return { code: Redacted.make(yield* sandbox.makeCode(priava.settings.clientId)) }
    }),
    wrong: { code: wrong },
    secrets: [priava.settings.clientSecret]
  }
)

AuthProviderLaws.suite(
  "Pitchpoint",
  Layer.provide(PitchpointSandbox.layerHttpClient, PitchpointSandbox.layer()),
  {
    provider: PitchpointAuth.provider(pitchpoint.settings, { rejection: { body: PitchpointFault.notAuthorized } }),
    credentials: Effect.succeed(pitchpoint.password),
    wrong: { password: wrong }
  }
)

AuthProviderLaws.suite(
  "Wallet App",
  Layer.provide(WalletAppSandbox.layerHttpClient, WalletAppSandbox.layer()),
  {
    provider: WalletAppAuth.provider(walletApp.settings),
    credentials: Effect.succeed(walletApp.password),
    wrong: { password: wrong }
  }
)

/** A sandbox can keep any policy of rotation, and then a provider may state it. */
const documented: ReadonlyArray<readonly [name: string, reuse: ReusePolicy, rotation: Rotation]> = [
  ["a time", { repeatable: "10 seconds" }, { rotating: { repeatable: "10 seconds" } }],
  ["until used", { repeatable: "untilUsed", then: "revoke-family" }, { rotating: { repeatable: "untilUsed" } }]
]

for (const [name, reuse, rotation] of documented) {
  AuthProviderLaws.suite(
    `Placewise, if its refresh tokens could be repeated (${name})`,
    Layer.provide(PlacewiseSandbox.layerHttpClient, PlacewiseSandbox.layer({ tokens: { reuse } })),
    {
      provider: Effect.map(PlacewiseAuth.provider(placewise.settings), (provider) => ({ ...provider, rotation })),
      credentials: Effect.succeed(placewise.byEmail),
      wrong: { _tag: "Password", identifier: { email: "ola@example.com" }, password: wrong },
      secrets: [placewise.settings.clientToken]
    }
  )
}
