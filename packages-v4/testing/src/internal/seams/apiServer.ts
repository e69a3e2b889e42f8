/** The server of an `HttpApi`. */
import * as HttpApiError from "effect/http-api/HttpApiError"
import type * as Etag from "effect/http/Etag"
import type * as HttpPlatform from "effect/http/HttpPlatform"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import type * as Path from "effect/Path"
import * as SchemaIssue from "effect/SchemaIssue"

/** A contract whose groups and middlewares are provided. */
export type Api = Layer.Layer<
  never,
  never,
  HttpRouter.HttpRouter | Etag.Generator | HttpPlatform.HttpPlatform | FileSystem.FileSystem | Path.Path
>

/** A request that does not match the contract. */
export interface DecodeError {
  readonly issues: ReadonlyArray<{ readonly path: ReadonlyArray<PropertyKey> }>
}

const formatter = SchemaIssue.makeFormatterStandardSchemaV1()

const issuesOf = (error: HttpApiError.HttpApiSchemaError): DecodeError => ({
  issues: formatter(error.cause.issue).issues.map(({ path = [] }) => ({
    path: path.map((part) => typeof part === "object" ? part.key : part)
  }))
})

export const make = (
  api: Api,
  onDecodeError: (error: DecodeError) => HttpServerResponse.HttpServerResponse
): Effect.Effect<Effect.Effect<HttpServerResponse.HttpServerResponse, unknown, HttpServerRequest.HttpServerRequest>> =>
  Effect.scoped(HttpRouter.toHttpEffect(Layer.provide(api, HttpServer.layerServices))).pipe(
    Effect.map((app) =>
      Effect.scoped(app).pipe(
        Effect.catchDefect((defect) =>
          HttpApiError.HttpApiSchemaError.is(defect)
            ? Effect.succeed(onDecodeError(issuesOf(defect)))
            : Effect.die(defect)
        )
      )
    )
  )
