/** How the calls and declarations are printed whose shape differs between Effect 3 and 4. A rule answers `undefined` where it has no say. */
import ts from "typescript"

/** The fields of an object literal, printed: name → text. */
const fieldsOf = (node, to) => {
  if (node === undefined || !ts.isObjectLiteralExpression(node)) return undefined
  const found = {}
  for (const property of node.properties) {
    if (ts.isPropertyAssignment(property)) found[property.name.getText(to.file)] = to.text(property.initializer)
    else if (ts.isShorthandPropertyAssignment(property)) found[property.name.text] = property.name.text
    else return undefined
  }
  return found
}

/** `() => value` → `value`. */
const result = (node, to) =>
  node !== undefined && ts.isArrowFunction(node) && !ts.isBlock(node.body) ? to.text(node.body) : `(${to.text(node)})()`

const propertyOf = (node, name, to) =>
  node.properties.find((property) => property.name?.getText(to.file) === name)?.initializer

const printed = (nodes, to) => nodes.map((node) => to.text(node))
const E = (to) => to.use("effect/Effect")

/** A service given under its reference, data-first and data-last. */
const provided = (module, name) => (args, to) => {
  const texts = printed(args, to)
  const key = `${to.use(module)}.${name}`
  return texts.length === 2
    ? `${E(to)}.provideService(${texts[0]}, ${key}, ${texts[1]})`
    : `${E(to)}.provideService(${key}, ${texts[0]})`
}

const tracerDisabled = (args, to) =>
  `${E(to)}.provideService(${args.length === 2 ? `${to.text(args[0])}, ` : ""}${
    to.use("effect/http/HttpMiddleware")
  }.TracerDisabledWhen, ${to.text(args.at(-1))})`

