/**
 * Every provider is driven through every kind of failure by a server that repeats whatever it was sent, and everything
 * that a program can see of it is looked at: values, errors, causes, logs, spans, metrics, events, records, documents.
 */
import * as AuthError from "@effect-auth/core/AuthError"
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import type { AuthService } from "@effect-auth/core/AuthService"
import * as EncryptedTokenStore from "@effect-auth/core/EncryptedTokenStore"
import * as ProviderLayers from "@effect-auth/core/ProviderLayers"
import type * as RecordKey from "@effect-auth/core/RecordKey"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as PitchpointAuth from "@effect-auth/pitchpoint/PitchpointAuth"
import * as PlacewiseAuth from "@effect-auth/placewise/PlacewiseAuth"
import * as PriavaAuth from "@effect-auth/priava/PriavaAuth"
import * as PitchpointSandbox from "@effect-auth/testing/pitchpoint"
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import * as PriavaSandbox from "@effect-auth/testing/priava"
import * as Redaction from "@effect-auth/testing/Redaction"
import type * as Sandbox from "@effect-auth/testing/Sandbox"
import * as WalletAppSandbox from "@effect-auth/testing/wallet-app"
import * as WalletAppAuth from "@effect-auth/wallet-app/WalletAppAuth"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { inspect } from "node:util"
import * as autoClock from "../support/autoClock.ts"
import { capturingTracer } from "../support/capturingTracer.ts"

const printers = {
  "util.inspect": (value: unknown) => inspect(value, { depth: 10 }),
  "util.inspect hidden": (value: unknown) => inspect(value, { depth: 10, showHidden: true, getters: true }),
  "util.inspect raw": (value: unknown) => inspect(value, { depth: 10, customInspect: false }),
  "a template": (value: unknown) => `${value}`,
  "the stack": (value: unknown) => value instanceof Error ? String(value.stack) : ""
}

const base64 = (text: string) => Buffer.from(text, "utf8").toString("base64")

/** All that a request holds, in the spellings in which a careless server writes it into its answers. */
const everythingIn = (request: HttpClientRequest.HttpClientRequest): string => {
  const body = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""
  return `${request.url} ${JSON.stringify(request.headers)} ${body}`
}

/** One way to fail. */
type Fault =
  | { readonly answers: (request: HttpClientRequest.HttpClientRequest) => Response }
  | {
    readonly fails: (
      request: HttpClientRequest.HttpClientRequest
    ) => Effect.Effect<never, HttpClientError.HttpClientError>
  }

const echo = (status: number, spell: (text: string) => string, type = "application/json"): Fault => ({
  answers: (request) => {
    const told = spell(everythingIn(request))
    const header = base64(everythingIn(request))
    const body = type === "application/json"
      ? JSON.stringify({
        error: told,
        error_description: told,
        message: told,
        details: { [told]: [{ error: told, value: told }] }
      })
      : told
    const allowsBody = ![204, 205, 304].includes(status)
    return new Response(allowsBody ? body : null, {
      status,
      headers: {
        "content-type": type,
        "x-echo": header,
        "x-said": request.headers["authorization"] ?? request.headers["x-client-authorization"] ?? "nothing",
        "www-authenticate": request.headers["authorization"] ?? "Bearer",
        "set-cookie": `sid=${header}`,
        location: `https://evil.test/?${header}`
      }
    })
  }
})

const failing = (cause: (request: HttpClientRequest.HttpClientRequest) => unknown): Fault => ({
  fails: (request) =>
    Effect.fail(
      new HttpClientError.RequestError({
        request,
        reason: "Transport",
        cause: cause(request),
        description: everythingIn(request)
      })
    )
})

const silence: Fault = { fails: () => Effect.never }

