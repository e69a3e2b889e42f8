/** A Worker: the flow in one runtime of the isolate, in one of each request, and in a Durable Object; and the laws there. */
import * as RecordKey from "@effect-auth/core/RecordKey"
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as DurableObjectTokenStore from "@effect-auth/store-sql/DurableObjectTokenStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import * as reports from "../../../packages/testing/src/internal/lawsOfChanges.ts"
import * as contention from "../../../packages/testing/src/internal/lawsOfContention.ts"
import * as reading from "../../../packages/testing/src/internal/lawsOfRecords.ts"
import * as flow from "../flow.ts"

interface Values {
  readonly get: (key: string) => Promise<string | null>
  readonly put: (key: string, value: string) => Promise<void>
}

interface Env {
  readonly VALUES: Values
  readonly HOST: string
  readonly SESSIONS: {
    readonly getByName: (name: string) => { readonly fetch: (request: Request) => Promise<Response> }
  }
}

interface ExecutionContext {
  readonly waitUntil: (promise: Promise<unknown>) => void
}

class App extends Context.Tag("test/edge/App")<App, flow.Flow>() {}

const answer = async (running: Promise<string>): Promise<Response> =>
  running.then((text) => new Response(text), (error) => new Response(String(error), { status: 500 }))

const doing = (path: string) => (app: flow.Flow) => path.endsWith("/signIn") ? app.signIn : app.call

let current: ExecutionContext | undefined

type Runtime = ManagedRuntime.ManagedRuntime<App, never>

const runtimes = new Map<string, Runtime>()

/** One of the isolate, as people do. */
const runtimeOf = (name: string, host: string): Runtime => {
  const refresh = name === "behind" ? { waitUntil: (promise: Promise<unknown>) => current?.waitUntil(promise) } : {}
  const known = runtimes.get(name)
  if (known !== undefined) return known
  const made = ManagedRuntime.make(
    Layer.provide(Layer.scoped(App, flow.make(host, refresh)), [flow.httpClient, TokenStore.layerMemory])
  )
  runtimes.set(name, made)
  return made
}

let store: TokenStore.Service | undefined

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    const path = new URL(request.url).pathname
    const [, where = ""] = path.split("/")
    current = context
    if (where === "values") return answer(Effect.runPromise(brokenLaws(overValues(env.VALUES))))
    if (where === "object" || where === "laws") return env.SESSIONS.getByName(where).fetch(request)
    if (where !== "request") {
      return answer(runtimeOf(where, env.HOST).runPromise(Effect.flatMap(App, doing(path))))
    }
    store ??= await Effect.runPromise(TokenStore.makeMemory)
    return answer(Effect.runPromise(
      Effect.flatMap(flow.make(env.HOST), doing(path)).pipe(
        Effect.scoped,
        Effect.provide(flow.httpClient),
        Effect.provideService(TokenStore.TokenStore, store)
      )
    ))
  }
}

/** The laws that hold for every store; those of processes are for stores that processes share. */
const brokenLaws = <E extends Error>(store: Layer.Layer<TokenStore.TokenStore, E>) =>
  Effect.forEach([...reading.laws, ...contention.laws, ...reports.laws], (law) =>
    law.run.pipe(
      Effect.as([]),
      Effect.catchAllDefect((defect) => Effect.succeed([`${law.name}: ${String(defect)}`])),
      Effect.provide(store),
      Effect.catchAll((error) => Effect.succeed([`${law.name}: ${error.message}`]))
    )).pipe(Effect.map((broken) => JSON.stringify({ laws: broken.length, broken: broken.flat() })))

/** What one may try with Workers KV: read, compare, write. Between the three anybody else can write. */
const overValues = (values: Values) => {
  const read = (key: RecordKey.RecordKey) =>
    Effect.flatMap(
      Effect.promise(() => values.get(RecordKey.toString(key).slice(0, 400))),
      (text) => text === null ? Effect.succeedNone : Effect.asSome(SessionRecord.decode(key, text))
    )
  return Layer.succeed(TokenStore.TokenStore, {
    get: read,
    compareAndSet: (key, expected, next) =>
      Effect.flatMap(
        read(key),
        (found) =>
          Option.match(found, { onNone: () => 0, onSome: ({ version }) => version }) !== expected
            ? Effect.succeed(false)
            : Effect.as(
              Effect.promise(() => values.put(RecordKey.toString(key).slice(0, 400), SessionRecord.encode(next))),
              true
            )
      )
  })
}

export class Sessions {
  readonly sql: DurableObjectTokenStore.SqlStorage
  readonly runtime: ManagedRuntime.ManagedRuntime<App, unknown>

  constructor(context: { readonly storage: { readonly sql: DurableObjectTokenStore.SqlStorage } }, env: Env) {
    this.sql = context.storage.sql
    this.runtime = ManagedRuntime.make(
      Layer.provide(Layer.scoped(App, flow.make(env.HOST)), [
        flow.httpClient,
        DurableObjectTokenStore.layer({ sql: this.sql })
      ])
    )
  }

  async fetch(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname
    return answer(
      path.startsWith("/laws")
        ? Effect.runPromise(brokenLaws(DurableObjectTokenStore.layer({ sql: this.sql })))
        : this.runtime.runPromise(Effect.flatMap(App, doing(path)))
    )
  }
}
