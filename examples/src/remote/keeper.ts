/** A keeper, and a program that uses its sessions. Only the layer shows which of the two a program is. */
import * as Placewise from "@effect-auth/placewise/Placewise"
import { PlacewiseClient, PlacewiseSessions } from "@effect-auth/placewise/Placewise"
import { PlacewiseAuth, provider } from "@effect-auth/placewise/PlacewiseAuth"
import type * as Callers from "@effect-auth/remote/Callers"
import type * as Endpoint from "@effect-auth/remote/Endpoint"
import * as RemoteSessions from "@effect-auth/remote/RemoteSessions"
import * as SessionServer from "@effect-auth/remote/SessionServer"
import * as UnixSocket from "@effect-auth/remote/UnixSocket"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** The same in all programs: where the API is, and its fixed headers. */
type Settings = Parameters<typeof provider>[0]

// #region handler
/** A handler of the application. It is the same whether the sessions are here or at a keeper. */
export const points = (account: string) =>
  Effect.gen(function*() {
    const { client } = yield* (yield* PlacewiseSessions).get(account)
    const answer = yield* client.get("/members/me/rewards-program/status")
    return yield* answer.json
  })
// #endregion handler

/** The layer of a program that keeps the sessions itself. It needs a store. */
export const local = (settings: Settings) => Placewise.layerSessions(settings)

// #region client
/** The layer of a program whose sessions are at a keeper. It needs no store. */
export const remote = (settings: Settings, endpoints: ReadonlyArray<Endpoint.Endpoint>) =>
  RemoteSessions.layer(
    { auth: PlacewiseAuth, client: PlacewiseClient, sessions: PlacewiseSessions },
    provider(settings),
    { endpoints }
  )
// #endregion client

// #region keeper
/** The keeper: the same sessions, served on a socket to the callers that it knows. */
export const keeper = (settings: Settings, path: string, callers: ReadonlyArray<Callers.Caller>) =>
  Layer.unwrapScoped(Effect.gen(function*() {
    const kept = yield* SessionServer.fromAccounts(yield* PlacewiseSessions)
    return SessionServer.layer([kept], { callers })
  })).pipe(
    Layer.provide(UnixSocket.layerServer(path)),
    Layer.provideMerge(local(settings))
  )
// #endregion keeper