export const faults: Readonly<Record<string, Fault>> = {
  "400 plain": echo(400, (text) => text),
  "400 url": echo(400, encodeURIComponent),
  "400 base64": echo(400, base64),
  "400 base64 inside": echo(400, (text) => base64(`{"a":${text}}`)),
  "401": echo(401, (text) => text),
  "403": echo(403, (text) => text),
  "404": echo(404, (text) => text),
  "422": echo(422, (text) => text),
  "429": echo(429, (text) => text),
  "460": echo(460, (text) => text),
  "461": echo(461, base64),
  "462": echo(462, (text) => text),
  "467": echo(467, encodeURIComponent),
  "470": echo(470, (text) => text),
  "500": echo(500, (text) => text),
  "503 text": echo(503, (text) => text, "text/plain"),
  "302": echo(302, (text) => text),
  "200 of another form": echo(200, (text) => text),
  "200 text": echo(200, (text) => text, "text/plain"),
  "204": echo(204, (text) => text),
  "a transport error with a text": failing(everythingIn),
  "a transport error with an error": failing((request) =>
    new TypeError(everythingIn(request), { cause: everythingIn(request) })
  ),
  "a transport error with the request": failing((request) => ({ request, cause: request })),
  "a decode error": {
    fails: (request) =>
      Effect.fail(
        new HttpClientError.ResponseError({
          request,
          reason: "Decode",
          cause: new SyntaxError(`Unexpected token, "${everythingIn(request)}" is not valid JSON`),
          response: HttpClientResponse.fromWeb(request, new Response(everythingIn(request)))
        })
      )
  },
  "a status error": {
    fails: (request) =>
      Effect.fail(
        new HttpClientError.ResponseError({
          request,
          reason: "StatusCode",
          description: everythingIn(request),
          response: HttpClientResponse.fromWeb(request, new Response(everythingIn(request), { status: 418 }))
        })
      )
  },
  silence
}

interface Subject {
  readonly name: string
  readonly sandbox: (tokenText: (kind: "access" | "refresh") => string) => Effect.Effect<Sandbox.Sandbox>
  readonly secrets: ReadonlyArray<string>
  readonly path: string
  readonly make: Effect.Effect<
    {
      readonly auth: AuthService<any>
      readonly client: HttpClient.HttpClient.With<unknown>
      readonly signIn: Effect.Effect<unknown, unknown>
      readonly others: Readonly<Record<string, Effect.Effect<unknown, unknown>>>
      /** Everything that was put in and given out: printed as well. */
      readonly held: unknown
    },
    unknown,
    HttpClient.HttpClient | TokenStore.TokenStore | Scope.Scope
  >
}

const onDemand = { refresh: { mode: "onDemand" } } as const

/** A secret that differs in every spelling. */
const secretText = (name: string) => `${name}+s3cr3t/of "42" & ü=`

const visible = (name: string) => `${name}+s3cr3t/of'42'&=`

/** A code works once. */
const codes = Array.from({ length: 40 }, (_, index) => visible(`code-${index}`))

export const subjects: ReadonlyArray<Subject> = [
  {
    name: "placewise",
    path: "/members/me/rewards-program/status",
    secrets: [secretText("password"), visible("client-token"), visible("google-token")],
    sandbox: (tokenText) =>
      PlacewiseSandbox.make({
        clientToken: visible("client-token"),
        members: [{ id: 42, email: "ola@example.com", password: secretText("password"), balance: 1 }],
        tokens: { tokenText }
      }),
    make: Effect.gen(function*() {
      const data = {
        club: "infinity-mall",
        clientToken: Redacted.make(visible("client-token")),
        userAgent: "test/1.0",
        productName: "sandbox"
      }
      const auth = yield* ProviderLayers.makeSession(PlacewiseAuth.provider, data, onDemand)
      const client = yield* AuthHttpClient.fromSession(auth)
      const kept = yield* AuthHttpClient.fromSession(auth, { onRejected: "response", replay: "never" })
      const password = Redacted.make(secretText("password"))
      return {
        auth,
        client,
        signIn: auth.signIn({ _tag: "Password", identifier: { email: "ola@example.com" }, password }),
        others: {
          external: auth.signIn({
            _tag: "ExternalToken",
            provider: "google",
            token: Redacted.make(visible("google-token"))
          }),
          tokenInfo: auth.tokenInfo,
          oneTimePassword: auth.sendOneTimePassword({ to: { email: "ola@example.com" }, via: "email" }),
          kept: Effect.tap(kept.get("/members/me/rewards-program/status"), (response) => Effect.ignore(response.json))
        },
        held: { data, auth, client }
      }
    })
  },
  {
    name: "priava",
    path: "/v2/contact/get",
    secrets: [...codes, visible("client-secret")],
    sandbox: (tokenText) =>
      PriavaSandbox.make({
        clients: [{
          id: "sandbox-client",
          secret: visible("client-secret"),
          redirectUri: "https://my.app.com/oauth2callback",
          codes
        }],
        tokens: { accessLifetime: "6 hours", tokenText }
      }),
    make: Effect.gen(function*() {
      const data: PriavaAuth.Settings = {
        region: "EU",
        clientId: "sandbox-client",
        clientSecret: Redacted.make(visible("client-secret")),
        redirectUri: "https://my.app.com/oauth2callback"
      }
      const auth = yield* ProviderLayers.makeSession(PriavaAuth.provider, data, onDemand)
      const client = yield* AuthHttpClient.fromSession(auth)
      let used = 0
      const signIn = Effect.suspend(() => auth.signIn({ code: Redacted.make(codes[used++ % codes.length]!) }))
      return { auth, client, signIn, others: {}, held: { data, auth, client } }
    })
  },
  {
    name: "pitchpoint",
    path: "/riskinsight-services-ws/resources/v1/orders",
    secrets: [secretText("password")],
    sandbox: (tokenText) =>
      PitchpointSandbox.make({
        users: [{ username: "service@example.com", password: secretText("password") }],
        tokens: { tokenText }
      }),
    make: Effect.gen(function*() {
      const data: PitchpointAuth.Settings = { username: "service@example.com" }
      const password = Redacted.make(secretText("password"))
      const auth = yield* ProviderLayers.makeSession(PitchpointAuth.provider, data, onDemand)
      const client = yield* AuthHttpClient.fromSession(auth)
      return { auth, client, signIn: auth.signIn({ password }), others: {}, held: { data, auth, client } }
    })
  },
  {
    name: "wallet-app",
    path: "/brands/list",
    secrets: [secretText("password")],
    sandbox: (tokenText) =>
      WalletAppSandbox.make({
        users: [{
          email: "kim@example.com",
          password: secretText("password"),
          id: "11111111-1111-4111-8111-111111111111"
        }],
        tokens: { tokenText }
      }),
    make: Effect.gen(function*() {
      const data: WalletAppAuth.Settings = { email: "kim@example.com", permissions: ["brands.get"] }
      const password = Redacted.make(secretText("password"))
      const auth = yield* WalletAppAuth.make(data, { ...onDemand, credentials: Effect.succeed({ password }) })
      const client = yield* AuthHttpClient.fromSession(auth)
      return {
        auth,
        client,
        signIn: auth.signIn({ password }),
        others: { tokenInfo: auth.tokenInfo },
        held: { data, auth, client }
      }
    })
  }
]

