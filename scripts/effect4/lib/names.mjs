/** What has another name in Effect 4: modules, members of modules, and methods of values. */

const http = [
  "Cookies",
  "Etag",
  "FetchHttpClient",
  "Headers",
  "HttpBody",
  "HttpClient",
  "HttpClientError",
  "HttpClientRequest",
  "HttpClientResponse",
  "HttpIncomingMessage",
  "HttpMethod",
  "HttpMiddleware",
  "HttpPlatform",
  "HttpRouter",
  "HttpServer",
  "HttpServerError",
  "HttpServerRequest",
  "HttpServerResponse",
  "Multipart",
  "UrlParams"
]
const httpApi = [
  "HttpApi",
  "HttpApiBuilder",
  "HttpApiClient",
  "HttpApiEndpoint",
  "HttpApiError",
  "HttpApiGroup",
  "HttpApiMiddleware",
  "HttpApiSchema",
  "HttpApiSecurity",
  "OpenApi"
]
const rpc = ["Rpc", "RpcClient", "RpcGroup", "RpcMiddleware", "RpcSerialization", "RpcServer", "RpcTest"]
const moved = (from, to, names) => Object.fromEntries(names.map((name) => [`${from}/${name}`, `${to}/${name}`]))

/** Where a module of Effect 3 is in Effect 4. Its namespace is the last part of the path, unless nothing of it is left. */
export const modules = {
  ...moved("@effect/platform", "effect/http", http),
  ...moved("@effect/platform", "effect/http-api", httpApi),
  ...moved("@effect/rpc", "effect/rpc", rpc),
  ...moved("@effect/sql", "effect/sql", ["Migrator", "SqlClient", "SqlError", "Statement"]),
  "@effect/platform/HttpApp": "effect/http/HttpEffect",
  "effect/Either": "effect/Result",
  "effect/TestClock": "effect/testing/TestClock",
  "effect/FastCheck": "fast-check",
  "effect/ConfigError": "effect/Config",
  "effect/MetricBoundaries": "effect/Metric"
}

/** The namespaces whose name is not the last part of their path. */
export const namespaces = { "fast-check": "FastCheck" }

