/**
 * Bundles the program `effect-auth` into `packages/cli/bundle`, a file for each part that is loaded by itself: most of the
 * time of a short command goes into finding and reading the modules of its dependencies. Runs when the package is packed.
 */
import { build } from "esbuild"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { pageModule } from "../packages/console/page/build.mjs"

const dir = fileURLToPath(new URL("../packages/cli", import.meta.url))
const outdir = path.join(dir, "bundle")
const { version } = JSON.parse(fs.readFileSync(path.join(dir, "package.json"), "utf8"))

/** The driver's client for remote databases loads WebSockets and two kinds of `fetch`; the stores of the program are files. */
const filesOnly = {
  name: "files-only",
  setup: (bundler) => {
    bundler.onResolve(
      { filter: /^@libsql\/client$/ },
      ({ kind, resolveDir }) => bundler.resolve("@libsql/client/sqlite3", { kind, resolveDir })
    )
  }
}

/**
 * libsql loads the machine's own code from a package beside it, and finds out which one by a report of the whole process,
 * which takes as long as opening a database. It corrects the answer by a look at the system's `ldd`, and that is enough.
 */
const nativeDriver = {
  name: "native-driver",
  setup: (bundler) => {
    bundler.onLoad({ filter: /[\\/]libsql[\\/]index\.js$/ }, ({ path }) => {
      const text = fs.readFileSync(path, "utf8")
      const loading = "require(`@libsql/${target}`)"
      if (!text.includes(loading)) throw new Error("libsql loads its native part in another way than 0.4.7 did")
      return { contents: text.replace(loading, "require(\"native-part\").load(`@libsql/${target}`)") }
    })
    bundler.onLoad({ filter: /[\\/]@neon-rs[\\/]load[\\/]dist[\\/]index\.js$/ }, () => ({
      contents: `
        const names = { linux: { arm: "gnueabihf", x64: "musl", arm64: "musl" }, win32: { x64: "msvc" } }
        exports.currentTarget = () =>
          [process.platform, process.arch, names[process.platform]?.[process.arch]].filter(Boolean).join("-")
      `
    }))
    bundler.onResolve({ filter: /^native-part$/ }, ({ path }) => ({ path, namespace: "native-part" }))
    bundler.onLoad({ filter: /.*/, namespace: "native-part" }, () => ({
      // npm puts it where this package finds it; with pnpm only libsql does.
      contents: `
        import { createRequire } from "node:module"
        export const load = (name) => {
          try {
            return createRequire(import.meta.url)(name)
          } catch (error) {
            if (error?.code !== "MODULE_NOT_FOUND") throw error
            const way = ["@effect/sql-libsql", "@libsql/client", "libsql"]
            return way.reduce((from, next) => createRequire(from.resolve(next)), createRequire(import.meta.url))(name)
          }
        }
      `
    }))
  }
}

/** The page of the console, as it is built for its own package. */
const page = {
  name: "page",
  setup: (bundler) => {
    bundler.onResolve({ filter: /^@effect-auth\/console\/page$/ }, ({ path }) => ({ path, namespace: "page" }))
    bundler.onLoad({ filter: /.*/, namespace: "page" }, async () => ({ contents: await pageModule() }))
  }
}

fs.rmSync(outdir, { recursive: true, force: true })
await build({
  entryPoints: { "effect-auth": path.join(dir, "src/bin.ts") },
  outdir,
  outExtension: { ".js": ".mjs" },
  chunkNames: "parts/[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  minify: true,
  legalComments: "linked",
  define: { effectAuthVersion: JSON.stringify(version) },
  banner: {
    js: "import{createRequire as __createRequire}from\"node:module\";const require=__createRequire(import.meta.url);"
  },
  // Its own code of the machine comes inside packages beside it.
  external: ["@napi-rs/keyring"],
  plugins: [filesOnly, nativeDriver, page],
  logLevel: "warning"
})
fs.chmodSync(path.join(outdir, "effect-auth.mjs"), 0o755)