/** Calls of Effect's functions: the arguments' nodes → the text of the call. */
const calls = {
  "Clock.make": (_args, to) => `${to.use("effect/Clock")}.Clock.defaultValue()`,
  "ConfigProvider.fromMap": ([map], to) => {
    const entries = ts.isNewExpression(map) ? map.arguments?.[0] : undefined
    const text = entries === undefined ? to.text(map) : to.text(entries)
    return `${to.use("effect/ConfigProvider")}.fromUnknown(Object.fromEntries(${text}))`
  },
  "Deferred.unsafeMake": (_args, to, call) => {
    const types = call.typeArguments === undefined ? "" : `<${printed(call.typeArguments, to).join(", ")}>`
    return `${to.use("effect/Deferred")}.makeUnsafe${types}()`
  },
  "Effect.dieMessage": (args, to) => `${E(to)}.die(new Error(${to.text(args[0])}))`,
  "Duration.decodeUnknown": ([value], to) => {
    const D = to.use("effect/Duration")
    return `${D}.fromInput(${to.text(value)} as ${D}.Input)`
  },
  "Duration.format": ([duration], to) =>
    to.checker.getTypeAtLocation(duration).symbol?.name === "Duration"
      ? undefined
      : `${to.use("effect/Duration")}.format(${to.use("effect/Duration")}.fromInputUnsafe(${to.text(duration)}))`,
  "Effect.if": ([condition, options], to) =>
    `${E(to)}.flatMap(${to.text(condition)}, (is) => is ? ${result(propertyOf(options, "onTrue", to), to)} : ${
      result(propertyOf(options, "onFalse", to), to)
    })`,
  "Effect.locallyWith": (args, to) => `${E(to)}.updateService(${printed(args, to).join(", ")})`,
  "Effect.orElse": (args, to) => `${E(to)}.catch(${printed(args, to).join(", ")})`,
  "Effect.repeatN": (args, to) => {
    const texts = printed(args, to)
    return `${E(to)}.repeat(${texts.length === 2 ? `${texts[0]}, ` : ""}{ times: ${texts.at(-1)} })`
  },
  "Effect.runtime": (_args, to, call) =>
    `${E(to)}.context<${call.typeArguments === undefined ? "never" : printed(call.typeArguments, to).join(", ")}>()`,
  "Effect.timeoutFail": (args, to) => {
    const options = args.at(-1)
    const duration = to.text(propertyOf(options, "duration", to))
    const error = result(propertyOf(options, "onTimeout", to), to)
    const self = args.length === 2 ? `${to.text(args[0])}, ` : ""
    return `${E(to)}.timeoutOrElse(${self}{ duration: ${duration}, orElse: () => ${E(to)}.fail(${error}) })`
  },
  "Effect.timeoutTo": (args, to) => {
    const options = args.at(-1)
    const duration = to.text(propertyOf(options, "duration", to))
    const success = propertyOf(options, "onSuccess", to)
    const otherwise = result(propertyOf(options, "onTimeout", to), to)
    const orElse = `{ duration: ${duration}, orElse: () => ${E(to)}.succeed(${otherwise}) }`
    const isIdentity = ts.isArrowFunction(success) &&
      success.parameters[0]?.name.getText(to.file) === success.body.getText(to.file)
    const self = args.length === 2 ? to.text(args[0]) : undefined
    const mapped = isIdentity ? self : self === undefined ? undefined : `${E(to)}.map(${self}, ${to.text(success)})`
    if (self === undefined) {
      return isIdentity
        ? `${E(to)}.timeoutOrElse(${orElse})`
        : `(self) => ${E(to)}.timeoutOrElse(${E(to)}.map(self, ${to.text(success)}), ${orElse})`
    }
    return `${E(to)}.timeoutOrElse(${mapped}, ${orElse})`
  },
  "Effect.unlessEffect": (args, to) =>
    args.length === 2
      ? `${E(to)}.flatMap(${to.text(args[1])}, (is) => is ? ${E(to)}.void : ${to.text(args[0])})`
      : undefined,
  "Effect.withClock": provided("effect/Clock", "Clock"),
  "Effect.withConfigProvider": provided("effect/ConfigProvider", "ConfigProvider"),
  "Effect.withRandom": (args, to) => {
    const [random] = args.slice(-1)
    const seed = ts.isCallExpression(random) ? to.text(random.arguments[0]) : undefined
    const self = args.length === 2 ? `${to.text(args[0])}, ` : ""
    return seed === undefined
      ? provided("effect/Random", "Random")(args, to)
      : `${to.use("effect/Random")}.withSeed(${self}${seed})`
  },
  "Effect.withSpan": (args, to) => {
    // The options of the stack trace became an argument of their own.
    const options = args.at(-1)
    if (!ts.isObjectLiteralExpression(options)) return undefined
    const trace = propertyOf(options, "captureStackTrace", to)
    if (trace === undefined) return undefined
    const rest = options.properties.filter((property) => property.name?.getText(to.file) !== "captureStackTrace")
    const others = printed(args.slice(0, -1), to)
    const kept = rest.length === 0 ? "{}" : `{ ${printed(rest, to).join(", ")} }`
    return `${E(to)}.withSpan(${[...others, kept].join(", ")}, { captureStackTrace: ${to.text(trace)} })`
  },
  "Effect.yieldNow": ([options], to) =>
    options === undefined
      ? `${E(to)}.yieldNow`
      : `${E(to)}.yieldNowWith(${to.text(propertyOf(options, "priority", to))})`,
  "Effect.zipLeft": (args, to) =>
    args.length === 2
      ? `${E(to)}.tap(${to.text(args[0])}, () => ${to.text(args[1])})`
      : `${E(to)}.tap(() => ${to.text(args[0])})`,
  "Either.match": (args, to) => {
    const cases = args.at(-1).properties.map((property) =>
      to.text(property).replace(/^onLeft\b/, "onFailure").replace(/^onRight\b/, "onSuccess")
    )
    const self = args.length === 2 ? `${to.text(args[0])}, ` : ""
    return `${to.use("effect/Result")}.match(${self}{\n${cases.join(",\n")}\n})`
  },
  "Exit.getOrElse": (args, to) => {
    const self = args.length === 2 ? `${to.text(args[0])}, ` : ""
    return `${to.use("effect/Exit")}.match(${self}{ onFailure: ${to.text(args.at(-1))}, onSuccess: (value) => value })`
  },
  "FiberRef.get": (args, to) => to.text(args[0]),
  "Layer.setConfigProvider": (args, to) => `${to.use("effect/ConfigProvider")}.layer(${to.text(args[0])})`,
  "Logger.add": (args, to) => `${to.use("effect/Logger")}.layer([${to.text(args[0])}], { mergeWithExisting: true })`,
  "Logger.minimumLogLevel": (args, to) =>
    `${to.use("effect/Layer")}.succeed(${to.use("effect/References")}.MinimumLogLevel, ${to.text(args[0])})`,
  "Logger.replace": (args, to) => `${to.use("effect/Logger")}.layer([${to.text(args[1])}])`,
  "Logger.withMinimumLogLevel": (args, to) =>
    `${E(to)}.provideService(${args.length === 2 ? `${to.text(args[0])}, ` : ""}${
      to.use("effect/References")
    }.MinimumLogLevel, ${to.text(args.at(-1))})`,
  "Fiber.interruptFork": (args, to) => `${E(to)}.sync(() => ${to.text(args[0])}.interruptUnsafe())`,
  "Fiber.poll": (args, to) =>
    `${E(to)}.sync(() => ${to.use("effect/Option")}.fromNullishOr(${to.text(args[0])}.pollUnsafe()))`,
  "HttpApiSchema.withEncoding": ([encoding], to) => {
    const kind =
      { UrlParams: "asFormUrlEncoded", Json: "asJson", Text: "asText" }[propertyOf(encoding, "kind", to).text]
    return `${to.use("effect/http-api/HttpApiSchema")}.${kind}({ contentType: ${
      to.text(propertyOf(encoding, "contentType", to))
    } })`
  },
  "Effect.merge": (args, to) => `${E(to)}.catch(${to.text(args[0])}, ${E(to)}.succeed)`,
  "Tracer.make": ([options], to) => {
    const span = propertyOf(options, "span", to)
    const given = span.parameters.map((parameter) => parameter.name.getText(to.file))
    const names = ["name", "parent", "annotations", "links", "startTime", "kind"]
    const shown = given.map((name, index) => names[index] === name ? name : `${names[index]}: ${name}`)
    return `${to.use("effect/Tracer")}.make({\nspan: ({ ${shown.join(", ")} }) => ${to.text(span.body)}\n})`
  },
  "UrlParams.makeUrl": ([url, parameters, hash], to) =>
    `${to.use("effect/http/Url")}.make(${to.text(url)}, ${to.text(parameters)}, ${
      to.use("effect/Option")
    }.getOrUndefined(${to.text(hash)}))`,
  "HttpMiddleware.withTracerDisabledWhenEffect": tracerDisabled,
  "HttpMiddleware.withTracerDisabledWhen": tracerDisabled,
  "HttpClient.withTracerDisabledWhen": (args, to) => {
    const H = to.use("effect/http/HttpClient")
    const self = args.length === 2 ? `${to.text(args[0])}, ` : ""
    return `${H}.transformResponse(${self}${E(to)}.provideService(${H}.TracerDisabledWhen, ${to.text(args.at(-1))}))`
  },
  "Metric.histogram": ([name, boundaries, description], to) =>
    `${to.use("effect/Metric")}.histogram(${to.text(name)}, { description: ${to.text(description)}, boundaries: ${
      to.text(boundaries)
    } })`,
  "Metric.increment": (args, to) => `${to.use("effect/Metric")}.update(${to.text(args[0])}, 1)`,
  "MetricLabel.make": (args, to) => `[${printed(args, to).join(", ")}] as [string, string]`,
  "Metric.taggedWithLabels": (args, to) => `${to.use("effect/Metric")}.withAttributes(${printed(args, to).join(", ")})`,
  "Predicate.hasProperty": (args, to) =>
    to.memberOf(args[1])?.join(".") === "HttpClient.TypeId"
      ? `${to.use("effect/http/HttpClient")}.isHttpClient(${to.text(args[0])})`
      : undefined,
  "Runtime.runPromise": (args, to) => args.length === 1 ? `${E(to)}.runPromiseWith(${to.text(args[0])})` : undefined,
  "Schedule.intersect": (args, to) => both("max", args, to),
  "Schedule.modifyDelay": (args, to) => {
    const change = args.at(-1)
    const [, delay] = change.parameters
    const self = args.length === 2 ? `${to.text(args[0])}, ` : ""
    const parameters = delay === undefined ? "" : `{ duration: ${delay.name.getText(to.file)} }`
    return `${to.use("effect/Schedule")}.modifyDelay(${self}(${parameters}) => ${E(to)}.succeed(${
      to.text(change.body)
    }))`
  },
  "Schedule.upTo": (args, to) =>
    `${to.use("effect/Schedule")}.upTo(${args.length === 2 ? `${to.text(args[0])}, ` : ""}{ duration: ${
      to.text(args.at(-1))
    } })`,
  "Schedule.union": (args, to) => both("min", args, to),
  "Schema.Literal": (args, to) =>
    args.length > 1 || ts.isSpreadElement(args[0])
      ? `${to.use("effect/Schema")}.Literals([${printed(args, to).join(", ")}])`
      : undefined,
  "Schema.Record": (args, to) => {
    const fields = fieldsOf(args[0], to)
    return fields === undefined ? undefined : `${to.use("effect/Schema")}.Record(${fields.key}, ${fields.value})`
  },
  "Schema.Struct": (args, to) => {
    if (args.length !== 2) return undefined
    const S = to.use("effect/Schema")
    return `${S}.StructWithRest(${S}.Struct(${to.text(args[0])}), [${to.text(args[1])}])`
  },
  "Schema.Tuple": (args, to) => `${to.use("effect/Schema")}.Tuple([${printed(args, to).join(", ")}])`,
  "Schema.Union": (args, to) => `${to.use("effect/Schema")}.Union([${printed(args, to).join(", ")}])`,
  "Schema.transform": ([from, into, options], to) => {
    const S = to.use("effect/Schema")
    const steps = ["decode", "encode"].map((name) => `${name}: ${to.text(propertyOf(options, name, to))}`)
    return `${to.text(from)}.pipe(${S}.decodeTo(${to.text(into)}, ${
      to.use("effect/SchemaTransformation")
    }.transform({\n${steps.join(",\n")}\n})))`
  },
  "Stream.runFold": (args, to) => {
    const [start, step] = args.slice(-2)
    const self = args.length === 3 ? `${to.text(args[0])}, ` : ""
    return `${to.use("effect/Stream")}.runFold(${self}() => ${to.text(start)}, ${to.text(step)})`
  },
  "Stream.repeatEffectChunk": (args, to) => `${to.use("effect/Stream")}.fromIterableEffectRepeat(${to.text(args[0])})`,
  "Schema.filter": (args, to) =>
    `${to.use("effect/Schema")}.check(${to.use("effect/Schema")}.makeFilter(${to.text(args[0])}))`
}

