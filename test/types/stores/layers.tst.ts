import type { TokenStoreError } from "@effect-auth/core/AuthError"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import * as RedisTokenStore from "@effect-auth/store-redis/RedisTokenStore"
import type * as PostgresTokenStore from "@effect-auth/store-sql/PostgresTokenStore"
import type * as SqliteTokenStore from "@effect-auth/store-sql/SqliteTokenStore"
import * as SqlTokenStore from "@effect-auth/store-sql/SqlTokenStore"
import type { SqlClient } from "@effect/sql/SqlClient"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import type * as Layer from "effect/Layer"
import { expect, test } from "tstyche"

test("a store needs nothing and fails with TokenStoreError", () => {
  type Store = Layer.Layer<TokenStore, TokenStoreError>
  expect<ReturnType<typeof SqliteTokenStore.layer>>().type.toBe<Store>()
  expect<ReturnType<typeof PostgresTokenStore.layer>>().type.toBe<Store>()
  expect(RedisTokenStore.layer()).type.toBe<Store>()
})

test("from a configuration it fails with a ConfigError too", () => {
  type Store = Layer.Layer<TokenStore, TokenStoreError | ConfigError>
  expect<ReturnType<typeof SqliteTokenStore.layerConfig>>().type.toBe<Store>()
  expect<ReturnType<typeof PostgresTokenStore.layerConfig>>().type.toBe<Store>()
  expect<ReturnType<typeof RedisTokenStore.layerConfig>>().type.toBe<Store>()
})

test("over a client of one's own it needs that client", () => {
  expect(SqlTokenStore.layer()).type.toBe<Layer.Layer<TokenStore, TokenStoreError, SqlClient>>()
})

test("a setting that may be left out can be a Config.option, and is left out where it is absent", () => {
  const filename = Config.string("FILE")
  const table = Config.option(Config.string("TABLE"))
  const url = Config.redacted("URL")
  const port = Config.option(Config.integer("PORT"))
  expect<typeof SqliteTokenStore.layerConfig>().type.toBeCallableWith({ filename, table })
  expect<typeof SqliteTokenStore.layerConfig>().type.not.toBeCallableWith({ filename: Config.option(filename) })
  expect<typeof PostgresTokenStore.layerConfig>().type.toBeCallableWith({ url, port })
  expect<typeof RedisTokenStore.layerConfig>().type.toBeCallableWith({ url, port })
  expect<typeof RedisTokenStore.layerConfig>().type.not.toBeCallableWith({ url: Config.string("URL") })
})
