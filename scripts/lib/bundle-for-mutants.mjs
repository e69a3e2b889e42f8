/** Bundles the unit tests of the session machine's rules for mocha. Stryker runs it in its sandbox (stryker.config.mjs). */
import { build } from "esbuild"

await build({
  entryPoints: ["decide", "transitions"].map((name) => `test/core/internal/session/${name}.test.ts`),
  outdir: "build/mutants",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  format: "esm",
  platform: "node",
  external: ["effect", "chai"],
  alias: { "@effect/vitest": "./scripts/lib/mocha-as-vitest.mjs", "@effect-auth/core": "./packages/core/src" }
})
