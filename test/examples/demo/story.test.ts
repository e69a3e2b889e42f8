/** What the demo tells of a step that does not happen: `pnpm demo` itself only ever shows those that do. */
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { jsonLines, table } from "../../../examples/src/demo/print.ts"
import * as Story from "../../../examples/src/demo/story.ts"

const told = <E>(run: Effect.Effect<string, E>, holds: boolean) =>
  Effect.gen(function*() {
    const rows: Array<Story.Row> = []
    const step = yield* Story.make({
      chapter: "Placewise",
      sandbox: yield* PlacewiseSandbox.make(),
      state: Effect.succeed({ _tag: "SignedOut", reason: "never" } as const),
      tell: (row) => Effect.sync(() => void rows.push(row))
    })
    const ended = yield* Effect.flip(step({ title: "a call", run, claims: () => ({ "it was answered": holds }) }))
    return { rows, ended }
  })

describe("a step of the demo", () => {
  it.effect("that fails has a row of its own, and ends the story", () =>
    Effect.gen(function*() {
      const { ended, rows } = yield* told(Effect.fail("no answer"), true)
      expect(rows).toMatchObject([{ step: "a call", problem: "it failed: no answer" }])
      expect(ended.message).toBe("Placewise, \"a call\": it failed: no answer")
      for (const row of rows) {
        expect(JSON.parse(jsonLines.row(row))).toMatchObject({ step: "a call", ok: false })
        expect(table({ colour: false, width: 200 }).row(row)).toMatch(/^✗ .*\n {2}it failed: no answer$/)
      }
    }))

  it.effect("whose claims don't hold says which", () =>
    Effect.gen(function*() {
      const { rows } = yield* told(Effect.succeed("200"), false)
      expect(rows).toMatchObject([{ caller: "200", problem: "not true: it was answered" }])
    }))
})
