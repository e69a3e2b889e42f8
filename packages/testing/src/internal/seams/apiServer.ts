/** The server of an `HttpApi`. */
import type * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import type * as HttpApp from "@effect/platform/HttpApp"
import type * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"

/** A contract whose groups and middlewares are provided. */
export type Api = Layer.Layer<HttpApi.Api>

/** A request that does not match the contract. */
export type DecodeError = HttpApiDecodeError

const isDecodeError = (u: unknown): u is DecodeError => Predicate.isTagged(u, "HttpApiDecodeError")

export const make = (
  api: Api,
  onDecodeError: (error: DecodeError) => HttpServerResponse.HttpServerResponse
): Effect.Effect<HttpApp.Default<unknown>> => {
  // By its type it can't fail, because failures are encoded after this step.
  const tolerant = HttpApiBuilder.middleware((app: HttpApp.Default) =>
    Effect.catchAll(app, (error) => isDecodeError(error) ? Effect.succeed(onDecodeError(error)) : Effect.fail(error))
  )
  return Effect.gen(function*() {
    const app = yield* HttpApiBuilder.httpApp
    const services = yield* Effect.context<HttpRouter.HttpRouter.DefaultServices>()
    return Effect.provide(app, services)
  }).pipe(Effect.provide(
    Layer.mergeAll(
      api,
      tolerant,
      HttpApiBuilder.Router.Live,
      HttpApiBuilder.Middleware.layer,
      HttpServer.layerContext
    )
  ))
}
