/**
 * A process with the sessions of some members of a club, over a store that it shares with others. It is told what to do
 * by messages, wraps the store and the client to tell what happens, and ends when its parent does.
 */
import * as AuthError from "@effect-auth/core/AuthError"
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import * as RefreshSchedule from "@effect-auth/core/RefreshSchedule"
import type { SessionRecord } from "@effect-auth/core/SessionRecord"
import { type Service, TokenStore } from "@effect-auth/core/TokenStore"
import * as PlacewiseAuth from "@effect-auth/placewise/PlacewiseAuth"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { storeLayer } from "../stores/spec.ts"
import { watchLateness } from "./lateness.ts"
import { type Command, headers, type Message, type Point, type Result, type WorkerConfig } from "./protocol.ts"

const config = JSON.parse(process.argv[2] ?? "") as WorkerConfig

const tell = (message: Message): void => {
  // Whoever does not hear it any more is about to end this process.
  if (process.connected) process.send?.(message, undefined, undefined, () => {})
}

const lateness = watchLateness((from, to) => tell({ said: "stalled", from, to }))

let armed = false

/** Stays at the point for ever, once told to. */
const stopAt = (point: Point): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (!armed || config.stopAt !== point) return Effect.void
    armed = false
    tell({ said: "at", point })
    return point === "committing" ? Effect.void : Effect.never
  })

const wrapStore = (store: Service): Service => {
  const commitIds = new Map<string, string>()
  const isCommit = (account: string, next: SessionRecord) => commitIds.get(account) !== next.commitId
  return {
    ...store,
    get: (key) =>
      Effect.tap(store.get(key), (found) => {
        if (Option.isSome(found)) commitIds.set(key.account, found.value.commitId)
        return stopAt("read")
      }),
    compareAndSet: (key, expected, next) =>
      Effect.gen(function*() {
        const commits = isCommit(key.account, next)
        if (commits) yield* Effect.zipRight(stopAt("answered"), stopAt("committing"))
        const won = yield* store.compareAndSet(key, expected, next)
        if (!won) return false
        commitIds.set(key.account, next.commitId)
        tell({
          said: "wrote",
          account: key.account,
          write: {
            version: next.version,
            session: next.session,
            generation: next.generation,
            state: next.state._tag,
            commitId: next.commitId,
            isClaim: next.claim !== undefined
          }
        })
        if (commits) yield* stopAt("committed")
        else if (next.claim !== undefined) yield* stopAt("claimed")
        return true
      })
  }
}

let exchanges = 0

const stamped = (request: HttpClientRequest.HttpClientRequest) =>
  HttpClientRequest.setHeaders(request, {
    [headers.worker]: config.name,
    [headers.exchange]: `${config.name}#${++exchanges}`,
    [headers.sentAt]: String(Date.now())
  })

const wrapClient = (client: HttpClient.HttpClient): HttpClient.HttpClient =>
  client.pipe(
    HttpClient.mapRequest((request) => request.url.endsWith("/oauth/token") ? stamped(request) : request),
    HttpClient.transform((effect, request) => {
      const exchange = request.headers[headers.exchange]
      if (exchange === undefined) return effect
      return Effect.onExit(
        Effect.zipRight(stopAt("sending"), effect),
        (exit) =>
          Effect.sync(() => {
            if (exit._tag === "Failure") tell({ said: "lost", exchange, at: Date.now() })
          })
      )
    })
  )

/** Who can't have an answer does not ask again and again. */
const mostUnderWay = 4

const failed = (error: { readonly _tag: string }): Result => ({
  ok: false,
  tag: error._tag,
  ...(AuthError.isAuthError(error) && "reason" in error ? { reason: error.reason } : {})
})