/** `.addError(E)` of a whole API: its endpoints name the errors, by the constant `everywhere`. */
const apiError = (node, to) => {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined
  return node.expression.name.text === "addError" && to.isOfApi(node) ? to.text(node.expression.expression) : undefined
}

const both = (name, args, to) =>
  args.length === 2 ? `${to.use("effect/Schedule")}.${name}([${printed(args, to).join(", ")}])` : undefined

const call = (node, to) => {
  if (!ts.isCallExpression(node)) return undefined
  const member = to.memberOf(node.expression)
  const rule = member === undefined ? undefined : calls[member.join(".")]
  return rule?.(node.arguments, to, node)
}

/** Unsafe methods that became functions: method → where the receiver is declared, module and function. */
const functions = {
  unsafeOffer: [["PubSub", "effect/PubSub", "publishUnsafe"], ["Queue", "effect/Queue", "offerUnsafe"]]
}

const method = (node, to) => {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined
  const { expression, name } = node.expression
  if (!Object.hasOwn(functions, name.text)) return undefined
  const found = functions[name.text].find(([type]) => to.isOf(expression, type))
  if (found === undefined) return undefined
  return `${to.use(found[1])}.${found[2]}(${[expression, ...node.arguments].map((part) => to.text(part)).join(", ")})`
}

