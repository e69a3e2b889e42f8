/** The example of docs/stores.md does what it says. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const example = fileURLToPath(new URL("../../examples/src/two-processes.ts", import.meta.url))

it.live("two processes share a session and spend no refresh token twice", () =>
  Effect.gen(function*() {
    const { stdout } = yield* Effect.promise(() =>
      promisify(execFile)(process.execPath, ["--import", "tsx", example], { timeout: 110_000, killSignal: "SIGKILL" })
    )
    assert.match(stdout, /calls by status: \{"200":\d+\}/)
    assert.match(stdout, /[1-9]\d* exchanged, 0 refused, 0 presented twice/)
  }), 120_000)
