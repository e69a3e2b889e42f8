/* eslint-disable no-restricted-imports -- quoted by docs/guides/hono-express-fastify.md, where one import a package reads better */
/**
 * Sessions below a framework without Effect: one function that gives a plain answer, and three servers that send it.
 */
// #region answer
import { AuthError } from "@effect-auth/core"
import { Placewise } from "@effect-auth/placewise"
import { Duration, Effect, type Layer, ManagedRuntime } from "effect"

export interface Answer {
  readonly status: 200 | 401 | 500 | 503
  readonly headers: Record<string, string>
  readonly body: unknown
}

const failed = (error: AuthError.AuthError): Answer => {
  if (AuthError.requiresSignIn(error)) return { status: 401, headers: {}, body: { error: "sign in" } }
  if (!error.isRetryable) return { status: 500, headers: {}, body: { error: error._tag } }
  const wait = error._tag === "ProviderUnavailable" ? error.retryAfter : undefined
  const seconds = wait === undefined ? 5 : Math.ceil(Duration.toSeconds(wait))
  return { status: 503, headers: { "retry-after": `${seconds}` }, body: { error: "try later" } }
}

const read = Effect.fn("points")(function*(account: string) {
  const { client } = yield* (yield* Placewise.PlacewiseSessions).get(account)
  const response = yield* client.get("/members/me/rewards-program/status")
  const body = yield* response.json
  return { status: 200, headers: {}, body } satisfies Answer
})

/** Make it once for the process. The framework gives a signal that ends the call when its client has left. */
export const make = <E>(sessions: Layer.Layer<Placewise.PlacewiseSessions, E>) => {
  const runtime = ManagedRuntime.make(sessions)
  const points = (account: string, signal?: AbortSignal): Promise<Answer> =>
    runtime.runPromise(
      read(account).pipe(
        Effect.catchIf(AuthError.isAuthError, (error) => Effect.succeed(failed(error))),
        Effect.catchTags({
          RequestError: () => Effect.succeed<Answer>({ status: 503, headers: {}, body: { error: "not reached" } }),
          ResponseError: () => Effect.succeed<Answer>({ status: 503, headers: {}, body: { error: "not understood" } })
        })
      ),
      signal === undefined ? {} : { signal }
    )
  return { points, dispose: () => runtime.dispose() }
}

export type App = ReturnType<typeof make>
// #endregion

/** Your own login: who is at the browser. */
export type AccountOf = (cookie: string | undefined) => string | undefined

// #region hono
import { Hono } from "hono"

export const hono = (app: App, accountOf: AccountOf) =>
  new Hono().get("/points", async (c) => {
    const account = accountOf(c.req.header("cookie"))
    if (account === undefined) return c.json({ error: "who are you" }, 401)
    const { body, headers, status } = await app.points(account, c.req.raw.signal)
    return c.json(body as object, status, headers)
  })
// #endregion

// #region express
import express from "express"

export const expressApp = (app: App, accountOf: AccountOf): express.Express =>
  express().get("/points", async (request, response) => {
    const account = accountOf(request.headers.cookie)
    if (account === undefined) return void response.status(401).json({ error: "who are you" })
    const left = new AbortController()
    response.on("close", () => left.abort())
    const { body, headers, status } = await app.points(account, left.signal)
    response.status(status).set(headers).json(body)
  })
// #endregion

// #region fastify
import Fastify from "fastify"

export const fastify = (app: App, accountOf: AccountOf) => {
  const server = Fastify()
  server.get("/points", async (request, reply) => {
    const account = accountOf(request.headers.cookie)
    if (account === undefined) return reply.code(401).send({ error: "who are you" })
    const { body, headers, status } = await app.points(account)
    return reply.code(status).headers(headers).send(body)
  })
  server.addHook("onClose", () => app.dispose())
  return server
}
// #endregion
