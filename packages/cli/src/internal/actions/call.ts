import { isAuthError } from "@effect-auth/core/AuthError"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpMethod from "@effect/platform/HttpMethod"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Fs from "node:fs/promises"
import { CallFailed, HttpStatus, UsageError } from "../failures.ts"
import * as Output from "../output.ts"
import { withProgress } from "../progress.ts"
import * as session from "../session.ts"

export interface Options extends session.Which {
  readonly method: string
  readonly path: string
  readonly data: Option.Option<string>
  readonly header: ReadonlyArray<string>
  readonly json: boolean
}

const readFile = (path: string) =>
  Effect.tryPromise({
    try: async () => new Uint8Array(await Fs.readFile(path)),
    catch: () => new UsageError({ message: `--data: ${path} can't be read` })
  })

const readStdin = Effect.tryPromise({
  try: async () => {
    const chunks: Array<Buffer> = []
    for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk))
    return new Uint8Array(Buffer.concat(chunks))
  },
  catch: () => new UsageError({ message: "standard input can't be read" })
})

/** `@file`, `@-` for standard input (as in curl), else the text itself. */
const bytesOf = (data: string): Effect.Effect<Uint8Array, UsageError> => {
  if (data === "@-") return readStdin
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
  { account, client }: session.Session,
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
      body: new Uint8Array(body)
    }))
  )
}

/** The body to standard output, as it came; with `--json` status and body in one object. */
export const run = (options: Options) =>
  Effect.gen(function*() {
    const request = yield* requestOf(options)
    yield* session.use(options, "call", (opened) =>
      Effect.gen(function*() {
        const { body, contentType, status } = yield* answerOf(opened, request)
        if (options.json) {
          const text = new TextDecoder().decode(body)
          const json = { status, contentType, body: body.length === 0 ? null : parsed(text) }
          yield* Output.print({ text: "", json }, true)
        } else yield* Output.stdout(body)
        const { account: { account, provider } } = opened
        if (status >= 400) return yield* new HttpStatus({ provider, account, status })
      }))
  })
