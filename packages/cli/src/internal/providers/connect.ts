/** Loads the provider of an account, and no other. */
import * as Effect from "effect/Effect"
import type { Connect, Given } from "./connection.ts"
import type { ProviderName } from "./registry.ts"

const modules: { readonly [Name in ProviderName]: () => Promise<{ readonly connect: Connect }> } = {
  placewise: () => import("./placewise.ts"),
  priava: () => import("./priava.ts"),
  pitchpoint: () => import("./pitchpoint.ts"),
  "wallet-app": () => import("./walletApp.ts"),
  oauth2: () => import("./oauth2.ts"),
  module: () => import("./module.ts")
}

/** Loads the provider and connects the account. */
export const connect = (provider: ProviderName, given: Given): ReturnType<Connect> =>
  Effect.flatMap(Effect.promise(modules[provider]), (module) => module.connect(given))