/** `class X extends Context.Tag("id")<X, Shape>() {}` → `class X extends Context.Service<X, Shape>()("id") {}`. */
const service = (node, to) => {
  if (!ts.isExpressionWithTypeArguments(node) && !ts.isCallExpression(node)) return undefined
  if (!ts.isCallExpression(node) || !ts.isCallExpression(node.expression)) return undefined
  const inner = node.expression
  const member = to.memberOf(inner.expression)?.join(".")
  if (member === "Context.Tag" && node.typeArguments !== undefined) {
    const types = printed(node.typeArguments, to).join(", ")
    return `${to.use("effect/Context")}.Service<${types}>()(${to.text(inner.arguments[0])})`
  }
  if (member === "HttpApiMiddleware.Tag") {
    const [id, options] = node.arguments
    const fields = fieldsOf(options, to) ?? {}
    const shown = Object.entries(fields).map(([name, text]) => `${name === "failure" ? "error" : name}: ${text}`)
    return `${to.use("effect/http-api/HttpApiMiddleware")}.Service<${
      printed(inner.typeArguments ?? [], to).join(", ")
    }>()(${to.text(id)}, {\n${shown.join(",\n")}\n})`
  }
  if (member === "RpcMiddleware.Tag") {
    return `${to.use("effect/rpc/RpcMiddleware")}.Service<${printed(inner.typeArguments ?? [], to).join(", ")}>()(${
      printed(node.arguments, to).join(", ")
    })`
  }
  return undefined
}

/** `class X extends Context.Reference<X>()("id", { defaultValue: (): T => v }) {}` → `const X = Context.Reference<T>("id", …)`. */
const reference = (node, to) => {
  if (!ts.isClassDeclaration(node)) return undefined
  const base = node.heritageClauses?.[0]?.types[0]?.expression
  if (base === undefined || !ts.isCallExpression(base) || !ts.isCallExpression(base.expression)) return undefined
  if (to.memberOf(base.expression.expression)?.join(".") !== "Context.Reference") return undefined
  const [id, options] = base.arguments
  const make = propertyOf(options, "defaultValue", to)
  const type = to.text(make.type)
  const C = to.use("effect/Context")
  const isExported = node.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword)
  const annotation = isExported ? `: ${C}.Reference<${type}>` : ""
  return `${isExported ? "export " : ""}const ${node.name.text}${annotation} = ${C}.Reference<${type}>(${to.text(id)}, {
  defaultValue: () => ${to.text(make.body)}
})`
}

