/** What comments, examples in them and the packages' own pages say in other words for Effect 4. */
const words = [
  [/import \{([^}]*)\} from "@effect\/platform"/g, "import {$1} from \"effect/http\""],
  [/@effect\/platform\/((?:Http|Fetch|Cookies|Headers|UrlParams)\w*)/g, "effect/http/$1"],
  [/@effect\/rpc/g, "effect/rpc"],
  [/Config\.literal\(([^()]*)\)\(("[^"]*")\)/g, "Config.Literals([$1], $2)"],
  [/\bConfig\.string\b/g, "Config.String"],
  [/\bConfig\.redacted\b/g, "Config.Redacted"],
  [/\bConfig\.integer\b/g, "Config.Int"],
  [/\bEffect\.catchAll\(/g, "Effect.catch("],
  [/\bEffect\.either\b/g, "Effect.result"],
  [/\bLayer\.scoped\(/g, "Layer.effect("],
  [/\bContext\.Tag\(("[^"]*")\)<(\w+), ([^\n]*?)>\(\)/g, "Context.Service<$2, $3>()($1)"],
  [/HttpMiddleware\.withTracerDisabledWhen\b/g, "HttpMiddleware.TracerDisabledWhen"],
  [/HttpRouter\.concat\(HttpRouter\.empty, routes\)/g, "HttpRouter.addAll(routes)"],
  [
    "For Effect 3; imports `effect` and `@effect/platform` and nothing else",
    "For Effect 4; imports `effect` and nothing else"
  ],
  [/^npm i @effect-auth\/store-sql @effect\/sql@\S+ @effect\/sql-(libsql|mysql2)\S+.*\n/gm, ""],
  [/@effect\/sql@0\.52 @effect\/sql-pg@0\.53 pg@8 {5}# PostgreSQL/g, "@effect/sql-pg@4 pg@8"],
  [
    "The versions are those of Effect 3: `latest` of `@effect/sql-pg` is Effect 4 already, which npm refuses beside `effect@3`.",
    "For Effect 4 this package has PostgreSQL and Durable Objects. SQLite and MySQL follow when their drivers have a stable release."
  ],
  [/^\| \[`(Sqlite|Mysql)TokenStore`\].*\n/gm, ""],
  [/^import \* as SqliteTokenStore from .*\n/gm, ""],
  [/^export const OnOneHost = .*\n\n/gm, ""],
  ["makes an `HttpApp`", "makes an app"],
  ["a sandbox as an HttpApp", "a sandbox as an app"],
  [/\ban `HttpApp`/g, "an app"],
  [/\ban HttpApp\b/g, "an app"]
]

export const reworded = (text) => words.reduce((said, [from, to]) => said.replaceAll(from, to), text)

const note =
  "**For Effect 4** (`effect@~4.1.0`). Version 1 of this package is for Effect 3: [which one](../../docs/compatibility.md#effect)."

/** A package's own page. */
export const page = (text) => reworded(text).replace(/^(# .*\n)/, `$1\n${note}\n`)
