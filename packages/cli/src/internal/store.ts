/** The sessions: SQLite, sealed. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as EncryptedTokenStore from "@effect-auth/core/EncryptedTokenStore"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Home, prepare } from "./home.ts"
import * as vault from "./vault.ts"

export const layer = (home: Home): Layer.Layer<TokenStore, TokenStoreError> =>
  Layer.unwrapScoped(Effect.gen(function*() {
    yield* prepare(home)
    const keys = yield* vault.keys(home)
    const SqliteTokenStore = yield* Effect.promise(() => import("@effect-auth/store-sql/SqliteTokenStore"))
    return EncryptedTokenStore.layer(keys, { clear: "refuse" }).pipe(
      Layer.provide(SqliteTokenStore.layer({ filename: home.database }))
    )
  }))
