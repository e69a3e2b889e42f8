/**
 * A process that shares a store with its siblings. Told by its arguments what to do: `count` up a record by
 * compare-and-set until it has won so often, or `stay` and be an owner. Answers in lines of JSON.
 */
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import { TokenStore } from "@effect-auth/core/TokenStore"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { storeLayer, type StoreSpec } from "./spec.ts"

const [command = "", specText = "", account = "", wins = "0"] = process.argv.slice(2)
const spec = JSON.parse(specText) as StoreSpec

const say = (line: unknown) => Effect.sync(() => process.stdout.write(JSON.stringify(line) + "\n"))

const count = Effect.gen(function*() {
  const store = yield* TokenStore
  const key = { provider: "processes", realm: "count", account }
  const won: Array<number> = []
  while (won.length < Number(wins)) {
    const found = Option.getOrElse(yield* store.get(key), () => ({ ...SessionRecord.empty(key), version: 0, count: 0 }))
    const next = { ...found, version: found.version + 1, count: Number(found.count) + 1, commitId: String(process.pid) }
    if (yield* store.compareAndSet(key, found.version, next)) won.push(next.version)
  }
  yield* say({ won })
})

const stay = Effect.gen(function*() {
  const { presence } = yield* TokenStore
  yield* say({ owner: presence?.owner })
  yield* Effect.never
})

const program = command === "count" ? count : stay

Effect.runFork(Effect.provide(program, storeLayer(spec)))
