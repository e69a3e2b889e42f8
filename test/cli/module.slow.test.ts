/** A provider of the user's own, given to the program as a module. */
import { TokenStore } from "@effect-auth/core/TokenStore"
import * as SqliteTokenStore from "@effect-auth/store-sql/SqliteTokenStore"
import { assert, describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
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

const effect = new URL("../../packages/core/node_modules/effect/dist/esm/index.js", import.meta.url).href

const withEffect = (module: string): string => `import { Effect } from ${JSON.stringify(effect)}\n${module}`

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
  return { ...here, folder, sandbox, settings, signIn, write, module: write("acme.mjs", text) }
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

  it.scopedLive("an error of the module's own is wrong usage, and quotes no secret", () =>
    Effect.gen(function*() {
      const { run, signIn, write } = yield* setup
      const env = { ...password, EFFECT_AUTH_MODULE_CLIENT_SECRET: "a-client-secret" }
      const failing = text.replace(
        "acme({ host: settings.host })",
        "Effect.fail(Object.assign(new Error(`no a-client-secret`), { _tag: 'Odd' }))"
      )
      const failed = yield* run(signIn(write("failing.mjs", withEffect(failing))), { env })
      expect(failed).toMatchObject({ code: 2, stderr: "failing.mjs failed: no <redacted>\n" })
      const loading = "throw new Error(process.env.EFFECT_AUTH_MODULE_CLIENT_SECRET)"
      const loaded = yield* run(signIn(write("loading.mjs", loading)), { env })
      expect(loaded).toMatchObject({ code: 2, stderr: "loading.mjs can't be loaded: <redacted>\n" })
    }), patience)

  it.scopedLive("a provider of a class keeps its own members", () =>
    Effect.gen(function*() {
      const { run, signIn, write } = yield* setup
      const ofClass = `
${text.slice(0, text.indexOf("export const provider"))}
class Provider {
  #made
  constructor(made) { this.#made = made }
  get name() { return this.#made.name }
  get realm() { return this.#made.realm }
  get origins() { return this.#made.origins }
  get api() { return this.#made.api }
  get rotation() { return this.#made.rotation }
  get rejection() { return this.#made.rejection }
  signIn(credentials) { return this.#made.signIn(credentials) }
  refresh(token) { return this.#made.refresh(token) }
}
export const provider = ({ settings }) => Effect.map(acme({ host: settings.host }), (made) => new Provider(made))
${text.slice(text.indexOf("export const credentials"))}`
      expect(yield* run(signIn(write("class.mjs", withEffect(ofClass))), { env: password })).toMatchObject({ code: 0 })
      expect(yield* run(["refresh", "module"])).toMatchObject({ code: 0 })
    }), patience)

  it.scopedLive("a session is left alone where the module makes another realm now", () =>
    Effect.gen(function*() {
      const { module, run, signIn } = yield* setup
      yield* run(signIn(module), { env: password })
      const made = "acme({ host: settings.host })"
      Fs.writeFileSync(
        module,
        withEffect(text.replace(made, `Effect.map(${made}, (provider) => ({ ...provider, realm: "another" }))`))
      )
      const left = yield* run(["sign-out", "module"])
      expect(left).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("realm") })
      Fs.writeFileSync(module, text)
      expect(yield* run(["token", "module"])).toMatchObject({ code: 0 })
    }), patience)

  it.scopedLive("an account whose module is gone can be forgotten", () =>
    Effect.gen(function*() {
      const { home, module, run, signIn } = yield* setup
      yield* run(signIn(module), { env: password })
      const [row] = JSON.parse((yield* run(["status", "--json"])).stdout)
      Fs.rmSync(module)
      expect(yield* run(["sign-out", "module"])).toMatchObject({ code: 2, stderr: expect.stringContaining(module) })
      const forgotten = yield* run(["sign-out", "module", "--forget"])
      expect(forgotten).toMatchObject({ code: 0, stdout: expect.stringMatching(/^module default: forgotten\. /) })
      assert.deepStrictEqual(Fs.readdirSync(Path.join(home, "accounts")), [])
      expect(JSON.parse((yield* run(["status", "--json"])).stdout)).toEqual([])
      const record = yield* Effect.flatMap(TokenStore, (store) =>
        store.get({ provider: "module", realm: row.realm, account: "default" })).pipe(
          Effect.provide(SqliteTokenStore.layer({ filename: Path.join(home, "sessions.db") }))
        )
      assert.isTrue(Option.isNone(record))
    }), patience)

  it.scopedLive("a password for another module is not used", () =>
    Effect.gen(function*() {
      const { module, run, sandbox, signIn, write } = yield* setup
      yield* run(signIn(module), { env: password })
      yield* sandbox.authority.expireAccessTokens
      yield* sandbox.authority.revokeAll
      const env = { ...password, EFFECT_AUTH_MODULE_MODULE: write("other.mjs", text) }
      assert.strictEqual((yield* run(["refresh", "module"], { env })).code, 11)
      const own = { ...password, EFFECT_AUTH_MODULE_MODULE: module }
      assert.strictEqual((yield* run(["token", "module"], { env: own })).code, 0)
    }), patience)

  it.scopedLive("says which file of a package to name, and takes no folder for a file", () =>
    Effect.gen(function*() {
      const { folder, run, settings } = yield* setup
      const made = (name: string, exports: object) => {
        const path = Path.join(folder, "node_modules", name)
        Fs.mkdirSync(path, { recursive: true })
        Fs.writeFileSync(Path.join(path, "package.json"), JSON.stringify({ name, type: "module", exports }))
        Fs.writeFileSync(Path.join(path, "index.js"), text)
      }
      made("es-only", { import: "./index.js" })
      made("both", { default: "./index.js" })
      Fs.mkdirSync(Path.join(folder, "both"))
      const signIn = (name: string) =>
        run(["sign-in", "module", "--module", name, "--settings", settings], { env: password, cwd: folder })
      expect(yield* signIn("es-only")).toMatchObject({ code: 2, stderr: expect.stringContaining("name its file") })
      expect(yield* signIn("both")).toMatchObject({ code: 0 })
    }), patience)
})
