/** Two routes of a router. */
import * as HttpRouter from "@effect/platform/HttpRouter"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type * as Effect from "effect/Effect"

export type Routes<E, R> = HttpRouter.HttpRouter<E, R>

/** The paths of the two routes, and their handlers. The callback takes any method if `isForm`. */
export interface Options<E, R> {
  readonly login: `/${string}`
  readonly callback: `/${string}`
  readonly isForm: boolean
  readonly onLogin: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest>
  readonly onCallback: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest>
}

export const make = <E, R>({ callback, isForm, login, onCallback, onLogin }: Options<E, R>) => {
  const routes = HttpRouter.get(HttpRouter.empty, login, onLogin)
  return isForm ? HttpRouter.all(routes, callback, onCallback) : HttpRouter.get(routes, callback, onCallback)
}
