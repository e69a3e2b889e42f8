/** The endpoints of the console's API. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import { ConsoleApi, NotThere } from "../ConsoleApi.ts"
import type { ConsoleSource, SandboxControls } from "../ConsoleSource.ts"
import { sessionsOf, viewsOf } from "./live.ts"

interface Context {
  readonly sources: ReadonlyArray<ConsoleSource>
  readonly live: Stream.Stream<Uint8Array>
}

const sessions = ({ live, sources }: Context) =>
  HttpApiBuilder.group(ConsoleApi, "sessions", (handlers) =>
    handlers
      // Encoding ten thousand rows by their schema would take longer than all the rest.
      .handleRaw("list", () => Effect.map(sessionsOf(sources), (rows) => HttpServerResponse.unsafeJson(rows)))
      .handle("timeline", ({ urlParams }) =>
        Effect.gen(function*() {
          for (const source of sources) {
            const found = yield* source.timeline(urlParams.id)
            if (found !== undefined) return found
          }
          return yield* new NotThere({ message: "there is no such session in memory" })
        }))
      .handleRaw("live", () => Effect.succeed(HttpServerResponse.stream(live, { contentType: "text/event-stream" }))))

const sandboxes = ({ sources }: Context) => {
  const controls = sources.flatMap((source) => source.sandbox ?? [])
  const of = (provider: string): Effect.Effect<SandboxControls, NotThere> => {
    const found = controls.find((sandbox) => sandbox.provider === provider)
    return found === undefined
      ? Effect.fail(new NotThere({ message: "there is no such sandbox" }))
      : Effect.succeed(found)
  }
  const counted = (provider: string, act: (sandbox: SandboxControls) => Effect.Effect<number>) =>
    Effect.map(Effect.flatMap(of(provider), act), (count) => ({ count }))
  return HttpApiBuilder.group(ConsoleApi, "sandboxes", (handlers) =>
    handlers
      .handle("sandboxes", () => viewsOf(sources))
      .handle("recipes", ({ path }) => Effect.flatMap(of(path.provider), (sandbox) => sandbox.recipes))
      .handle("expire", ({ path }) => counted(path.provider, (sandbox) => sandbox.expire))
      .handle("revoke", ({ path }) => counted(path.provider, (sandbox) => sandbox.revoke))
      .handle("clear", ({ path }) => counted(path.provider, (sandbox) => sandbox.clear))
      .handle("next", ({ path, payload }) =>
        counted(path.provider, (sandbox) => sandbox.next(payload.answer, payload.at)))
      .handle("rules", ({ path, payload }) =>
        Effect.gen(function*() {
          const sandbox = yield* of(path.provider)
          yield* sandbox.rules(payload)
          return yield* sandbox.view
        }))
      .handle("code", ({ path }) =>
        Effect.gen(function*() {
          const { code } = yield* of(path.provider)
          if (code === undefined) {
            return yield* new NotThere({ message: "this provider has no such codes" })
          }
          return { code: yield* code }
        })))
}

export const layer = (context: Context) =>
  HttpApiBuilder.api(ConsoleApi).pipe(Layer.provide([sessions(context), sandboxes(context)]))