/** What was seen, by what it was. */
type Seen = Array<readonly [what: string, value: unknown]>

const loggers = (seen: Seen) => {
  const keep = (name: string) => (line: unknown) => {
    seen.push([`a line of the ${name} logger`, line])
  }
  return Layer.mergeAll(
    Logger.replace(Logger.defaultLogger, Logger.map(Logger.stringLogger, keep("string"))),
    Logger.add(Logger.map(Logger.jsonLogger, keep("JSON"))),
    Logger.add(Logger.map(Logger.logfmtLogger, keep("logfmt"))),
    Logger.add(Logger.map(Logger.structuredLogger, keep("structured"))),
    Logger.minimumLogLevel(LogLevel.All)
  )
}

export const hunt = (subject: Subject, fault: Fault) => {
  const time = autoClock.make(1_760_000_000_000)
  const seen: Seen = []
  const tokens: Array<string> = []
  const tokenText = (kind: "access" | "refresh") => {
    const text = visible(`${kind}-${tokens.length}`)
    tokens.push(text)
    return text
  }
  const struck = { at: "none" as "none" | "token" | "api", times: 0 }
  return Effect.gen(function*() {
    const sandbox = yield* subject.sandbox(tokenText)
    const memory = yield* TokenStore.makeMemory
    const key = Redacted.make(base64("k".repeat(31) + "#"))
    const encrypted = yield* EncryptedTokenStore.make([{ id: "2026", key }])(memory)
    const isApi = (request: HttpClientRequest.HttpClientRequest) =>
      request.headers["authorization"]?.startsWith("Bearer") ?? false
    const strikes = (request: HttpClientRequest.HttpClientRequest) => {
      const does = struck.at === (isApi(request) ? "api" : "token")
      if (does) struck.times++
      return does
    }
    // An answer is seen by the platform's own span; what a client fails with is that client's own to keep silent about.
    const httpClient = "answers" in fault
      ? HttpClient.make((request) =>
        strikes(request)
          ? Effect.sync(() => HttpClientResponse.fromWeb(request, fault.answers(request)))
          : sandbox.httpClient.execute(request)
      )
      : HttpClient.transform(
        HttpClient.make((request) => sandbox.httpClient.execute(request)),
        (effect, request) => strikes(request) ? fault.fails(request) : effect
      )
    const { auth, client, held, others, signIn } = yield* subject.make.pipe(
      Effect.provideService(HttpClient.HttpClient, httpClient),
      Effect.provideService(TokenStore.TokenStore, encrypted)
    )
    yield* Effect.forkScoped(
      Stream.runForEach(auth.events, (event) => Effect.sync(() => seen.push(["an event", event])))
    )
    const watch = (what: string, effect: Effect.Effect<unknown, unknown>) =>
      Effect.gen(function*() {
        const end = yield* time.within(
          effect.pipe(
            Effect.tap((value) => Effect.logInfo("came back", value)),
            Effect.tapErrorCause((cause) => Effect.logError("went wrong", cause)),
            Effect.tapError((error) => Effect.annotateLogs(Effect.logError(error), { error })),
            Effect.withSpan(what)
          ),
          120_000
        )
        assert.isTrue(Option.isSome(end), `${what}: no end`)
        const exit = Option.getOrThrow(end)
        seen.push([what, exit])
        if (Exit.isFailure(exit)) {
          const error = Cause.squash(exit.cause)
          seen.push([`${what}: the error`, error], [`${what}: in an error`, new Error("outer", { cause: error })])
          if (AuthError.isAuthError(error)) {
            seen.push([`${what}: encoded`, Schema.encodeSync(AuthError.AuthError)(error)])
          }
        } else seen.push([`${what}: the value`, exit.value])
        seen.push([`${what}: the state`, yield* Effect.exit(auth.state)])
      })
    const call = client.get(subject.path)
    // What a server wrote into a body is told to who reads it; the response that was read tells nothing of it.
    const readCall = Effect.tap(call, (response) => Effect.zipRight(response.json, Effect.logInfo(response)))
    const all: Record<string, Effect.Effect<unknown, unknown>> = {
      refresh: auth.refresh,
      accessToken: auth.accessToken,
      call,
      readCall,
      post: Effect.suspend(() => client.post(subject.path)),
      renew: Effect.flatMap(auth.accessToken, auth.renew),
      elsewhere: client.get("https://evil.test/x"),
      ...others
    }
    struck.at = "token"
    yield* watch("signIn while the token endpoint fails", signIn)
    struck.at = "none"
    yield* watch("signIn", signIn)
    // A server that never answers a caller's own request is the caller's to wait for.
    for (const at of fault === silence ? ["token"] as const : ["api", "token"] as const) {
      for (const [name, effect] of Object.entries(all)) {
        struck.at = at
        yield* watch(`${name} while ${at} fails`, effect)
        struck.at = "none"
        yield* watch("signIn again", signIn)
        yield* time.pass(60_000)
      }
    }
    yield* sandbox.expireAccessTokens
    struck.at = "token"
    yield* watch("a call after expiry", readCall)
    yield* watch("signOut", auth.signOut)
    const recordKey: RecordKey.RecordKey = { provider: auth.provider, realm: auth.realm, account: auth.account }
    seen.push(["the record as stored", yield* memory.get(recordKey)], ["the record", yield* encrypted.get(recordKey)])
    struck.at = "none"
    yield* watch("signIn at last", signIn)
    seen.push(["the record as stored, signed in", yield* memory.get(recordKey)])
    seen.push(["the record, signed in", yield* encrypted.get(recordKey)])
    seen.push(["the metrics", yield* Metric.snapshot], ["the services", held], ["the store", encrypted])
    seen.push(["the sandbox's log", yield* sandbox.log])
    const secrets = [...subject.secrets, ...tokens, Redacted.value(key)]
    return { secrets, struck: struck.times, issued: tokens.length }
  }).pipe(
    Effect.scoped,
    Effect.provide(loggers(seen)),
    Effect.withTracer(capturingTracer((span) => seen.push([`the span ${span.name}`, span]))),
    Effect.withClock(time.clock),
    Effect.flatMap(({ issued, secrets, struck }) =>
      Effect.gen(function*() {
        assert.isAbove(struck, 0)
        // How many there are depends on how many of the sign-ins beat their deadline on this clock that jumps.
        assert.isAbove(issued, 0)
        const found = new Map<string, string>()
        for (const [what, value] of seen) {
          const leak = Redaction.findSecret(value, secrets, { printers, depth: 10 })
          if (leak !== undefined) found.set(what, `${leak.message}: ${secrets[leak.index]}`)
        }
        if (found.size > 0) assert.fail(Array.from(found, (one) => one.join(": ")).join("\n"))
      })
    )
  )
}