/** Types that lie deeper: `Effect.Effect.Context<X>` → `Effect.Services<X>`. */
const types = (node, to) => {
  if (!ts.isQualifiedName(node)) return undefined
  const text = node.getText(to.file)
  const found = /^Effect\.Effect\.(Success|Error|Context)$/.exec(text)
  if (found !== null) {
    return `${to.use("effect/Effect", true)}.${found[1] === "Context" ? "Services" : found[1]}`
  }
  if (/^Schema\.Schema\.(Any|AnyNoContext)$/.test(text)) return `${to.use("effect/Schema", true)}.Codec<any, any>`
  if (text === "Config.Config.Wrap") return `${to.use("effect/Config", true)}.Wrap`
  const metric = /^Metric\.Metric\.(Counter|Histogram|Gauge)$/.exec(text)
  return metric === null ? undefined : `${to.use("effect/Metric", true)}.${metric[1]}`
}

/** One class of errors holds a reason, which is a class of its own. */
const reasons = {
  HttpClientError: {
    Transport: "TransportError",
    Encode: "EncodeError",
    InvalidUrl: "InvalidUrlError",
    StatusCode: "StatusCodeError",
    Decode: "DecodeError",
    EmptyBody: "EmptyBodyError"
  },
  HttpServerError: { Decode: "RequestParseError" }
}

const errorWithReason = (node, to) => {
  if (!ts.isNewExpression(node)) return undefined
  const [module, name] = to.memberOf(node.expression) ?? []
  if (module === undefined || !Object.hasOwn(reasons, module) || !/^(Request|Response)Error$/.test(name)) {
    return undefined
  }
  const options = node.arguments[0]
  const reason = propertyOf(options, "reason", to)
  if (reason === undefined || !ts.isStringLiteral(reason)) return undefined
  const M = to.use(`effect/http/${module}`)
  const rest = options.properties.filter((property) => property.name?.getText(to.file) !== "reason")
  return `new ${M}.${module}({ reason: new ${M}.${reasons[module][reason.text]}({ ${printed(rest, to).join(", ")} }) })`
}

/** `new SqlError({ cause, message })`: its reason is not known. */
const sqlError = (node, to) => {
  if (!ts.isNewExpression(node) || node.expression.getText(to.file) !== "SqlError") return undefined
  to.saysUnknown = true
  return `new SqlError({ reason: new UnknownError(${to.text(node.arguments[0])}) })`
}

/** An app is an effect that answers the current request. */
const app = (node, to) => {
  if (!ts.isTypeReferenceNode(node) || to.memberOf(node.typeName)?.join(".") !== "HttpApp.Default") return undefined
  const [error = "never", more] = printed(node.typeArguments ?? [], to)
  const response = `${to.use("effect/http/HttpServerResponse", true)}.HttpServerResponse`
  const request = `${to.use("effect/http/HttpServerRequest", true)}.HttpServerRequest`
  return `${to.use("effect/Effect", true)}.Effect<${response}, ${error}, ${
    more === undefined ? "" : `${more} | `
  }${request}>`
}

/** The identifiers of models are values, and no types. */
const typeId = (node, to) =>
  ts.isTypeReferenceNode(node) && /^Http\w+\.TypeId$/.test(node.typeName.getText(to.file))
    ? `typeof ${to.text(node.typeName)}`
    : undefined

/** `Tag["Type"]` → `Service["Service"]`. */
const shape = (node, to) => {
  if (!ts.isIndexedAccessTypeNode(node) || node.indexType.getText(to.file) !== "\"Type\"") return undefined
  return to.isService(node.objectType) ? `${to.text(node.objectType)}["Service"]` : undefined
}

/** A security check wraps what it guards. */
const security = (node, to) => {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined
  if (node.expression.name.text !== "of" || !ts.isObjectLiteralExpression(node.arguments[0])) return undefined
  const scheme = to.checker.getPropertyOfType(to.checker.getTypeAtLocation(node.expression.expression), "security")
  if (scheme === undefined) return undefined
  const checks = node.arguments[0].properties.map(({ initializer, name }) =>
    `${name.getText(to.file)}: (httpEffect, { credential: ${initializer.parameters[0].name.getText(to.file)} }) => ${
      E(to)
    }.andThen(${to.text(initializer.body)}, httpEffect)`
  )
  return `${to.text(node.expression)}({\n${checks.join(",\n")}\n})`
}

/** What was an effect itself, and how it becomes one. */
const conversions = {
  Either: (text, to) => `${E(to)}.fromResult(${text})`,
  Fiber: (text, to) => `${to.use("effect/Fiber")}.join(${text})`,
  Deferred: (text, to) => `${to.use("effect/Deferred")}.await(${text})`,
  Option: (text, to) => `${E(to)}.fromOption(${text})`
}

