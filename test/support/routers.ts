/** Serves the routes of a router as an app. */
import type * as HttpApp from "@effect/platform/HttpApp"
import type * as HttpRouter from "@effect/platform/HttpRouter"
import * as Effect from "effect/Effect"

export const appOf = (router: HttpRouter.HttpRouter): Effect.Effect<HttpApp.Default<unknown>> => Effect.succeed(router)
