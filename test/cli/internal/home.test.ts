import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Fs from "node:fs/promises"
import { locate, prepare } from "../../../packages/cli/src/internal/home.ts"
import { folder } from "../../remote/world.ts"

describe("the folder of everything", () => {
  it.scopedLive("is closed to others again, with the folder of a keeper in it; with files of others it is refused", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const home = yield* locate(Option.some(path))
      yield* Effect.promise(async () => {
        await Fs.mkdir(`${path}/keeper`)
        await Fs.writeFile(`${path}/key`, "")
        await Fs.chmod(path, 0o755)
      })
      yield* prepare(home)
      assert.strictEqual((yield* Effect.promise(() => Fs.stat(path))).mode & 0o777, 0o700)
      yield* Effect.promise(async () => {
        await Fs.writeFile(`${path}/somebody's.txt`, "")
        await Fs.chmod(path, 0o755)
      })
      assert.strictEqual((yield* Effect.flip(prepare(home))).reason, "permissions")
    }))
})