const asEffect = (node, to) => {
  if (!ts.isExpression(node) || to.isWrapped(node)) return undefined
  const kind = to.effectLike(node)
  if (kind === undefined) return undefined
  to.wrap(node)
  return conversions[kind](to.text(node), to)
}

/** The members of a clock. The one of nanoseconds was monotonic; now there are two. */
const clockMembers = {
  unsafeCurrentTimeMillis: ["currentTimeMillisUnsafe"],
  unsafeCurrentTimeNanos: ["currentTimeNanosUnsafe", "monotonicTimeNanosUnsafe"],
  currentTimeNanos: ["currentTimeNanos", "monotonicTimeNanos"]
}

const clock = (node, to) => {
  if (!ts.isObjectLiteralExpression(node)) return undefined
  const names = node.properties.map((property) => property.name?.getText(to.file))
  if (!names.includes("[Clock.ClockTypeId]")) return undefined
  const lines = node.properties.flatMap((property, index) => {
    if (names[index] === "[Clock.ClockTypeId]") return []
    if (ts.isSpreadAssignment(property) || !Object.hasOwn(clockMembers, names[index])) return [to.text(property)]
    return clockMembers[names[index]].map((name) => `${name}: ${to.text(property.initializer)}`)
  })
  return `{\n${lines.join(",\n")}\n}`
}

/** The first reason of a flat cause stands for the one failure of a tree. */
const firstReason = (node, to) => {
  if (!ts.isPropertyAccessExpression(node) || !/^(_tag|error)$/.test(node.name.text)) return undefined
  if (!to.isCause(node.expression)) return undefined
  return `${to.text(node.expression)}.reasons[0]${node.name.text === "_tag" ? "?" : "!"}.${node.name.text}`
}

/** A span has annotations where it had a context. */
const span = (node, to) => {
  const isContext = (ts.isShorthandPropertyAssignment(node) || ts.isPropertyAssignment(node)) &&
    node.name.getText(to.file) === "context" &&
    node.parent.properties.some((property) => property.initializer?.getText(to.file) === "\"Span\"")
  return isContext ? `annotations: ${ts.isPropertyAssignment(node) ? to.text(node.initializer) : "context"}` : undefined
}

/** `fiber.interruptAsFork(id)` → `Effect.sync(() => fiber.interruptUnsafe())`. */
const interruptAs = (node, to) =>
  ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) &&
    node.expression.name.text === "interruptAsFork"
    ? `${E(to)}.sync(() => ${to.text(node.expression.expression)}.interruptUnsafe())`
    : undefined

/** `LogLevel.None` → `"None"`. */
const logLevel = (node, to) => {
  const [module, name] = ts.isPropertyAccessExpression(node) ? to.memberOf(node) ?? [] : []
  return module === "LogLevel" ? `"${name}"` : undefined
}

/** Types with other parameters. */
const parameters = {
  // A metric has no parameter for its kind.
  "Metric.Metric": (args, to) => `${to.use("effect/Metric", true)}.Metric<${args.slice(-2).join(", ")}>`,
  // A schedule may fail.
  "Schedule.Schedule": (args, to) =>
    args.length < 3
      ? undefined
      : `${to.use("effect/Schedule", true)}.Schedule<${[args[0], args[1], "never", args[2]].join(", ")}>`,
  "Schema.Schema": (args, to) => `${to.use("effect/Schema", true)}.Codec<${args.join(", ")}>`
}

const typeReference = (node, to) => {
  if (!ts.isTypeReferenceNode(node) || node.typeArguments === undefined) return undefined
  const member = to.memberOf(node.typeName)?.join(".")
  if (member === undefined || !Object.hasOwn(parameters, member)) return undefined
  return parameters[member](printed(node.typeArguments, to), to)
}

/** `message: () => ({ message: "…", override: true })` → `message: "…"`. */
const message = (node, to) => {
  if (!ts.isPropertyAssignment(node) || node.name.getText(to.file) !== "message") return undefined
  const { initializer } = node
  const body = ts.isArrowFunction(initializer) && ts.isParenthesizedExpression(initializer.body)
    ? initializer.body.expression
    : undefined
  if (body === undefined || !ts.isObjectLiteralExpression(body) || propertyOf(body, "override", to) === undefined) {
    return undefined
  }
  return `message: ${to.text(propertyOf(body, "message", to))}`
}

/** A struct with a rest keeps its fields on the struct inside. */
const fieldsOfRest = (node, to) => {
  const left = ts.isQualifiedName(node) ? node.left : ts.isPropertyAccessExpression(node) ? node.expression : undefined
  const name = ts.isQualifiedName(node) ? node.right : node.name
  if (left === undefined || name.text !== "fields" || to.memberOf(node) !== undefined) return undefined
  const records = to.checker.getPropertyOfType(to.checker.getTypeAtLocation(left), "records")
  if (records === undefined) return undefined
  const count = to.checker.getTypeArguments?.(to.checker.getTypeOfSymbol(records)).length ?? 0
  return count === 0 ? undefined : `${to.text(left)}.schema.fields`
}

