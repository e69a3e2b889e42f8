/**
 * Rewrites one source file for Effect 4. A file is printed node by node: a rule of rules.mjs prints a node in its own way, and every
 * other node is its text with its children printed in place. Imports are collected and written anew.
 */
import * as path from "node:path"
import ts from "typescript"
import { members, methods, modules, namespaces } from "./names.mjs"
import { rules } from "./rules.mjs"

const last = (module) => module.split("/").pop()
const namespaceOf = (module) => namespaces[module] ?? last(module)

/** The namespaces of Effect that a file imports: `Effect` → `effect/Effect`. */
const imported = (file) => {
  const found = new Map()
  for (const node of file.statements) {
    if (!ts.isImportDeclaration(node)) continue
    const bindings = node.importClause?.namedBindings
    if (bindings === undefined || !ts.isNamespaceImport(bindings)) continue
    if (/^@?effect\//.test(node.moduleSpecifier.text)) found.set(bindings.name.text, node.moduleSpecifier.text)
  }
  return found
}

/** The name of Effect's module that declares a symbol, such as `Either` for `.left`. */
const declaredIn = (symbol) => {
  const file = symbol?.declarations?.[0]?.getSourceFile().fileName ?? ""
  return /node_modules\/(?:@effect\/[\w-]+|effect)\//.test(file)
    ? path.basename(file).replace(/\.d\.ts$/, "")
    : undefined
}

/** An endpoint itself has a path, too: only the parameters of a request have another name. */
const isNotOfModel = (declaration) =>
  declaration.parent?.name?.text !== "HttpApiEndpoint" || declaration.name?.text !== "path"

/** Types that were effects: the name of the type → the module that declares it. */
const effectLikes = {
  Left: "Either",
  Right: "Either",
  None: "Option",
  Some: "Option",
  Deferred: "Deferred",
  Fiber: "Fiber",
  RuntimeFiber: "Fiber"
}

class Rewriter {
  constructor(file, checker, place, leftOut) {
    /** Names of tests. */
    this.leftOut = leftOut
    this.file = file
    this.checker = checker
    this.place = place
    this.source = file.text
    this.known = imported(file)
    /** Namespaces that the output uses: namespace → module. */
    this.used = new Map()
    this.typesOnly = new Map()
    /** Expressions that are made effects. */
    this.wrapped = new Set()
  }

  /** The module behind `name` in `name.member`, if it is one of Effect's. */
  moduleOf(node) {
    if (!ts.isIdentifier(node) || !this.known.has(node.text)) return undefined
    return this.known.get(node.text)
  }

  /** `Effect.catchAll` → `["Effect", "catchAll"]`, by the module's name. */
  memberOf(node) {
    if (ts.isPropertyAccessExpression(node)) {
      const module = this.moduleOf(node.expression)
      return module === undefined ? undefined : [last(module), node.name.text]
    }
    if (ts.isQualifiedName(node)) {
      const module = this.moduleOf(node.left)
      return module === undefined ? undefined : [last(module), node.right.text]
    }
    return undefined
  }

  get isTest() {
    return this.place.startsWith("test/")
  }

  /** Writes a namespace of the output, which will be imported. */
  use(module, isType = false) {
    const namespace = namespaceOf(module)
    this.used.set(namespace, module)
    if (!isType) this.typesOnly.set(namespace, false)
    else if (!this.typesOnly.has(namespace)) this.typesOnly.set(namespace, true)
    return namespace
  }

  /** Whether a node stands where only types stand. */
  isType(node) {
    for (let at = node; at !== undefined; at = at.parent) {
      if (ts.isExpressionWithTypeArguments(at)) {
        return !(ts.isHeritageClause(at.parent) && at.parent.token === ts.SyntaxKind.ExtendsKeyword &&
          ts.isClassLike(at.parent.parent) && at.expression.pos <= node.pos && node.end <= at.expression.end)
      }
      if (ts.isTypeQueryNode(at)) return false
      if (ts.isTypeNode(at)) return true
      if (ts.isExpression(at) && !ts.isIdentifier(at) && !ts.isPropertyAccessExpression(at)) return false
      if (ts.isStatement(at)) return false
    }
    return false
  }

  text(node) {
    for (const rule of rules) {
      const printed = rule(node, this)
      if (printed !== undefined) return printed
    }
    return this.asItIs(node)
  }

  /** The node's own text, with its children printed. */
  asItIs(node) {
    const member = this.memberOf(node)
    if (member !== undefined) return this.member(node, ...member)
    if (ts.isIdentifier(node)) return this.identifier(node)
    let out = ""
    let at = node.getStart(this.file)
    ts.forEachChild(node, (child) => {
      const start = child.getStart(this.file)
      if (child.pos === child.end && child.kind !== ts.SyntaxKind.OmittedExpression) return
      out += this.source.slice(at, start) + this.text(child)
      at = child.end
    })
    return out + this.source.slice(at, node.end)
  }

  member(node, module, name) {
    const renamed = Object.hasOwn(members, module) && Object.hasOwn(members[module], name)
      ? members[module][name]
      : name
    const isType = this.isType(node)
    if (Array.isArray(renamed)) return `${this.use(renamed[0], isType)}.${renamed[1]}`
    const identifier = ts.isQualifiedName(node) ? node.left : node.expression
    const from = this.known.get(identifier.text)
    return `${this.use(modules[from] ?? from, isType)}.${renamed}`
  }

  identifier(node) {
    const { parent } = node
    if (ts.isPropertyAccessExpression(parent) && parent.name === node) return this.property(node)
    const module = this.moduleOf(node)
    const isName = (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent) || ts.isMethodSignature(parent) ||
      ts.isVariableDeclaration(parent) || ts.isClassDeclaration(parent) || ts.isImportSpecifier(parent) ||
      ts.isInterfaceDeclaration(parent) || ts.isTypeAliasDeclaration(parent)) && parent.name === node
    if (module !== undefined && !isName && !ts.isQualifiedName(parent)) return this.use(modules[module] ?? module)
    return node.text
  }

  property(node) {
    const names = Object.entries(methods).filter(([, table]) => Object.hasOwn(table, node.text))
    if (names.length === 0) return node.text
    const type = this.checker.getTypeAtLocation(node.parent.expression)
    const symbol = this.checker.getPropertyOfType(type, node.text) ?? this.checker.getSymbolAtLocation(node)
    const homes = (symbol?.declarations ?? []).filter(isNotOfModel).map((declaration) =>
      declaredIn({ declarations: [declaration] })
    )
    for (const [module, table] of names) if (homes.includes(module)) return table[node.text]
    return node.text
  }

  /** Whether the type of an expression is one of Effect's, by the module that declares it. */
  isOf(node, module) {
    const type = this.checker.getTypeAtLocation(node)
    const symbols = [type.aliasSymbol, type.symbol]
    return symbols.some((symbol) => symbol?.name === module || symbol !== undefined && declaredIn(symbol) === module)
  }

  /** Whether a type node names a service of Effect 3, by its class or by its value. */
  isService(node) {
    const type = this.checker.getTypeFromTypeNode(node)
    const symbol = this.checker.getPropertyOfType(type, "Type")
    return (symbol?.declarations ?? []).some((declaration) => declaredIn({ declarations: [declaration] }) === "Context")
  }

  isWrapped(node) {
    return this.wrapped.has(node)
  }

  wrap(node) {
    this.wrapped.add(node)
  }

  /** `Either`, `Fiber`, … if an expression is one that stands where an effect is expected. */
  effectLike(node) {
    if (!ts.isIdentifier(node) && !ts.isCallExpression(node) && !ts.isPropertyAccessExpression(node)) return undefined
    const { parent } = node
    if (ts.isPropertyAccessExpression(parent)) return undefined
    if (ts.isCallExpression(parent) && parent.expression === node) return undefined
    if (ts.isYieldExpression(parent)) return this.isInGenOfEither(node) ? undefined : this.kindOf(node)
    const isValue = ts.isCallExpression(parent) || ts.isArrowFunction(parent) && parent.body === node ||
      ts.isConditionalExpression(parent) || ts.isReturnStatement(parent)
    if (!isValue) return undefined
    const kind = this.kindOf(node)
    if (kind === undefined) return undefined
    const expected = this.checker.getContextualType(node)
    const names = expected === undefined ? [] : this.membersOf(expected).map((type) => type.symbol?.name ?? "")
    return names.includes("Effect") && !names.some((name) => Object.hasOwn(effectLikes, name)) ? kind : undefined
  }

  kindOf(node) {
    const kinds = this.membersOf(this.checker.getTypeAtLocation(node)).map(({ symbol }) =>
      symbol !== undefined && Object.hasOwn(effectLikes, symbol.name) &&
        declaredIn(symbol) === effectLikes[symbol.name]
        ? effectLikes[symbol.name]
        : undefined
    )
    return kinds.every((kind) => kind === kinds[0]) ? kinds[0] : undefined
  }

  isInGenOfEither(node) {
    for (let at = node; at !== undefined; at = at.parent) {
      if (!ts.isFunctionExpression(at)) continue
      return ts.isCallExpression(at.parent) && this.memberOf(at.parent.expression)?.join(".") === "Either.gen"
    }
    return false
  }

  membersOf(type) {
    return type.isUnion() ? type.types : [type]
  }

  isCause(node) {
    return this.membersOf(this.checker.getTypeAtLocation(node)).every(({ symbol }) =>
      symbol !== undefined && declaredIn(symbol) === "Cause" &&
      /^(Fail|Die|Empty|Interrupt|Sequential|Parallel)$/.test(symbol.name)
    )
  }

  isClientError(node) {
    return this.membersOf(this.checker.getTypeAtLocation(node)).some(({ symbol }) =>
      symbol !== undefined && declaredIn(symbol) === "HttpClientError" && /^(Request|Response)Error$/.test(symbol.name)
    )
  }

  isLeftOut(name) {
    return this.leftOut.includes(name)
  }

  /** Whether an expression is an Either of Effect 3. */
  isEither(node) {
    const symbol = this.checker.getPropertyOfType(this.checker.getTypeAtLocation(node), "_tag")
    return (symbol?.declarations ?? []).some((declaration) => declaredIn({ declarations: [declaration] }) === "Either")
  }

  /** Whether a type has a property that the endpoints of Effect 3 declare. */
  isOfEndpoint(type, name) {
    const symbol = type === undefined ? undefined : this.checker.getPropertyOfType(type, name)
    return (symbol?.declarations ?? []).filter(isNotOfModel).some((declaration) =>
      /^HttpApi(Endpoint|Builder|Client)$/.test(declaredIn({ declarations: [declaration] }) ?? "")
    )
  }

  /** The function that a chain of calls begins with: `HttpApi.make`. */
  rootOf(node) {
    let at = node
    while (ts.isCallExpression(at) || ts.isPropertyAccessExpression(at)) {
      const member = this.memberOf(at)
      if (member !== undefined) return member
      at = at.expression
    }
    return undefined
  }

  isOfApi(node) {
    return this.rootOf(node)?.[0] === "HttpApi"
  }

  /** What the API of this file adds to each of its endpoints. */
  commonErrors() {
    if (this.common === undefined) {
      this.common = []
      const visit = (node) => {
        if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
          if (node.expression.name.text === "addError" && this.isOfApi(node)) this.common.unshift(node.arguments[0])
        }
        ts.forEachChild(node, visit)
      }
      visit(this.file)
    }
    return this.common
  }

  /** The constant that stands before the first group of the file. */
  everywhere() {
    const errors = this.commonErrors().map((error) => this.text(error)).join(",\n")
    return `/** What any endpoint may answer. */\nconst everywhere = [\n${errors}\n] as const`
  }

  isFirstGroup(node) {
    if (node.parent !== this.file) return false
    this.firstGroup ??= this.file.statements.find((statement) => {
      const base = ts.isClassDeclaration(statement) ? statement.heritageClauses?.[0]?.types[0]?.expression : undefined
      return base !== undefined && this.rootOf(base)?.[0] === "HttpApiGroup"
    }) ?? null
    return node === this.firstGroup
  }

  print() {
    const imports = this.file.statements.filter((node) => ts.isImportDeclaration(node))
    const others = this.file.statements.filter((node) => !ts.isImportDeclaration(node))
    const first = imports[0]
    const head = first === undefined ? "" : this.source.slice(0, first.getStart(this.file))
    let at = first === undefined ? 0 : imports[imports.length - 1].end
    let body = ""
    for (const node of others) {
      if (node.end <= at) throw new Error(`${this.place}: a statement stands before an import`)
      const isFirst = this.isFirstGroup(node) && this.commonErrors().length > 0
      const lead = this.source.slice(at, node.getStart(this.file))
      body += (isFirst ? `\n\n${this.everywhere()}` : "") + lead + this.text(node)
      at = node.end
    }
    body += this.source.slice(at)
    return head + this.imports(imports) + body
  }

  imports(nodes) {
    const lines = []
    for (const node of nodes) {
      const bindings = node.importClause?.namedBindings
      const module = node.moduleSpecifier.text
      if (bindings !== undefined && ts.isNamespaceImport(bindings) && this.known.has(bindings.name.text)) continue
      const to = modules[module] ?? this.relative(module)
      const line = node.getText(this.file).replace(`"${module}"`, `"${to}"`)
      lines.push([
        to,
        to === "effect/sql/SqlError" && this.saysUnknown
          ? line.replace(/\bSqlError \}/, "SqlError, UnknownError }")
          : line
      ])
    }
    for (const [namespace, module] of this.used) {
      const type = this.typesOnly.get(namespace) ? "type " : ""
      lines.push([module, `import ${type}* as ${namespace} from "${module}"`])
    }
    const isNear = ([module]) => module.startsWith(".")
    const far = lines.filter((line) => !isNear(line)).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0)
    return [...far, ...lines.filter(isNear)].map(([, line]) => line).join("\n")
  }

  /** Tests reach into `packages/core/src`; the generated packages have no folder above their own. */
  relative(module) {
    return module.replace(/^((?:\.\.\/)+)packages\//, "$1")
  }
}

/** `leftOut`: the names of the tests in this file that do not run on Effect 4. */
export const rewrite = (file, checker, place, leftOut = []) => new Rewriter(file, checker, place, leftOut).print()
