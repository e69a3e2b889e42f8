/**
 * Builds the figures and runs them: the code that is published has no help from a loader, so what is measured has none
 * either (a loader that keeps the names of functions makes each closure ten times as expensive).
 *
 *   node run.mjs [--json] [names of figures]
 */
import { build } from "esbuild"
import { spawn } from "node:child_process"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

/** Everything but this project stays where it is. */
const external = [
  "effect",
  "@effect/*",
  "undici",
  "axios",
  "axios-auth-refresh",
  "google-auth-library",
  "openid-client",
  "@azure/*"
]

await build({
  entryPoints: ["main", "server", "worker"].map((name) => here(`src/${name}.ts`)),
  outdir: here("build/run"),
  bundle: true,
  splitting: true,
  platform: "node",
  format: "esm",
  target: "node20",
  external,
  logLevel: "warning"
})

/** A driver with a native part finds it from where it is installed. */
const native = {
  name: "native",
  setup: (build) => {
    build.onResolve({ filter: /^libsql$/ }, ({ importer, path }) => ({
      path: createRequire(importer).resolve(path),
      external: true
    }))
  }
}

/** The stores bring their drivers with them, which are installed beside them and not here. */
await build({
  entryPoints: ["stores", "growth", "rows", "remote"].map((name) => here(`src/${name}Worker.ts`)),
  outdir: here("build/run"),
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  plugins: [native],
  external: ["pg-native"],
  banner: {
    js: "import { createRequire as toRequire } from 'node:module'; const require = toRequire(import.meta.url)"
  },
  logLevel: "warning"
})

const child = spawn(process.execPath, ["--expose-gc", here("build/run/main.js"), ...process.argv.slice(2)], {
  stdio: "inherit"
})
child.on("close", (code) => {
  process.exitCode = code ?? 1
})