/** What a literal is compared with: the other side of an operator, or the first argument of an assertion. */
const comparedWith = (node) => {
  const { parent } = node
  if (ts.isConditionalExpression(parent) && parent.condition !== node) return comparedWith(parent)
  // `expect(x._tag).toBe("Left")`
  const expected = ts.isCallExpression(parent) && ts.isPropertyAccessExpression(parent.expression)
    ? parent.expression.expression
    : undefined
  if (expected !== undefined && ts.isCallExpression(expected)) return expected.arguments[0]
  return ts.isBinaryExpression(parent)
    ? parent.left
    : ts.isCallExpression(parent) && parent.arguments[0] !== node
    ? parent.arguments[0]
    : undefined
}

/** The two errors of a client are one class, and their reasons are classes. */
const clientErrors = (node, to) => {
  if (ts.isPropertyAccessExpression(node) && node.name.text === "reason" && to.isClientError(node.expression)) {
    const literals = ts.isCallExpression(node.parent) ? node.parent.arguments : [node.parent.right]
    const isReason = literals.some((one) =>
      one !== undefined && ts.isStringLiteral(one) && Object.hasOwn(reasons.HttpClientError, one.text)
    )
    return isReason ? `${to.text(node.expression)}.reason._tag` : undefined
  }
  if (!ts.isStringLiteral(node)) return undefined
  if (node.text === "ParseError") return "\"SchemaError\""
  if (node.text === "TimeoutException") return "\"TimeoutError\""
  const other = comparedWith(node)
  if (other === undefined || !ts.isPropertyAccessExpression(other) || !to.isClientError(other.expression)) {
    return undefined
  }
  if (other.name.text === "_tag" && /^(Request|Response)Error$/.test(node.text)) return "\"HttpClientError\""
  if (other.name.text !== "reason" || !Object.hasOwn(reasons.HttpClientError, node.text)) return undefined
  return `"${reasons.HttpClientError[node.text]}"`
}

/** `{ _tag: "Left", left }` and `"left.reason"`, as assertions have them. */
const shapesOfEither = (node, to) => {
  if (ts.isStringLiteral(node) && /^(left|right)\./.test(node.text) && ts.isCallExpression(node.parent)) {
    return `"${node.text.replace(/^left/, "failure").replace(/^right/, "success")}"`
  }
  if (!ts.isObjectLiteralExpression(node)) return undefined
  const [only, ...more] = node.properties
  if (
    only !== undefined && more.length === 0 && ts.isPropertyAssignment(only) && to.isTest &&
    only.name.getText(to.file) === "left" && ts.isObjectLiteralExpression(only.initializer)
  ) {
    return `{ failure: ${to.text(only.initializer)} }`
  }
  const given = propertyOf(node, "_tag", to)
  if (given === undefined || !ts.isStringLiteral(given) || !/^(Left|Right)$/.test(given.text)) return undefined
  const lines = node.properties.map((property) => {
    const name = property.name?.getText(to.file)
    if (name === "_tag") return given.text === "Left" ? "_tag: \"Failure\"" : "_tag: \"Success\""
    if (name === "left") return `failure: ${to.text(property.initializer ?? property.name)}`
    if (name === "right") return `success: ${to.text(property.initializer ?? property.name)}`
    return to.text(property)
  })
  return `{ ${lines.join(", ")} }`
}

/** `"Left"` beside the `_tag` of an Either. */
const tag = (node, to) => {
  if (!ts.isStringLiteral(node) || !/^(Left|Right)$/.test(node.text)) return undefined
  const other = comparedWith(node)
  const isTag = other !== undefined && ts.isPropertyAccessExpression(other) && other.name.text === "_tag" &&
    to.isEither(other.expression)
  return isTag ? node.text === "Left" ? "\"Failure\"" : "\"Success\"" : undefined
}

/** `Effect.gen(this, function*` → `Effect.gen({ self: this }, function*`. */
const self = (node, to) => {
  if (node.kind !== ts.SyntaxKind.ThisKeyword || !ts.isCallExpression(node.parent)) return undefined
  return to.memberOf(node.parent.expression)?.join(".") === "Effect.gen" ? "{ self: this }" : undefined
}

/** `it.scoped` is `it.effect`: every effect of a test has a scope. */
const scopedTests = (node, to) => {
  if (!ts.isPropertyAccessExpression(node) || node.expression.getText(to.file) !== "it") return undefined
  return { scoped: "it.effect", scopedLive: "it.live" }[node.name.text]
}

