import * as effectEslint from "@effect/eslint-plugin"
import tseslint from "typescript-eslint"
import { disableNeedsReason } from "./scripts/lib/eslint-rules.mjs"

const barrels = ["effect", "@effect/platform", "@effect/platform-node", "@effect/sql", "@effect/experimental"]

/** What library code does not do, with the way it does it instead. The escape is a disable comment with its reason. */
const banned = [
  {
    selector: "CallExpression[callee.property.name='push'] > SpreadElement.arguments",
    message: "A spread in push overflows the stack on long arrays."
  },
  {
    selector: "MemberExpression[property.name=/^orDie(With)?$/]",
    message: "No orDie: a failure of I/O, of remote data or of configuration stays in the error channel."
  },
  {
    selector: "MemberExpression[property.name='catchAllCause']",
    message: "No catchAllCause: it swallows interruption and defects."
  },
  {
    selector: "MemberExpression[object.name='Effect'][property.name=/^cached/]",
    message: "No Effect.cached*: an interrupted first caller poisons it, and it caches failures."
  },
  {
    selector:
      "MemberExpression[object.name='Date'][property.name='now'], NewExpression[callee.name='Date'][arguments.length=0]",
    message: "Time comes from Clock."
  },
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: "Jitter comes from Random; ids and keys from crypto.getRandomValues."
  },
  {
    selector: "CallExpression[callee.name=/^(setTimeout|setInterval|setImmediate)$/], " +
      "CallExpression[callee.object.name='globalThis'][callee.property.name=/^(setTimeout|setInterval|setImmediate)$/]",
    message: "Waiting is Effect.sleep, Schedule or Clock: a timer of the platform is not moved by TestClock."
  },
  { selector: "TSAsExpression > TSAnyKeyword", message: "No `as any`." },
  {
    selector: "TSAsExpression[expression.type='TSAsExpression'][expression.typeAnnotation.type='TSUnknownKeyword']",
    message: "No `as unknown as`."
  }
]

const processEnv = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: "Settings come from Config."
}

export default [
  {
    ignores: [
      "**/dist",
      "**/build",
      "**/bundle",
      "**/coverage",
      "**/node_modules",
      "docs/api",
      "site/.vitepress/cache",
      "**/.docs-check",
      "**/.stryker-tmp",
      "**/*.md",
      // Generated, and its parts: written for another Effect than the rules know.
      "packages-v4",
      "scripts/effect4/files"
    ]
  },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  ...tseslint.configs.recommended,
  ...effectEslint.configs.dprint,
  {
    files: ["**/*.{ts,tsx,mts,js,mjs,cjs}"],
    plugins: { house: { rules: { "disable-needs-reason": disableNeedsReason } } },
    rules: {
      "house/disable-needs-reason": "error",
      "no-cond-assign": "error",
      "no-debugger": "error",
      "no-dupe-else-if": "error",
      "no-duplicate-case": "error",
      "no-empty": "error",
      "no-self-assign": "error",
      "no-self-compare": "error",
      "no-unsafe-finally": "error",
      "no-useless-escape": "error",
      "object-shorthand": "error",

      "@typescript-eslint/array-type": ["error", { default: "generic", readonly: "generic" }],
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "separate-type-imports" }],
      "@typescript-eslint/no-empty-object-type": "off",
      "@typescript-eslint/no-explicit-any": "off",
      "@typescript-eslint/no-namespace": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],

      "no-restricted-imports": ["error", {
        paths: barrels.map((name) => ({ name, message: `Import the module: import * as X from "${name}/X"` }))
      }],

      "@effect/dprint": ["error", {
        config: {
          indentWidth: 2,
          lineWidth: 120,
          semiColons: "asi",
          quoteStyle: "alwaysDouble",
          trailingCommas: "never",
          operatorPosition: "maintain",
          "arrowFunction.useParentheses": "force"
        }
      }]
    }
  },
  {
    files: ["**/*.cjs"],
    rules: { "@typescript-eslint/no-require-imports": "off" }
  },
  {
    files: ["packages/*/src/**/*.ts"],
    rules: {
      "no-console": "error",
      "no-restricted-syntax": ["error", ...banned, processEnv],
      "max-lines": ["error", { max: 400, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }]
    }
  },
  {
    // The command line is the one program among the packages: it prints, and it may look at its environment.
    files: ["packages/cli/src/**/*.ts"],
    rules: { "no-console": "off", "no-restricted-syntax": ["error", ...banned] }
  }
]
