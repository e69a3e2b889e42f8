/**
 * A request of Ann is held at each step between its first send and its last one in turn, while somebody else signs in. The
 * steps are those of the provider's own layers: sends to the API and to the token endpoint, reads and writes of the store.
 */
import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import type * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import type * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"

export type Name = "ann" | "bob"

/** A provider's session and client, from whichever of its layers. */
export interface Opened {
  readonly client: AuthHttpClient.Client
  readonly signIn: (name: Name) => Effect.Effect<unknown, unknown>
  readonly signOut: Effect.Effect<unknown, unknown>
}

export type Open = Effect.Effect<
  Opened,
  AuthMisconfigured,
  HttpClient.HttpClient | TokenStore.TokenStore | Scope.Scope
>

export interface Provider {
  readonly name: string
  /** The status that says that the token is dead. */
  readonly rejected: number
  /** What a request sends between its two sends to the API; the first letters of a step's name. */
  readonly exchange: "refresh" | "sign-in"
  /** Over the layer of one session, and over that of many. */
  readonly open: { readonly [layer in "its layer" | "its layer of sessions"]: Open }
}

/** The same two ways into each provider. */
export const opens = <A, C, S, Service extends AuthService.Any>(parts: {
  readonly auth: Context.Tag<A, Service>
  readonly client: Context.Tag<C, AuthHttpClient.Client>
  readonly sessions: Context.Tag<S, AuthHttpClient.Accounts<Service>>
  readonly layer: Layer.Layer<A | C, AuthMisconfigured, HttpClient.HttpClient | TokenStore.TokenStore>
  readonly layerSessions: Layer.Layer<S, AuthMisconfigured, HttpClient.HttpClient | TokenStore.TokenStore>
  readonly signIn: (auth: Service, secret: Redacted.Redacted<string>) => Effect.Effect<unknown, unknown>
}): Provider["open"] => {
  const opened = (auth: Service, client: AuthHttpClient.Client): Opened => ({
    client,
    signIn: (name) => parts.signIn(auth, secretOf(name)),
    signOut: auth.signOut
  })
  return {
    "its layer": Effect.map(
      Layer.build(Layer.fresh(parts.layer)),
      (context) => opened(Context.get(context, parts.auth), Context.get(context, parts.client))
    ),
    "its layer of sessions": Effect.flatMap(Layer.build(Layer.fresh(parts.layerSessions)), (context) =>
      Effect.map(
        Context.get(context, parts.sessions).get("shared"),
        ({ auth, client }) => opened(auth, client)
      ))
  }
}

/** The password or the code of a user. */
export const secretOf = (name: Name): Redacted.Redacted<string> => Redacted.make(`secret-of-${name}`)

/** Tells the names of all steps of a request, and holds it at one of them. */
class Steps {
  names: Array<string> = []
  private hold: { readonly at: number; readonly reached: Held; readonly goOn: Held } | undefined

  /** Steps are counted from now on; the one of that number is held. What others do meanwhile is no step. */
  readonly begin = (at: number, reached: Held, goOn: Held): void => {
    this.names = []
    this.hold = { at, reached, goOn }
  }

  readonly end = (): void => {
    this.hold = undefined
  }

  readonly at = (name: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      const { hold } = this
      if (hold === undefined) return Effect.void
      this.names.push(name)
      if (this.names.length - 1 !== hold.at) return Effect.void
      this.end()
      return Effect.zipRight(Deferred.succeed(hold.reached, void 0), Deferred.await(hold.goOn))
    })
}

type Held = Deferred.Deferred<void>

const textOf = ({ body, headers }: HttpClientRequest.HttpClientRequest): string =>
  `${headers["authorization"] ?? ""} ${body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""}`

