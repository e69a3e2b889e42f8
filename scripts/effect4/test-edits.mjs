/**
 * What differs in single lines of tests: words of an error, a name in a printed form. The left text has to be in the test
 * after the codemod, exactly once.
 */
const noData = ["{ _op: \"MissingData\" }", "{ _tag: \"ConfigError\" }"]

const bearer = ["scheme: \"bearer\"", "scheme: \"Bearer\""]

/** Errors of a client are of one class; the reason is an object. */
const transport = [
  "expect(error).toMatchObject({ _tag: \"RequestError\", reason: \"Transport\" })",
  "expect(error).toMatchObject({ _tag: \"HttpClientError\", reason: { _tag: \"TransportError\" } })"
]

export const edits = {
  // Two sleepers of the same instant are woken in another order: here the owner that met the fault asks again itself.
  "test/core/guarantees/availability.test.ts": [
    [
      "ScriptedProvider.after(\"1 second\", session.down), session.down)",
      "ScriptedProvider.after(\"1 second\", session.down))"
    ]
  ],
  // Effect 4 drops the token at another origin by itself.
  "test/core/AuthHttpClient.origins.test.ts": [
    [
      "followed inside, the platform takes the token anywhere: why Order says not to",
      "followed inside, the client drops the token at another origin"
    ],
    [
      `yield* client.get("https://api.test/old")
      assert.deepStrictEqual(server.authorizations(), [sent, sent])
    }))
})`,
      `yield* client.get("https://api.test/old")
      assert.deepStrictEqual(server.authorizations(), [sent, undefined])
    }))
})`
    ]
  ],
  "test/core/AuthHttpClient.secrets.test.ts": [
    ["assert.isTrue(HttpClientRequest.TypeId in own)", "assert.isTrue(HttpClientRequest.isHttpClientRequest(own))"],
    ["_id: \"@effect/platform/HttpClientRequest\"", "_id: \"HttpClientRequest\""],
    [
      "assert.deepInclude(error, { _tag: \"ResponseError\", reason: \"Decode\" })",
      "assert.strictEqual(error.reason._tag, \"DecodeError\")"
    ],
    [
      `const loggers = Layer.mergeAll(
        ...([Logger.formatSimple, Logger.formatJson, Logger.formatLogFmt] as const).map((logger) =>
          Logger.layer([Logger.map(logger, (line) => {
            lines.push(line)
          })], { mergeWithExisting: true })
        ) as [Layer.Layer<never>]
      )`,
      `const loggers = Logger.layer(
        [Logger.formatSimple, Logger.formatJson, Logger.formatLogFmt].map((logger) =>
          Logger.map(logger, (line) => {
            lines.push(line)
          })
        )
      )`
    ],
    [
      "assert.deepInclude(error, { reason: \"Transport\", description: \"no\" })",
      "assert.deepInclude(error.reason, { _tag: \"TransportError\", description: \"no\" })"
    ]
  ],
  "test/security/hunt.ts": [
    [
      `    Logger.layer([Logger.map(Logger.formatSimple, keep("string"))]),
    Logger.layer([Logger.map(Logger.formatJson, keep("JSON"))], { mergeWithExisting: true }),
    Logger.layer([Logger.map(Logger.formatLogFmt, keep("logfmt"))], { mergeWithExisting: true }),
    Logger.layer([Logger.map(Logger.formatStructured, keep("structured"))], { mergeWithExisting: true }),
`,
      `    Logger.layer([
      Logger.map(Logger.formatSimple, keep("string")),
      Logger.map(Logger.formatJson, keep("JSON")),
      Logger.map(Logger.formatLogFmt, keep("logfmt")),
      Logger.map(Logger.formatStructured, keep("structured"))
    ]),
`
    ]
  ],
  // The constructors of errors check every field, the tag too.
  "test/core/AuthHttpClient.test.ts": [
    [
      "new AuthError.SignInRequired({ ...unavailable, operation: \"accessToken\", reason: \"never\" })",
      "new AuthError.SignInRequired({ provider: \"test\", account: \"a\", operation: \"accessToken\", reason: \"never\" })"
    ]
  ],
  // A listener that starts late marks what is in memory: one more read, before what is counted.
  "test/contracts/belonging.ts": [
    [
      `    const there = yield* open
`,
      `    const there = yield* open
    yield* TestClock.adjust("1 second")
`
    ]
  ],
  "test/oauth2/AuthorizationRoutes.test.ts": [
    [
      "const logger = Logger.make(({ annotations, message }) =>",
      "const logger = Logger.make(({ fiber, message }) =>"
    ],
    ["[...annotations]", "fiber.getRef(References.CurrentLogAnnotations)"],
    [
      "import * as Logger from \"effect/Logger\"\n",
      "import * as Logger from \"effect/Logger\"\nimport * as References from \"effect/References\"\n"
    ]
  ],
  "test/oauth2/ProtectedResource.test.ts": [["[\"Right\", [place, root]]", "[\"Success\", [place, root]]"]],
  "test/oauth2/grants.test.ts": [
    [
      "Effect.flip(Effect.flatten(Effect.succeed(yield* outcome({ ok: false }, slack))))",
      "Effect.flip(Effect.fromResult(yield* outcome({ ok: false }, slack)))"
    ]
  ],
  "test/oauth2/DeviceCode.test.ts": [
    [
      `      yield* TestClock.adjust("10 minutes")
      const over =`,
      `      for (let poll = 0; poll < 120; poll++) {
        yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)))
        yield* TestClock.adjust("5 seconds")
      }
      const over =`
    ]
  ],
  "test/store-redis/RedisTokenStore.servers.test.ts": [["logLevel._tag === \"Warning\"", "logLevel === \"Warn\""]],
  "test/store-sql/PostgresTokenStore.sessions.test.ts": [
    ["assert.isNull(opening.pollUnsafe())", "assert.isUndefined(opening.pollUnsafe())"]
  ],
  // A middleware wraps the call.
  "test/contracts/typedClients.test.ts": [
    ["{ failure: Denied, requiredForClient: true }", "{ error: Denied, requiredForClient: true }"],
    [
      "({ headers }) => headers[\"authorization\"] === \"Bearer a token\" ? Effect.void : Effect.fail(new Denied())",
      "(call, { headers }) => headers[\"authorization\"] === \"Bearer a token\" ? call : Effect.fail(new Denied())"
    ],
    [
      "AuthRpc.bearer(auth)({ request: { id: 7, headers: Headers.fromInput({ a: \"b\" }) } })",
      "AuthRpc.bearer(auth)({ request: { id: 7, headers: Headers.fromInput({ a: \"b\" }) }, next: Effect.succeed })"
    ],
    ["\"https://api.test/gateway/v3/club/rpc\"", "\"https://api.test/gateway/v3/club/rpc/\""]
  ],
  // The fibers of the sweep and of the listener run when the test's own fiber waits.
  "test/core/AuthSessions.test.ts": [
    // One for the flight, and one for the report that the handle's new cell may have missed.
    [
      `"SignInRequired")
      assert.strictEqual(seen.reads, 1)`,
      `"SignInRequired")
      assert.isAtMost(seen.reads, 2)`
    ],
    [
      `      const handles = yield* Effect.forEach(names(4_000), sessions.get)
`,
      `      yield* TestClock.adjust("1 second")
      const handles = yield* Effect.forEach(names(4_000), sessions.get)
`
    ],
    [
      `      yield* Effect.forEach(handles, ask, { discard: true })
      assert.strictEqual(yield* sessions.size, 1)
      // The first`,
      `      yield* Effect.forEach(handles, ask, { discard: true })
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* sessions.size, 1)
      // The first`
    ]
  ],
  // Node 24 has Web Locks.
  "test/core/BrowserTokenStore.test.ts": [
    [
      `    ["IndexedDB", ({ indexedDB: _, ...rest }) => rest, "no IndexedDB"],
    ["Web Locks", ({ locks: _, ...rest }) => rest, "no Web Locks"]
`,
      `    ["IndexedDB", ({ indexedDB: _, ...rest }) => rest, "no IndexedDB"]
`
    ]
  ],
  "test/core/longSecrets.test.ts": [
    [
      "assert.propertyVal(error, \"reason\", \"Transport\")",
      "assert.propertyVal(error.reason, \"_tag\", \"TransportError\")"
    ]
  ],
  "test/core/ProviderSettings.test.ts": [noData],
  "test/placewise/PlacewiseAuth.test.ts": [noData],
  "test/priava/PriavaAuth.test.ts": [
    noData,
    ["{ _op: \"InvalidData\" }", "{ _tag: \"ConfigError\" }"],
    ["Config.Literal(\"APAC\", \"EU\", \"US\")(\"REGION\")", "Config.Literals([\"APAC\", \"EU\", \"US\"], \"REGION\")"]
  ],
  "test/placewise/PlacewiseApi.test.ts": [bearer],
  "test/priava/PriavaApi.test.ts": [bearer],
  "test/placewise/PlacewiseClient.test.ts": [transport],
  "test/priava/PriavaClient.test.ts": [transport],
  "test/testing/Faults.test.ts": [
    [
      "Effect.mapError((error) => `${error._tag} ${error.reason}`)",
      "Effect.mapError(({ reason }) => reason._tag === \"DecodeError\" ? \"ResponseError Decode\" : \"RequestError Transport\")"
    ]
  ],
  // A list in a text is split at its commas, and not trimmed.
  "test/wallet-app/WalletAppAuth.test.ts": [
    ["brands.get, tomorrow.get", "brands.get,tomorrow.get"],
    ["Config.Array(Config.String(), \"PERMISSIONS\")", "Config.Array(Schema.String, \"PERMISSIONS\")"],
    [
      "import * as Redacted from \"effect/Redacted\"\n",
      "import * as Redacted from \"effect/Redacted\"\nimport * as Schema from \"effect/Schema\"\n"
    ]
  ],
  "test/testing/Redaction.test.ts": [
    // The errors of schemas show no value.
    [
      `  [
    "a parse error",
    Result.merge(Schema.decodeUnknownResult(Schema.Struct({ token: Schema.Number }))({ token: secret }))
  ]
`,
      ""
    ]
  ]
}
