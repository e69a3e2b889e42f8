/** A provider of the user's own, given to the program as a module. */
import { assert, describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as acme from "../../examples/src/fifth-sandbox.ts"
import { filesOf, patience, place, serve } from "./program.ts"

const fifthProvider = new URL("../../examples/src/fifth-provider.ts", import.meta.url).href

const text = `
import { provider as acme } from ${JSON.stringify(fifthProvider)}
export const provider = ({ settings }) => acme({ host: settings.host })
export const credentials = ({ secret, settings }) => ({ username: settings.username, password: secret })
`

const password = { EFFECT_AUTH_MODULE_PASSWORD: "correct-horse" }

const setup = Effect.gen(function*() {
  const sandbox = yield* acme.make
  const host = yield* serve(sandbox)
  const here = yield* place
  const folder = Path.dirname(here.home)
  const write = (name: string, content: string): string => {
    const path = Path.join(folder, name)
    Fs.writeFileSync(path, content)
    return path
  }
  const settings = JSON.stringify({ host, username: "anna" })
  const signIn = (module: string) => ["sign-in", "module", "--module", module, "--settings", settings]
  return { ...here, sandbox, settings, signIn, write, module: write("acme.mjs", text) }
})

describe("effect-auth sign-in module", () => {
  it.scopedLive("signs in, calls, refreshes and signs out, as at every provider", () =>
    Effect.gen(function*() {
      const { home, module, printed, run, sandbox, signIn } = yield* setup
      // A path is remembered whole: the next command may run in another folder.
      const signedIn = yield* run(signIn(Path.relative(process.cwd(), module)), { env: password })
      expect(signedIn).toMatchObject({ code: 0, stdout: expect.stringMatching(/^module default: signed in, /) })
      const token = (yield* run(["token", "module"])).stdout.trim()
      expect(JSON.parse((yield* run(["call", "module", "GET", "/me"])).stdout)).toEqual({ ok: true })
      yield* sandbox.authority.expireAccessTokens
      expect(JSON.parse((yield* run(["call", "module", "GET", "/me"])).stdout)).toEqual({ ok: true })
      assert.notStrictEqual((yield* run(["token", "module"])).stdout.trim(), token)
      const [row] = JSON.parse((yield* run(["status", "--json"])).stdout)
      expect(row).toMatchObject({ provider: "module", account: "default", state: "Active" })
      assert.match(row.realm, /^acme /)
      expect((yield* run(["sign-out", "module"])).code).toBe(0)
      expect(yield* run(["token", "module"])).toMatchObject({ code: 10 })
      for (const file of filesOf(home)) assert.isFalse(Fs.readFileSync(file).includes("correct-horse"), file)
      assert.notInclude(printed(), "correct-horse")
    }), patience)

  it.scopedLive("gives a token from the environment alone", () =>
    Effect.gen(function*() {
      const { module, run, settings } = yield* setup
      const env = { ...password, EFFECT_AUTH_MODULE_MODULE: module, EFFECT_AUTH_MODULE_SETTINGS: settings }
      const { code, stdout } = yield* run(["token", "module"], { env })
      assert.strictEqual(code, 0)
      assert.match(stdout, /^\S+\n$/)
    }), patience)

  it.scopedLive("says what is wrong with a module", () =>
    Effect.gen(function*() {
      const { module, run, signIn, write } = yield* setup
      const refusal = (args: ReadonlyArray<string>) =>
        Effect.map(run(args, { env: password }), ({ code, stderr }) => {
          assert.strictEqual(code, 2)
          assert.notInclude(stderr, "correct-horse")
          return stderr
        })
      const made = (name: string, content: string) => refusal(signIn(write(name, content)))
      assert.include(yield* refusal(signIn("./nowhere.mjs")), "none of this name")
      assert.include(
        yield* made("broken.mjs", "throw new Error('it is broken')"),
        "broken.mjs can't be loaded: it is broken"
      )
      assert.include(yield* made("empty.mjs", ""), "must export the functions provider and credentials")
      assert.include(
        yield* made("odd.mjs", "export const provider = () => ({}); export const credentials = () => ({})"),
        "its provider is no AuthProvider"
      )
      const throwing = text.replace(
        "({ username: settings.username, password: secret })",
        "{ throw new Error('no name') }"
      )
      assert.include(yield* made("throwing.mjs", throwing), "throwing.mjs failed: no name")
      assert.include(
        yield* refusal(["sign-in", "module", "--module", module, "--settings", "host"]),
        "--settings is a JSON object"
      )
    }), patience)
})
