import * as BrowserTokenStore from "@effect-auth/core/BrowserTokenStore"
import * as TokenStoreLaws from "@effect-auth/testing/TokenStoreLaws"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { makeBrowser } from "./fakeBrowser.ts"

// The stand-in for IndexedDB takes its time over each of them.
it.live(
  `browser: ${TokenStoreLaws.lawOfManyAccounts.name}`,
  () => Effect.provide(TokenStoreLaws.lawOfManyAccounts.run, BrowserTokenStore.layer(makeBrowser().tab().options)),
  120_000
)
