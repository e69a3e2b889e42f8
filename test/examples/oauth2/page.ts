/** The page of the single-page application; its settings stand in the document. */
import { main, type Settings } from "@effect-auth/examples/oauth2/single-page"
import * as Effect from "effect/Effect"

Effect.runFork(main((globalThis as unknown as { readonly settings: Settings }).settings))
