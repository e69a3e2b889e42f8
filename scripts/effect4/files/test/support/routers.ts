/** Serves the routes of a router as an app. */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"

type App = Effect.Effect<HttpServerResponse.HttpServerResponse, unknown, HttpServerRequest.HttpServerRequest>

export const appOf = (routes: ReadonlyArray<HttpRouter.Route<never, never>>): Effect.Effect<App> =>
  Effect.map(Effect.scoped(HttpRouter.toHttpEffect(HttpRouter.addAll(routes))), (app) => Effect.scoped(app))