const program = Effect.gen(function*() {
  const provider = yield* PlacewiseAuth.provider({
    host: config.host,
    club: "infinity-mall",
    clientToken: Redacted.make("sandbox-client-token"),
    userAgent: config.name,
    productName: "sandbox"
  })
  const made = yield* AuthSessions.make(provider, {
    refresh: {
      ...config.refresh,
      ...(config.refresh.fraction === undefined
        ? {}
        : { ahead: RefreshSchedule.ahead({ fraction: config.refresh.fraction, jitter: 0.02 }) })
    }
  })
  const sessions = yield* AuthHttpClient.fromSessions(made)
  const seen = new Map<string, string>()
  const tokenOf = (account: string) =>
    Effect.flatMap(sessions.get(account), ({ auth }) => auth.accessToken).pipe(
      Effect.tap((token) => Effect.sync(() => seen.set(account, token.session))),
      Effect.map(({ generation, session }): Result => ({ ok: true, session, generation }))
    )
  const call = (account: string) =>
    Effect.gen(function*() {
      const { auth, client } = yield* sessions.get(account)
      const token = yield* auth.accessToken
      seen.set(account, token.session)
      const response = yield* client.get("/members/me/rewards-program/status")
      yield* Effect.ignore(response.text)
      const { generation, session } = yield* auth.accessToken
      return { ok: true, session, generation, status: response.status } satisfies Result
    })
  const timed = <E extends { readonly _tag: string }>(effect: Effect.Effect<Result, E>) =>
    Effect.suspend(() => {
      const since = Date.now()
      const lateBefore = lateness.sum()
      return Effect.map(
        Effect.catchAll(effect, (error) => Effect.succeed(failed(error))),
        (result) => ({ result, took: Date.now() - since, late: lateness.sum() - lateBefore })
      )
    })

  let isWorking = false
  let underWay = 0
  const workOnce = Effect.gen(function*() {
    underWay++
    const account = config.accounts[Math.floor(Math.random() * config.accounts.length)]!
    const before = seen.get(account) ?? ""
    const { result, took } = yield* timed(call(account))
    const isFine = result.ok && result.status !== undefined && result.status < 300
    if (isFine) tell({ said: "worked", calls: 1, longest: took })
    else tell({ said: "failed", account, session: seen.get(account) ?? before, result, took, at: Date.now() })
    underWay--
  })
  const work = Effect.gen(function*() {
    while (isWorking) {
      if (underWay < mostUnderWay) yield* Effect.fork(workOnce)
      yield* Effect.sleep(config.every * (0.5 + Math.random()))
    }
  })

  const load = (account: string) => Effect.ignore(Effect.flatMap(sessions.get(account), ({ auth }) => auth.state))

  const signIn = (account: string) =>
    Effect.flatMap(sessions.get(account), ({ auth }) =>
      auth.signIn({
        _tag: "Password",
        identifier: { id: account.replace("member-", "") },
        password: Redacted.make("correct horse")
      })).pipe(Effect.map(({ generation, session }): Result => ({ ok: true, session, generation })))

  const answer = <E extends { readonly _tag: string }>(id: number, effect: Effect.Effect<Result, E>) =>
    Effect.map(timed(effect), (answered) => tell({ said: "done", id, ...answered }))

  const obey = (command: Command): Effect.Effect<void> => {
    switch (command.do) {
      case "signIn":
        return answer(command.id, signIn(command.account))
      case "get":
        return answer(command.id, tokenOf(command.account))
      case "call":
        return answer(command.id, call(command.account))
      case "arm":
        return Effect.sync(() => {
          armed = true
        })
      case "work":
        return Effect.suspend(() => {
          isWorking = true
          // Every worker holds every session from the beginning.
          const loaded = Effect.forEach(config.accounts, load, { concurrency: 8, discard: true })
          return Effect.zipRight(loaded, work)
        })
      case "rest":
        return answer(
          command.id,
          Effect.sync((): Result => {
            isWorking = false
            return { ok: true, session: "", generation: 0 }
          })
        )
    }
  }
  process.on("message", (command: Command) => void Effect.runFork(obey(command)))
  tell({ said: "ready" })
  yield* Effect.never
})

const Store = Layer.effect(TokenStore, Effect.map(TokenStore, wrapStore)).pipe(Layer.provide(storeLayer(config.store)))
const Client = Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, wrapClient)).pipe(
  Layer.provide(FetchHttpClient.layer)
)

process.on("disconnect", () => process.exit(0))

Effect.runFork(
  program.pipe(
    Effect.scoped,
    Effect.provide(Layer.merge(Store, Client)),
    Effect.tapErrorCause((cause) => Effect.sync(() => tell({ said: "error", text: String(cause) })))
  )
)
