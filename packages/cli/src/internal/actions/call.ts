import { isAuthError } from "@effect-auth/core/AuthError"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpMethod from "@effect/platform/HttpMethod"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Fs from "node:fs/promises"
import * as Http from "node:http"
import * as connected from "../connected.ts"
import { CallFailed, HttpStatus, UsageError } from "../failures.ts"
import { indent } from "../jsonText.ts"
import * as keeper from "../keeper/place.ts"
import * as Output from "../output.ts"
import { withProgress } from "../progress.ts"
import * as query from "../query.ts"
import type * as session from "../session.ts"
import * as Stdin from "../stdin.ts"

export interface Options extends session.Which {
  readonly method: string
  readonly path: string
  readonly data: Option.Option<string>
  readonly header: ReadonlyArray<string>
  readonly keeper: Option.Option<string>
  /** Prints the status line and the headers of the answer, too. */
  readonly include: boolean
  /** A JMESPath expression: only this part of the body is printed. */
  readonly query: Option.Option<string>
  readonly json: boolean
}

const readFile = (path: string) =>
  Effect.tryPromise({
    try: async () => new Uint8Array(await Fs.readFile(path)),
    catch: () => new UsageError({ message: `--data: ${path} can't be read` })
  })

/** `@file`, `@-` for standard input (as in curl), else the text itself. */
const bytesOf = (data: string): Effect.Effect<Uint8Array, UsageError> => {
  if (data === "@-") return Stdin.bytes
  return data.startsWith("@") ? readFile(data.slice(1)) : Effect.succeed(new TextEncoder().encode(data))
}

const headersOf = (lines: ReadonlyArray<string>) =>
  Effect.forEach(lines, (line) => {
    const at = line.indexOf(":")
    const name = line.slice(0, Math.max(at, 0)).trim().toLowerCase()
    return /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)
      ? Effect.succeed([name, line.slice(at + 1).trim()] as const)
      : Effect.fail(new UsageError({ message: "--header is \"Name: value\"" }))
  })

const requestOf = Effect.fnUntraced(function*(options: Options) {
  const method = options.method.toUpperCase()
  if (!HttpMethod.isHttpMethod(method)) return yield* new UsageError({ message: "METHOD is GET, POST, PUT, …" })
  const headers = yield* headersOf(options.header)
  const request = HttpClientRequest.setHeaders(HttpClientRequest.make(method)(options.path), headers)
  if (Option.isNone(options.data)) return request
  if (method === "GET" || method === "HEAD") {
    return yield* new UsageError({ message: `${method} carries no --data` })
  }
  const [, type = "application/json"] = headers.find(([name]) => name === "content-type") ?? []
  return HttpClientRequest.setBody(request, HttpBody.uint8Array(yield* bytesOf(options.data.value), type))
})

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const answerOf = (
  { account, client }: Pick<connected.Session, "account" | "client">,
  request: HttpClientRequest.HttpClientRequest
) => {
  const failed = new CallFailed({ provider: account.provider, account: account.account, method: request.method })
  return client.execute(request).pipe(
    Effect.bindTo("response"),
    Effect.bind("body", ({ response }) => response.arrayBuffer),
    Effect.mapError((error) => isAuthError(error) ? error : failed),
    withProgress(`${account.provider}: ${request.method}`),
    Effect.map(({ body, response }) => ({
      status: response.status,
      contentType: response.headers["content-type"] ?? null,
      headers: response.headers,
      body: new Uint8Array(body)
    }))
  )
}

type Answer = Effect.Effect.Success<ReturnType<typeof answerOf>>

const statusLine = (status: number): string => `HTTP ${status} ${Http.STATUS_CODES[status] ?? ""}`.trimEnd()

const head = ({ headers, status }: Answer): string => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return `${[statusLine(status), ...lines].join("\n")}\n\n`
}

const isJson = ({ contentType }: Answer): boolean => /^application\/([\w.-]+\+)?json\b/i.test(contentType ?? "")

const print = Effect.fnUntraced(function*(answer: Answer, options: Options) {
  const { body, contentType, status } = answer
  const text = new TextDecoder().decode(body)
  // The body of an error has another shape than the expression is made for.
  const expression = status < 400 ? Option.getOrUndefined(options.query) : undefined
  const part = expression === undefined ? undefined : yield* query.select(text, expression)
  if (options.json) {
    const json = {
      status,
      contentType,
      ...(options.include ? { headers: { ...answer.headers } } : {}),
      body: expression !== undefined ? part ?? null : body.length === 0 ? null : parsed(text)
    }
    return yield* Output.print({ text: "", json }, true)
  }
  if (options.include) yield* Output.stdout(head(answer))
  const isTerminal = process.stdout.isTTY === true
  if (expression !== undefined) return yield* Output.stdout(`${query.shown(part, isTerminal)}\n`)
  const shown = isTerminal && isJson(answer) ? indent(text) : undefined
  yield* Output.stdout(shown === undefined ? body : `${shown}\n`)
})

/** The body to standard output: as it came, or on a terminal indented; with `--json` status and body in one object. */
export const run = (options: Options) =>
  Effect.gen(function*() {
    yield* Effect.transposeMapOption(options.query, query.check)
    const request = yield* requestOf(options)
    const work = (opened: Pick<connected.Session, "account" | "client">) =>
      Effect.gen(function*() {
        const answer = yield* answerOf(opened, request)
        yield* print(answer, options)
        const { account: { account, provider } } = opened
        if (answer.status >= 400) return yield* new HttpStatus({ provider, account, status: answer.status })
      })
    const place = yield* keeper.asked(options.keeper)
    if (place === undefined) return yield* connected.use(options, "call", work)
    const { connected: atKeeper } = yield* Effect.promise(() => import("../keeper/session.ts"))
    return yield* atKeeper(options, place, work)
  })
