/** The document of a contract and its page, with values that work at the sandbox that serves them. */
import type * as HttpApi from "@effect/platform/HttpApi"
import type * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSwagger from "@effect/platform/HttpApiSwagger"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"

export interface Examples {
  /** By the name of a path, query or header parameter. */
  readonly parameters: Readonly<Record<string, string>>
  /** By the id of an operation. */
  readonly bodies: Readonly<Record<string, unknown>>
}

export interface Contract {
  readonly document: () => OpenApi.OpenAPISpec
  /** The page answers at `/docs`. */
  readonly page: HttpApp.Default
}

const hint =
  "This is a sandbox: all values are made up. The first call gets a token; give it to \"Authorize\", and the " +
  "protected calls work too."

/** The page fills its forms with these values. */
const withExamples = ({ bodies, parameters }: Examples) => (spec: Record<string, any>): Record<string, any> => {
  for (const operations of Object.values<Record<string, any>>(spec["paths"])) {
    for (const operation of Object.values(operations)) {
      for (const parameter of operation.parameters) {
        const example = parameters[parameter.name]
        if (example !== undefined) parameter.example = example
      }
      const body = bodies[operation.operationId]
      if (body === undefined) continue
      for (const content of Object.values<Record<string, any>>(operation.requestBody.content)) content["example"] = body
    }
  }
  return { ...spec, info: { ...spec["info"], description: `${spec["info"].description} ${hint}` } }
}

/** Only its own files and this server: the page loads nothing from elsewhere. */
const policy =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src " +
  "'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export const contractOf = <Id extends string, Groups extends HttpApiGroup.HttpApiGroup.Any, E, R>(
  api: HttpApi.HttpApi<Id, Groups, E, R>,
  examples: Examples
): Contract => {
  const before = Context.getOption(api.annotations, OpenApi.Transform)
  const transform = (spec: Record<string, any>) =>
    withExamples(examples)(Option.match(before, { onNone: () => spec, onSome: (change) => change(spec) }))
  // The page sends its requests to the sandbox that served it.
  const local = api.annotate(OpenApi.Servers, [{ url: "/" }]).annotate(OpenApi.Transform, transform)
  // A router of its own: the memory of layers is shared, and with it all pages would be routes of one router. It is made
  // for each request of the page, because the text is large and most sandboxes are never asked for it.
  const page = Effect.flatten(HttpLayerRouter.toHttpEffect(
    HttpApiSwagger.layerHttpLayerRouter({ api: local, path: "/docs" })
  )).pipe(Effect.provideServiceEffect(Layer.CurrentMemoMap, Layer.makeMemoMap))
  return {
    document: () => OpenApi.fromApi(local),
    page: Effect.scoped(page).pipe(
      Effect.map(HttpServerResponse.setHeader("content-security-policy", policy)),
      Effect.orElseSucceed(() => HttpServerResponse.empty({ status: 404 }))
    )
  }
}
