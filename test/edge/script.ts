/** The flow in one process, for platforms that run a script. Its argument is the server; it says how each call ended. */
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as flow from "./flow.ts"

const host = process.argv[2] ?? ""

const program = Effect.gen(function*() {
  const { call, signIn } = yield* flow.make(host)
  const said = [yield* signIn]
  yield* Effect.sleep("2600 millis")
  said.push(yield* call)
  yield* Effect.sleep("3500 millis")
  const all = yield* Effect.all(Array.from({ length: 20 }, () => call), { concurrency: "unbounded" })
  return [...said, ...all]
})

const answers = await Effect.runPromise(
  program.pipe(Effect.scoped, Effect.provide(Layer.merge(flow.httpClient, TokenStore.layerMemory)))
)
console.log(JSON.stringify(answers))
