/** The server of an `HttpApi`. */
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as HttpApiError from "effect/http-api/HttpApiError"
import type * as Etag from "effect/http/Etag"
import type * as HttpPlatform from "effect/http/HttpPlatform"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import type * as Path from "effect/Path"
import type * as SchemaIssue from "effect/SchemaIssue"

/** A contract whose groups and middlewares are provided. */
export type Api = Layer.Layer<
  never,
  never,
  HttpRouter.HttpRouter | Etag.Generator | HttpPlatform.HttpPlatform | FileSystem.FileSystem | Path.Path
>

/** One fault of a request: a field that is missing, or has another form. */
export interface Issue {
  readonly _tag: "Missing" | "Type"
  readonly path: ReadonlyArray<PropertyKey>
}

/** A request that does not match the contract. */
export interface DecodeError {
  readonly issues: ReadonlyArray<Issue>
}

const issuesOf = (issue: SchemaIssue.Issue, path: ReadonlyArray<PropertyKey> = []): ReadonlyArray<Issue> => {
  switch (issue._tag) {
    case "Pointer":
      return issuesOf(issue.issue, [...path, ...issue.path])
    case "Composite":
    case "AnyOf":
      return issue.issues.length === 0 ? [{ _tag: "Type", path }] : issue.issues.flatMap((one) => issuesOf(one, path))
    case "Filter":
    case "Encoding":
      return issuesOf(issue.issue, path)
    default:
      return [{ _tag: issue._tag === "MissingKey" ? "Missing" : "Type", path }]
  }
}

export const make = (
  api: Api,
  onDecodeError: (error: DecodeError) => HttpServerResponse.HttpServerResponse
): Effect.Effect<Effect.Effect<HttpServerResponse.HttpServerResponse, unknown, HttpServerRequest.HttpServerRequest>> =>
  Effect.scoped(HttpRouter.toHttpEffect(Layer.provide(api, HttpServer.layerServices))).pipe(
    Effect.map((app) =>
      Effect.scoped(app).pipe(
        Effect.catchDefect((defect) =>
          HttpApiError.HttpApiSchemaError.is(defect)
            ? Effect.succeed(onDecodeError({ issues: issuesOf(defect.cause.issue) }))
            : Effect.die(defect)
        )
      )
    )
  )
