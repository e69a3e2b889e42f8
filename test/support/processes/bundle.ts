/** Workers are bundled once: they start in a third of a second, and nobody can change them while a test runs. */
import { build, type Plugin } from "esbuild"
import * as Fs from "node:fs"
import { createRequire } from "node:module"
import * as Os from "node:os"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"

/** Native modules find their binaries from where they are installed. */
const native: Plugin = {
  name: "native",
  setup: (build) => {
    build.onResolve({ filter: /^libsql$/ }, ({ importer, path }) => ({
      path: createRequire(importer).resolve(path),
      external: true
    }))
  }
}

/** A script that holds everything it needs, in a folder that `remove` takes away. */
export const bundle = (script: URL) => {
  let folder: string | undefined
  return {
    make: async (): Promise<string> => {
      folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-auth-worker-"))
      await build({
        entryPoints: { worker: fileURLToPath(script) },
        bundle: true,
        splitting: true,
        platform: "node",
        format: "esm",
        outdir: folder,
        outExtension: { ".js": ".mjs" },
        plugins: [native],
        external: ["pg-native"],
        sourcemap: "inline",
        logLevel: "error",
        banner: {
          js: "import { createRequire as toRequire } from 'node:module'; const require = toRequire(import.meta.url)"
        }
      })
      return Path.join(folder, "worker.mjs")
    },
    remove: (): void => {
      if (folder !== undefined) Fs.rmSync(folder, { recursive: true, force: true })
    }
  }
}
