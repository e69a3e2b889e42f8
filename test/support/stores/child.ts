/**
 * A process that shares a store with its siblings. Told by its arguments what to do: its `part` of a law, or `stay` and be
 * an owner. Answers in lines of JSON.
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import { TokenStore } from "@effect-auth/core/TokenStore"
import * as TokenStoreContender from "@effect-auth/testing/TokenStoreContender"
import * as Effect from "effect/Effect"
import { storeLayer, type StoreSpec } from "./spec.ts"

const [command = "", specText = "", task = ""] = process.argv.slice(2)
const spec = JSON.parse(specText) as StoreSpec

const say = (line: string) => Effect.sync(() => process.stdout.write(`${line}\n`))

const stay = Effect.gen(function*() {
  const { presence } = yield* TokenStore
  yield* say(JSON.stringify({ owner: presence?.owner }))
  yield* Effect.never
})

const program: Effect.Effect<unknown, TokenStoreError, TokenStore> = command === "part"
  ? Effect.flatMap(TokenStoreContender.run(task), say)
  : stay

Effect.runFork(Effect.provide(program, storeLayer(spec)))
