/** The laws, with the tokens sealed, over each store that processes share. */
import * as EncryptedTokenStore from "@effect-auth/core/EncryptedTokenStore"
import * as TokenStoreLaws from "@effect-auth/testing/TokenStoreLaws"
import { afterAll, beforeAll, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { sharedStores } from "../support/processes/sharedStores.ts"
import { sqliteShared } from "../support/processes/suite.ts"
import { storeLayer, type StoreSpec } from "../support/stores/spec.ts"

const keys = [{ id: "k", key: Redacted.make(new Uint8Array(32).fill(7)) }]

for (const { isSkipped, name, store } of [sqliteShared, ...await sharedStores()]) {
  describe.skipIf(isSkipped)(`sealed, over ${name}`, () => {
    const scope = Effect.runSync(Scope.make())
    let spec: StoreSpec | undefined
    beforeAll(async () => {
      spec = await Effect.runPromise(Scope.extend(store, scope))
    })
    afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
    TokenStoreLaws.suite(
      `encrypted ${name}`,
      EncryptedTokenStore.layer(keys, { clear: "refuse" }).pipe(
        Layer.provide(Layer.suspend(() => storeLayer(spec!)))
      ),
      { durable: true, manyAccounts: false, timeout: "60 seconds" }
    )
  })
}
