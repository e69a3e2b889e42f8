/** Two routes of a router. */
import type * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"

/** For `HttpRouter.addAll`. */
export type Routes<E, R> = ReadonlyArray<HttpRouter.Route<E, Exclude<R, HttpRouter.Provided>>>

/** The paths of the two routes, and their handlers. The callback takes any method if `isForm`. */
export interface Options<E, R> {
  readonly login: `/${string}`
  readonly callback: `/${string}`
  readonly isForm: boolean
  readonly onLogin: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest>
  readonly onCallback: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest>
}

export const make = <E, R>({ callback, isForm, login, onCallback, onLogin }: Options<E, R>): Routes<E, R> => [
  HttpRouter.route("GET", login, onLogin),
  HttpRouter.route(isForm ? "*" : "GET", callback, onCallback)
]