/** `fiber.unsafePoll() === null` → `fiber.pollUnsafe() === undefined`. */
const polled = (node, to) => {
  if (node.kind !== ts.SyntaxKind.NullKeyword || !ts.isBinaryExpression(node.parent)) return undefined
  return /\.unsafePoll\(\)$/.test(node.parent.left.getText(to.file)) ? "undefined" : undefined
}

const setters = {
  setPath: "params",
  setHeaders: "headers",
  setPayload: "payload",
  setUrlParams: "query",
  addSuccess: "success"
}

/** Without codecs the query is the fields of a struct. */
const queryOf = (node, to) =>
  ts.isCallExpression(node) && to.memberOf(node.expression)?.join(".") === "Schema.Struct"
    ? to.text(node.arguments[0])
    : `${to.text(node)}.fields`

/** A schema with the status that stood beside it. */
const withStatus = ([schema, options], to) =>
  options === undefined
    ? to.text(schema)
    : `${to.text(schema)}.pipe(${to.use("effect/http-api/HttpApiSchema")}.status(${
      to.text(propertyOf(options, "status", to))
    }))`

/** A chain of setters on an endpoint became one object. Errors that a group or an API adds are given by its constants. */
const endpoint = (node, to) => {
  if (!ts.isCallExpression(node) || ts.isPropertyAccessExpression(node.parent)) return undefined
  const chain = []
  let at = node
  while (
    ts.isCallExpression(at) && ts.isPropertyAccessExpression(at.expression) && to.memberOf(at.expression) === undefined
  ) {
    chain.unshift([at.expression.name.text, at.arguments])
    at = at.expression.expression
  }
  if (!ts.isCallExpression(at) || to.memberOf(at.expression)?.[0] !== "HttpApiEndpoint") return undefined
  const options = {}
  const errors = []
  let rest = ""
  for (const [name, args] of chain) {
    if (name === "setUrlParams") options.query = queryOf(args[0], to)
    else if (Object.hasOwn(setters, name)) options[setters[name]] = withStatus(args, to)
    else if (name === "addError") errors.push(withStatus(args, to))
    else rest += `\n.${name}(${printed(args, to).join(", ")})`
  }
  if (to.commonErrors().length > 0) errors.push("...everywhere")
  if (errors.length > 0) options.error = `[${errors.join(", ")}]`
  // As in Effect 3: a schema stands for the bytes, and no codec of JSON or of texts is laid over it.
  const fields = ["disableCodecs: true", ...Object.entries(options).map(([name, text]) => `${name}: ${text}`)]
  const args = [...printed(at.arguments, to), ...(fields.length === 0 ? [] : [`{\n${fields.join(",\n")}\n}`])]
  return `${to.text(at.expression)}(${args.join(", ")})${rest}`
}

/** The parameters of an endpoint have other names where they are given and where they are taken. */
const endpointNames = { path: "params", urlParams: "query" }

const endpointArguments = (node, to) => {
  const isShort = ts.isShorthandPropertyAssignment(node)
  if (
    (isShort || ts.isPropertyAssignment(node)) && ts.isIdentifier(node.name) &&
    Object.hasOwn(endpointNames, node.name.text)
  ) {
    if (!to.isOfEndpoint(to.checker.getContextualType(node.parent), node.name.text)) return undefined
    return `${endpointNames[node.name.text]}: ${isShort ? node.name.text : to.text(node.initializer)}`
  }
  if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
    const name = (node.propertyName ?? node.name).getText(to.file)
    if (!Object.hasOwn(endpointNames, name)) return undefined
    if (!to.isOfEndpoint(to.checker.getTypeAtLocation(node.parent), name)) return undefined
    return `${endpointNames[name]}: ${to.text(node.name)}`
  }
  return undefined
}

/** A test that does not run on Effect 4 is skipped by name, and counted. */
const leftOutTest = (node, to) => {
  if (!ts.isCallExpression(node) || !/^it(\.\w+)?$/.test(node.expression.getText(to.file))) return undefined
  const [name] = node.arguments
  if (name === undefined || !ts.isStringLiteralLike(name) || !to.isLeftOut(name.text)) return undefined
  return `${to.text(node.expression)}.skip(${printed(node.arguments, to).join(", ")})`
}

export const rules = [
  asEffect,
  clock,
  interruptAs,
  firstReason,
  span,
  leftOutTest,
  logLevel,
  errorWithReason,
  sqlError,
  app,
  typeId,
  shape,
  security,
  apiError,
  endpointArguments,
  endpoint,
  call,
  service,
  reference,
  types,
  typeReference,
  message,
  method,
  fieldsOfRest,
  clientErrors,
  shapesOfEither,
  tag,
  self,
  scopedTests,
  polled
]
