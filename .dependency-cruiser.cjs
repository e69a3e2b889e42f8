/**
 * The arrows of the house (docs/architecture.md): who may import whom. Anything else is an error.
 *
 * provider → core · store → core · testing → core and the providers' contracts · cli, examples, test → anything
 */
const effect = "(^|/)node_modules/effect/"
const platform = "(^|/)node_modules/@effect/platform/"
const providers = "placewise|priava|pitchpoint|wallet-app"
const node =
  "^node:|^(assert|buffer|child_process|crypto|dns|events|fs|http|https|net|os|path|process|stream|tls|url|util|"
  + "worker_threads|zlib)(/|$)|(^|/)node_modules/(@effect/platform-(node|bun)(-shared)?|@types/node)/"

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "core-stands-alone",
      comment: "core imports effect and @effect/platform, and nothing else.",
      severity: "error",
      from: { path: "^packages/core/src/" },
      to: { couldNotResolve: false, pathNot: ["^packages/core/src/", effect, platform] }
    },
    {
      name: "provider-knows-core",
      comment:
        "A provider imports core, effect and @effect/platform: no other provider, no store, no testing, no Node layer.",
      severity: "error",
      from: { path: `^packages/(${providers})/src/` },
      to: { couldNotResolve: false, pathNot: ["^packages/$1/src/", "^packages/core/src/", effect, platform] }
    },
    {
      name: "store-knows-core",
      comment: "A store imports core (and its driver): no provider, no other store, no testing.",
      severity: "error",
      from: { path: "^packages/(store-[^/]+)/src/" },
      to: { path: "^packages/", pathNot: ["^packages/$1/src/", "^packages/core/src/"] }
    },
    {
      name: "testing-knows-contracts",
      comment:
        "testing imports core and the providers' contracts (`*Api.ts`): a sandbox shares no code with the client it checks.",
      severity: "error",
      from: { path: "^packages/testing/src/" },
      to: {
        path: "^packages/",
        pathNot: ["^packages/testing/src/", "^packages/core/src/", `^packages/(${providers})/src/[A-Za-z]+Api\\.ts$`]
      }
    },
    {
      name: "no-node",
      comment: "core, the providers and testing run anywhere: Node layers are given by the program.",
      severity: "error",
      from: { path: `^packages/(core|testing|${providers})/src/` },
      to: { path: node }
    },
    {
      name: "packages-know-no-programs",
      comment: "Packages import neither the examples nor the tests nor the scripts.",
      severity: "error",
      from: { path: "^packages/" },
      to: { path: "^(examples|test|scripts)/" }
    },
    {
      name: "internal-stays-inside",
      comment: "src/internal belongs to its package. Its tests go through the public modules.",
      severity: "error",
      from: { path: "^packages/([^/]+)/" },
      to: { path: "^packages/[^/]+/src/internal/", pathNot: "^packages/$1/src/internal/" }
    },
    {
      name: "internal-stays-inside-programs",
      comment:
        "src/internal belongs to its package. Tests go through the public modules, but for those in an internal folder.",
      severity: "error",
      from: { path: "^(examples|test|scripts)/", pathNot: "^test/[^/]+/internal/" },
      to: { path: "^packages/[^/]+/src/internal/" }
    },
    {
      name: "through-the-front-door",
      comment: "Another package is imported by its name, never by a relative path.",
      severity: "error",
      from: { path: "^packages/([^/]+)/" },
      to: { path: "^packages/", pathNot: "^packages/$1/", dependencyTypes: ["local"] }
    },
    {
      name: "not-from-dev-dependencies",
      comment: "What a package's source imports is among its dependencies or peers.",
      severity: "error",
      from: { path: "^packages/[^/]+/src/" },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"],
        dependencyTypesNot: ["npm", "npm-peer", "npm-optional"],
        pathNot: "(^|/)node_modules/@types/"
      }
    },
    {
      name: "no-cycles",
      comment:
        "No file reaches itself through its imports. Imports of types alone don't count: they are gone at run time.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } }
    },
    {
      name: "no-unresolved",
      comment: "Every import leads to a file.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true }
    }
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(packages|examples|test)/.*/?(dist|build|[.]docs-check)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["types", "import", "node", "default"],
      extensions: [".ts", ".js", ".mjs", ".d.ts", ".json"]
    },
    moduleSystems: ["es6", "cjs"]
  }
}
