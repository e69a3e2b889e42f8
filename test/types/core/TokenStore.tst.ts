import * as TokenStore from "@effect-auth/core/TokenStore"
import type * as Context from "effect/Context"
import type * as Layer from "effect/Layer"
import { expect, test } from "tstyche"

test("the store in memory needs nothing and cannot fail", () => {
  expect(TokenStore.layerMemory).type.toBe<Layer.Layer<TokenStore.TokenStore>>()
})

test("the tag gives the service", () => {
  expect<Context.Tag.Service<typeof TokenStore.TokenStore>>().type.toBe<TokenStore.Service>()
})