/** Issues tokens to whoever shows a secret or a refresh token, and notes as whom a request of the API was sent. */
const server = (rejected: number, steps: Steps) => {
  const owners = new Map<string, Name>()
  const seen = { sent: [] as Array<string> }
  const issue = (owner: Name) => {
    const access = `access-${owners.size}-of-${owner}`
    owners.set(access, owner)
    return {
      access_token: access,
      refresh_token: `refresh-of-${owner}-${owners.size}`,
      expires_in: 3_600,
      resource_owner_id: owner === "ann" ? 1 : 2,
      success: true,
      data: { key: access, permissions: ["brands.get"] }
    }
  }
  /** A redirect, then a rejection, then a success. */
  const answers = [
    () => new Response(null, { status: 307, headers: { location: "https://api.test/mine/there" } }),
    () => Response.json({}, { status: rejected }),
    () => Response.json({})
  ]
  const client = HttpClient.make((request) =>
    Effect.gen(function*() {
      const text = textOf(request)
      if (/\/mine/.test(request.url)) {
        seen.sent.push(`${request.method} as ${owners.get(text.slice("Bearer ".length).trim()) ?? "nobody"}`)
        const answer = answers[seen.sent.length - 1]!
        yield* steps.at(`send ${seen.sent.length}`)
        return HttpClientResponse.fromWeb(request, answer())
      }
      const kind = text.includes("refresh-of") ? "refresh" : text.includes("secret-of") ? "sign-in" : "revocation"
      yield* steps.at(`${kind} is sent`)
      const tokens = issue(/-of-ann/.test(text) ? "ann" : "bob")
      yield* steps.at(`${kind} is answered`)
      return HttpClientResponse.fromWeb(request, Response.json(tokens))
    })
  )
  return { client, seen }
}

const watched = (store: TokenStore.Service, steps: Steps): TokenStore.Service => ({
  ...store,
  get: (key) => Effect.zipLeft(Effect.zipRight(steps.at("read"), store.get(key)), steps.at("was read")),
  compareAndSet: (key, expected, next) => {
    const what = next.claim === undefined ? "tokens" : "claim"
    return Effect.zipLeft(
      Effect.zipRight(steps.at(`${what} are written`), store.compareAndSet(key, expected, next)),
      steps.at(`${what} were written`)
    )
  }
})

/** What became of one request. */
export interface Ended {
  /** Where it was held; `undefined`: it has no step of that number. */
  readonly at: string | undefined
  readonly steps: ReadonlyArray<string>
  readonly sent: ReadonlyArray<string>
  /** `done`, or the tag and the reason of its error. */
  readonly outcome: string
}

/** Who takes over: `here` is the session that was asked; `there` the same one in another process. */
export type TakeOver = (here: Opened, there: Opened) => Effect.Effect<unknown, unknown>

/** Makes one request of Ann that is held at the step of that number while `takeOver` runs to its end. */
export type Request = (step: number, takeOver: TakeOver) => Effect.Effect<Ended, unknown>

/** Two processes over one store, each with the layer. */
export const world = (
  provider: Provider,
  layer: keyof Provider["open"]
): Effect.Effect<Request, AuthMisconfigured, Scope.Scope> =>
  Effect.gen(function*() {
    const steps = new Steps()
    const { client, seen } = server(provider.rejected, steps)
    const store = watched(yield* TokenStore.makeMemory, steps)
    const open = provider.open[layer].pipe(
      Effect.provideService(TokenStore.TokenStore, store),
      Effect.provideService(HttpClient.HttpClient, client)
    )
    const here = yield* open
    const there = yield* open
    return Effect.fnUntraced(function*(step, takeOver) {
      const [reached, goOn] = yield* Effect.all([Deferred.make<void>(), Deferred.make<void>()])
      yield* here.signIn("ann")
      // Old enough that its rejection counts.
      yield* TestClock.adjust("10 seconds")
      seen.sent = []
      steps.begin(step, reached, goOn)
      const request = HttpClientRequest.del("https://api.test/mine")
      const asked = yield* Effect.fork(Effect.either(here.client.execute(request)))
      yield* Effect.raceFirst(Deferred.await(reached), Fiber.await(asked))
      steps.end()
      const taking = yield* Effect.fork(takeOver(here, there))
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(taking)
      yield* Deferred.succeed(goOn, void 0)
      yield* TestClock.adjust("20 seconds")
      const ended = yield* Fiber.join(asked)
      const outcome = Either.isRight(ended) ? "done" : told(ended.left)
      return { at: steps.names[step], steps: steps.names, sent: seen.sent, outcome }
    })
  })

const told = (error: { readonly _tag: string; readonly reason?: unknown }) => `${error._tag} ${String(error.reason)}`
