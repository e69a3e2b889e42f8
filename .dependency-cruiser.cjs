/**
 * The arrows of the house (docs/architecture.md): who may import whom. Anything else is an error.
 *
 * provider → core · store → core · testing → core and the providers' contracts · console → core and testing ·
 * remote → core ·
 * cli, examples, test → anything
 */
const effect = "(^|/)node_modules/effect/"
const platform = "(^|/)node_modules/@effect/platform/"
const providers = "placewise|priava|pitchpoint|wallet-app"
const node =
  "^node:|^(assert|buffer|child_process|crypto|dns|events|fs|http|https|net|os|path|process|stream|tls|url|util|"
  + "worker_threads|zlib)(/|$)|(^|/)node_modules/(@effect/platform-(node|bun)(-shared)?|@types/node)/"

/**
 * Pairs of files in core that may import each other: a public module and its own body. Only types go upwards. Any other circle
 * is an error, also one of types alone; shapes that both need are in `internal/shapes`.
 */
const pairs = [
  {
    files: ["AuthHttpClient", "internal/http/sessionClient"],
    reason: "The public module says what the options of a session's client are; its body reads them."
  }
].map(({ files, reason }) => ({ reason, path: `^packages/core/src/(${files.join("|")})[.]ts$` }))

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
      name: "oauth2-knows-core",
      comment:
        "oauth2 imports core, effect, @effect/platform and oauth4webapi: no provider, no store, no testing, no Node layer.",
      severity: "error",
      from: { path: "^packages/oauth2/src/" },
      to: {
        couldNotResolve: false,
        pathNot: ["^packages/(oauth2|core)/src/", effect, platform, "(^|/)node_modules/oauth4webapi/"]
      }
    },
    {
      name: "store-knows-core",
      comment:
        "A store imports core (and its driver), and of oauth2 what a store of waiting sign-ins has to be: no provider, no "
        + "other store, no testing.",
      severity: "error",
      from: { path: "^packages/(store-[^/]+)/src/" },
      to: {
        path: "^packages/",
        pathNot: ["^packages/$1/src/", "^packages/core/src/", "^packages/oauth2/src/PendingStore\\.ts$"]
      }
    },
    {
      name: "testing-knows-contracts",
      comment:
        "testing imports core and the providers' contracts (`*Api.ts`, `*Error.ts`): a sandbox shares no code with the "
        + "client it checks. The fakes need the tags, and nothing else.",
      severity: "error",
      from: { path: "^packages/testing/src/", pathNot: "^packages/testing/src/[A-Za-z]+Fake\\.ts$" },
      to: {
        path: "^packages/",
        pathNot: [
          "^packages/testing/src/",
          "^packages/core/src/",
          `^packages/(${providers})/src/[A-Za-z]+(Api|Error)\\.ts$`,
          "^packages/oauth2/src/PendingStore\\.ts$"
        ]
      }
    },
    {
      name: "console-knows-core",
      comment: "The console imports core, effect and @effect/platform; only what shows a sandbox imports testing.",
      severity: "error",
      from: { path: "^packages/console/src/", pathNot: "^packages/console/src/.*[sS]andbox[A-Za-z]*[.]ts$" },
      to: { couldNotResolve: false, pathNot: ["^packages/(console|core)/", effect, platform] }
    },
    {
      name: "console-shows-sandboxes",
      comment: "What shows a sandbox imports core and testing, and no provider.",
      severity: "error",
      from: { path: "^packages/console/src/" },
      to: { path: "^packages/", pathNot: "^packages/(console|core|testing)/" }
    },
    {
      name: "remote-knows-core",
      comment:
        "remote imports core, effect, @effect/platform and @effect/rpc; only what opens a socket in the file system imports "
        + "Node.",
      severity: "error",
      from: {
        path: "^packages/remote/src/",
        pathNot: "^packages/remote/src/(UnixSocket|internal/(boundedSocket|socketFile))[.]ts$"
      },
      to: {
        couldNotResolve: false,
        pathNot: ["^packages/(remote|core)/src/", effect, platform, "(^|/)node_modules/@effect/rpc/"]
      }
    },
    {
      name: "remote-knows-no-provider",
      comment: "remote knows no provider, no store and no testing.",
      severity: "error",
      from: { path: "^packages/remote/src/" },
      to: { path: "^packages/", pathNot: "^packages/(remote|core)/src/" }
    },
    {
      name: "no-node",
      comment: "core, the providers, testing and the console run anywhere: Node layers are given by the program.",
      severity: "error",
      from: { path: `^packages/(core|oauth2|testing|console|${providers})/src/` },
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
      name: "no-circles-in-core",
      comment: "In core no file reaches itself, imports of types counted. The pairs above are the exceptions.",
      severity: "error",
      from: { path: "^packages/core/src/", pathNot: pairs.map(({ path }) => path) },
      to: { circular: true }
    },
    ...pairs.map(({ path, reason }, index) => ({
      name: `no-wider-circle-${index}`,
      comment: `${reason} No third file belongs to that circle.`,
      severity: "error",
      from: { path },
      to: { circular: true, via: { pathNot: path } }
    })),
    {
      name: "http-knows-no-session",
      comment: "The wing of HTTP reaches the session machine through public modules. internal/seams belongs to both.",
      severity: "error",
      from: { path: "^packages/core/src/internal/http/" },
      to: { path: "^packages/core/src/internal/session/" }
    },
    {
      name: "session-knows-no-http",
      comment: "The session machine knows nothing of HTTP: a provider makes the calls.",
      severity: "error",
      from: { path: "^packages/core/src/internal/session/" },
      to: { path: "^packages/core/src/internal/http/" }
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
