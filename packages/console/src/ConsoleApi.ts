/**
 * The console's API as an `HttpApi`: for its page, and for programs in any language. Paths are below the path at which
 * the console is mounted.
 *
 * @since 0.1.0
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import * as Model from "./ConsoleModel.ts"

/**
 * There is no such session, no such sandbox, or no such thing to be done to it.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotThere extends Schema.TaggedError<NotThere>("@effect-auth/console/NotThere")("NotThere", {
  message: Schema.String
}, HttpApiSchema.annotations({ status: 404 })) {}

/**
 * A header that each call of a control carries. No page of another origin can send it without asking first.
 *
 * @since 0.1.0
 * @category models
 */
export const controlHeader = "x-effect-auth-console"

const controlHeaders = Schema.Struct({
  [controlHeader]: Schema.String.annotations({ description: "Any value, for example 1", examples: ["1"] })
})

const provider = HttpApiSchema.param("provider", Schema.String.annotations({ examples: ["placewise"] }))

const Count = Schema.Struct({ count: Schema.Number })

const sessions = HttpApiGroup.make("sessions")
  .add(
    HttpApiEndpoint.get("list", "/api/sessions")
      .addSuccess(Schema.Array(Model.SessionRow))
      .annotate(OpenApi.Description, "All sessions in memory, without secrets")
  )
  .add(
    HttpApiEndpoint.get("timeline", "/api/timeline")
      .setUrlParams(Schema.Struct({ id: Schema.String.annotations({ examples: ["placewise/42"] }) }))
      .addSuccess(Model.Timeline)
      .addError(NotThere)
      .annotate(OpenApi.Description, "What happened to one session: the lives of its tokens, and its marks")
  )
  .add(
    HttpApiEndpoint.get("live", "/api/live")
      .addSuccess(HttpApiSchema.Text({ contentType: "text/event-stream" }))
      .annotate(
        OpenApi.Description,
        "Server-sent events. The data of each one is an Update as JSON; the first one holds all sessions"
      )
  )

const sandboxes = HttpApiGroup.make("sandboxes")
  .add(
    HttpApiEndpoint.get("sandboxes", "/api/sandboxes")
      .addSuccess(Schema.Array(Model.SandboxView))
      .annotate(OpenApi.Description, "The sandboxes, their counters and their behaviour; empty beside a real program")
  )
  .add(
    HttpApiEndpoint.get("recipes")`/api/sandboxes/${provider}/recipes`
      .addSuccess(Schema.Array(Model.Recipe))
      .addError(NotThere)
      .annotate(OpenApi.Description, "Lines to copy, with the made-up credentials of the sandbox")
  )
  .add(
    HttpApiEndpoint.post("expire")`/api/sandboxes/${provider}/expire`
      .setHeaders(controlHeaders)
      .addSuccess(Count)
      .addError(NotThere)
      .annotate(OpenApi.Description, "Expires all access tokens now; yields how many were valid")
  )
  .add(
    HttpApiEndpoint.post("revoke")`/api/sandboxes/${provider}/revoke`
      .setHeaders(controlHeaders)
      .addSuccess(Count)
      .addError(NotThere)
      .annotate(OpenApi.Description, "Revokes all tokens now; yields how many were valid")
  )
  .add(
    HttpApiEndpoint.post("next")`/api/sandboxes/${provider}/next`
      .setHeaders(controlHeaders)
      .setPayload(Schema.Struct({
        answer: Model.NextAnswer,
        /** Which request. */
        at: Schema.optionalWith(Schema.Literal("any", "token", "sign-in", "refresh", "api"), { default: () => "any" })
      }))
      .addSuccess(Count)
      .addError(NotThere)
      .annotate(OpenApi.Description, "Spoils the next answer; yields how many faults wait now")
  )
  .add(
    HttpApiEndpoint.post("clear")`/api/sandboxes/${provider}/clear`
      .setHeaders(controlHeaders)
      .addSuccess(Count)
      .addError(NotThere)
      .annotate(OpenApi.Description, "Takes back the faults that wait; yields how many there were")
  )
  .add(
    HttpApiEndpoint.post("rules")`/api/sandboxes/${provider}/rules`
      .setHeaders(controlHeaders)
      .setPayload(Schema.Struct({
        rotates: Schema.optional(Schema.Boolean),
        punishesReuse: Schema.optional(Schema.Boolean)
      }))
      .addSuccess(Model.SandboxView)
      .addError(NotThere)
      .annotate(OpenApi.Description, "Whether refresh tokens rotate, and what happens to one that comes twice")
  )
  .add(
    HttpApiEndpoint.post("code")`/api/sandboxes/${provider}/code`
      .setHeaders(controlHeaders)
      .addSuccess(Schema.Struct({ code: Schema.String }))
      .addError(NotThere)
      .annotate(OpenApi.Description, "Makes a new one-time code, like a person in the admin screen")
  )

/**
 * The contract. The group `sandboxes` answers 404 beside a real program, and `/api/sandboxes` an empty list.
 *
 * @since 0.1.0
 * @category models
 */
export class ConsoleApi extends HttpApi.make("effect-auth-console")
  .add(sessions)
  .add(sandboxes)
  .annotate(OpenApi.Title, "effect-auth console")
  .annotate(OpenApi.Version, "0.1.0")
  .annotate(
    OpenApi.Description,
    "Lists sessions and controls sandboxes. Calls that change something need the header " + controlHeader + "."
  )
{}
