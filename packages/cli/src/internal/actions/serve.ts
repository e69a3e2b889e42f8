import * as SessionServer from "@effect-auth/remote/SessionServer"
import * as UnixSocket from "@effect-auth/remote/UnixSocket"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import { UsageError } from "../failures.ts"
import { locate } from "../home.ts"
import * as config from "../keeper/config.ts"
import * as keep from "../keeper/keep.ts"
import * as Output from "../output.ts"
import * as reach from "../reach.ts"
import * as store from "../store.ts"

export interface Options extends config.Given {
  readonly store: Option.Option<string>
  readonly json: boolean
}

/** Keeps the sessions until it is interrupted. Closing waits for calls and exchanges that are under way. */
export const run = (options: Options) =>
  Effect.gen(function*() {
    const home = yield* locate(options.store)
    const settings = yield* config.read(home, options)
    yield* Effect.gen(function*() {
      const kept = yield* keep.make(home)
      const server = yield* Effect.mapError(
        SessionServer.make(kept, { callers: settings.callers }),
        ({ errorDescription, message }) => new UsageError({ message: `--config: ${errorDescription ?? message}` })
      )
      yield* server.serve.pipe(
        Effect.provide(yield* Layer.build(UnixSocket.layerServer(settings.socket)))
      )
      const http = settings.http === undefined
        ? undefined
        : yield* Effect.flatMap(Effect.promise(() => import("../keeper/http.ts")), ({ serve }) =>
          serve(server, kept, settings.http!))
      // Both doors drain before anything of them closes.
      yield* Effect.addFinalizer(() =>
        server.drain
      )
      const sessions = kept.map(({ provider, realm }) => ({ provider, realm }))
      yield* Output.print({
        text: [`socket  ${settings.socket}`, ...http === undefined ? [] : [`http    ${http}`]].join("\n"),
        json: { socket: settings.socket, http: http ?? null, sessions }
      }, options.json)
      if (kept.length === 0) {
        yield* Output.say("nobody is signed in: sign in, and start this again")
      }
      return yield* Effect.never
    }).pipe(
      Effect.scoped,
      Effect.provide(store.layer(home)),
      Effect.provide(reach.layer)
    )
  })
