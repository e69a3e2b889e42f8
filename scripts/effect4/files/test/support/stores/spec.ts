/** Names a store in a way that a child process can be told. Only the module that is needed is loaded. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

export type StoreSpec =
  | { readonly kind: "postgres"; readonly url: string; readonly table: string }
  | { readonly kind: "redis"; readonly url: string; readonly prefix: string }

const load = async (spec: StoreSpec): Promise<Layer.Layer<TokenStore, TokenStoreError>> => {
  switch (spec.kind) {
    case "postgres": {
      const store = await import("@effect-auth/store-sql/PostgresTokenStore")
      return store.layer({ url: Redacted.make(spec.url), table: spec.table })
    }
    case "redis": {
      const store = await import("@effect-auth/store-redis/RedisTokenStore")
      return store.layer({ url: Redacted.make(spec.url), prefix: spec.prefix })
    }
  }
}

export const storeLayer = (spec: StoreSpec): Layer.Layer<TokenStore, TokenStoreError> =>
  Layer.unwrap(Effect.promise(() => load(spec)))
