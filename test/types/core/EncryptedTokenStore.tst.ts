import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as BrowserTokenStore from "@effect-auth/core/BrowserTokenStore"
import * as EncryptedTokenStore from "@effect-auth/core/EncryptedTokenStore"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import type { ConfigError } from "effect/ConfigError"
import type * as Layer from "effect/Layer"
import { expect, test } from "tstyche"

test("a sealed store takes the store that it seals, and fails with what is wrong with the keys", () => {
  expect(EncryptedTokenStore.layer([])).type.toBe<Layer.Layer<TokenStore, TokenStoreError, TokenStore>>()
  expect(EncryptedTokenStore.layerConfig(EncryptedTokenStore.keysConfig("KEYS"))).type.toBe<
    Layer.Layer<TokenStore, TokenStoreError | ConfigError, TokenStore>
  >()
})

test("both layers take the keys, and the same options", () => {
  const options = { clear: "refuse" } as const
  expect(EncryptedTokenStore.layer).type.toBeCallableWith([], options)
  expect(EncryptedTokenStore.layerConfig).type.toBeCallableWith(EncryptedTokenStore.keysConfig("KEYS"), options)
  expect(EncryptedTokenStore.make).type.toBeCallableWith([], options)
})

test("the browser's store needs nothing", () => {
  expect(BrowserTokenStore.layer()).type.toBe<Layer.Layer<TokenStore, TokenStoreError>>()
})