/** Members of a module, by the last part of the module's path. A pair is a member of another module. */
export const members = {
  Array: { isNonEmptyReadonlyArray: "isReadonlyArrayNonEmpty" },
  Cause: {
    failureOption: "findErrorOption",
    isDie: "hasDies",
    isInterruptedOnly: "hasInterruptsOnly",
    isInterrupted: "hasInterrupts",
    NoSuchElementException: "NoSuchElementError",
    TimeoutException: "TimeoutError",
    UnknownException: "UnknownError"
  },
  Chunk: { unsafeFromArray: "fromArrayUnsafe" },
  Clock: { currentTimeNanos: "monotonicTimeNanos" },
  Config: {
    string: "String",
    redacted: "Redacted",
    duration: "Duration",
    integer: "Int",
    number: "Number",
    boolean: "Boolean",
    nonEmptyString: "NonEmptyString",
    literal: "Literal",
    array: "Array"
  },
  Context: { Tag: "Service" },
  Deferred: { unsafeDone: "doneUnsafe", unsafeMake: "makeUnsafe" },
  Duration: {
    DurationInput: "Input",
    unsafeToNanos: "toNanosUnsafe",
    decode: "fromInputUnsafe",
    decodeUnknown: "fromInput"
  },
  Effect: {
    async: "callback",
    clock: ["effect/Clock", "Clock"],
    runtime: "context",
    catchAll: "catch",
    catchAllCause: "catchCause",
    catchAllDefect: "catchDefect",
    either: "result",
    fork: "forkChild",
    fromNullable: "fromNullishOr",
    forkDaemon: "forkDetach",
    makeLatch: ["effect/Latch", "make"],
    makeSemaphore: ["effect/Semaphore", "make"],
    Latch: ["effect/Latch", "Latch"],
    Semaphore: ["effect/Semaphore", "Semaphore"],
    tapErrorCause: "tapCause",
    unsafeMakeLatch: ["effect/Latch", "makeUnsafe"],
    unsafeMakeSemaphore: ["effect/Semaphore", "makeUnsafe"],
    withFiberRuntime: "withFiber",
    zipRight: "andThen"
  },
  Either: {
    Either: "Result",
    left: "fail",
    right: "succeed",
    isLeft: "isFailure",
    isRight: "isSuccess",
    mapLeft: "mapError"
  },
  Encoding: {
    decodeBase64: ["effect/encoding/Base64", "decode"],
    encodeBase64: ["effect/encoding/Base64", "encode"],
    decodeBase64Url: ["effect/encoding/Base64Url", "decode"],
    decodeBase64UrlString: ["effect/encoding/Base64Url", "decodeString"],
    encodeBase64Url: ["effect/encoding/Base64Url", "encode"],
    encodeHex: ["effect/encoding/Hex", "encode"]
  },
  Fiber: { RuntimeFiber: "Fiber" },
  Headers: { currentRedactedNames: "CurrentRedactedNames", unsafeFromRecord: "fromRecordUnsafe" },
  HttpApiBuilder: { api: "layer" },
  HttpApiEndpoint: { del: "delete" },
  HttpBody: { unsafeJson: "jsonUnsafe" },
  HttpClientError: { ResponseError: "HttpClientError", RequestError: "HttpClientError" },
  HttpClientRequest: { bodyUnsafeJson: "bodyJsonUnsafe", del: "delete" },
  HttpServer: { layerContext: "layerServices" },
  HttpServerError: { RequestError: "HttpServerError" },
  HttpServerResponse: { unsafeJson: "jsonUnsafe", unsafeSetCookie: "setCookieUnsafe" },
  Layer: { scoped: "effect", scopedDiscard: "effectDiscard", unwrapEffect: "unwrap", unwrapScoped: "unwrap" },
  Logger: {
    jsonLogger: "formatJson",
    logfmtLogger: "formatLogFmt",
    stringLogger: "formatSimple",
    structuredLogger: "formatStructured"
  },
  MetricBoundaries: { fromIterable: "boundariesFromIterable" },
  Option: { fromNullable: "fromNullishOr" },
  ParseResult: { ParseError: ["effect/Schema", "SchemaError"], isParseError: ["effect/Schema", "isSchemaError"] },
  Predicate: { isObject: "isObjectKeyword", isRecord: "isObject" },
  Schema: {
    Redacted: "RedactedFromValue",
    RedactedFromSelf: "Redacted",
    decode: "decodeEffect",
    decodeUnknown: "decodeUnknownEffect",
    decodeUnknownEither: "decodeUnknownResult",
    encode: "encodeEffect",
    encodeEither: "encodeResult",
    encodedSchema: "toEncoded",
    parseJson: "fromJsonString",
    typeSchema: "toType"
  },
  Scope: { CloseableScope: "Closeable", extend: "provide" },
  NodeHttpClient: {
    layer: "layerNodeHttp",
    layerWithoutAgent: "layerNodeHttpNoAgent",
    makeAgentLayer: "layerAgentOptions"
  },
  Stream: { unwrapScoped: "unwrap" },
  TestContext: { TestContext: ["effect/testing/TestClock", "layer()"] },
  TestClock: { currentTimeMillis: ["effect/Clock", "currentTimeMillis"] }
}

/** Methods and properties of values, by the module that declares them. */
export const methods = {
  Clock: {
    unsafeCurrentTimeMillis: "currentTimeMillisUnsafe",
    unsafeCurrentTimeNanos: "monotonicTimeNanosUnsafe"
  },
  Effect: { unsafeOpen: "openUnsafe", unsafeClose: "closeUnsafe" },
  Either: { left: "failure", right: "success" },
  Fiber: { unsafePoll: "pollUnsafe" },
  HttpApi: { annotateContext: "annotateMerge" },
  HttpApiEndpoint: { annotateContext: "annotateMerge", path: "params", urlParams: "query" },
  HttpApiGroup: { annotateContext: "annotateMerge" },
  Schema: { annotations: "annotate" }
}
