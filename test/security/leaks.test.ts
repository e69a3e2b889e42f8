/** No provider tells a secret, whatever its server does: the failures that differ most; the slow tests have them all. */
import { PitchpointApi } from "@effect-auth/pitchpoint/PitchpointApi"
import { PlacewiseApi } from "@effect-auth/placewise/PlacewiseApi"
import { PriavaApi } from "@effect-auth/priava/PriavaApi"
import { WalletAppApi } from "@effect-auth/wallet-app/WalletAppApi"
import * as OpenApi from "@effect/platform/OpenApi"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { faults, hunt, subjects } from "./hunt.ts"

const chosen = ["400 plain", "460", "a transport error with the request"] as const

for (const subject of subjects) {
  describe(subject.name, () => {
    for (const name of chosen) {
      it(`tells no secret: ${name}`, { timeout: 60_000 }, () => Effect.runPromise(hunt(subject, faults[name]!)))
    }
  })
}

const documents = {
  placewise: OpenApi.fromApi(PlacewiseApi),
  priava: OpenApi.fromApi(PriavaApi),
  pitchpoint: OpenApi.fromApi(PitchpointApi),
  "wallet-app": OpenApi.fromApi(WalletAppApi)
}

describe("documents", () => {
  for (const [name, document] of Object.entries(documents)) {
    it(`the document of ${name} has no example that looks like a token`, () => {
      assert.notMatch(JSON.stringify(document), /eyJ[A-Za-z0-9_-]{10,}|[A-Za-z0-9+-]{40,}|AMf-/)
    })
  }
})
