/**
 * Where the console's sessions come from. `fromSessions` makes a source from an `AuthSessions` of this process, for
 * looking only. Another kind of source, such as a keeper in another process, implements {@link ConsoleSource}.
 *
 * @since 0.1.0
 */
import type { AuthSessions } from "@effect-auth/core/AuthSessions"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { NotThere } from "./ConsoleApi.ts"
import type * as Model from "./ConsoleModel.ts"
import { History, rowOf } from "./internal/history.ts"

/**
 * A part of what the console shows.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConsoleSource {
  readonly sessions: Effect.Effect<ReadonlyArray<Model.SessionRow>>
  /** `undefined`: this source has no such session. */
  readonly timeline: (id: string) => Effect.Effect<Model.Timeline | undefined>
  /** Absent beside a real program. */
  readonly sandbox?: SandboxControls | undefined
}

/**
 * The controls of one sandbox.
 *
 * @since 0.1.0
 * @category models
 */
export interface SandboxControls {
  readonly provider: string
  readonly view: Effect.Effect<Model.SandboxView>
  readonly recipes: Effect.Effect<ReadonlyArray<Model.Recipe>>
  readonly expire: Effect.Effect<number>
  readonly revoke: Effect.Effect<number>
  readonly next: (
    answer: "503" | "lost" | "slow",
    at: "any" | "token" | "sign-in" | "refresh" | "api"
  ) => Effect.Effect<number>
  readonly clear: Effect.Effect<number>
  readonly rules: (change: {
    readonly rotates?: boolean | undefined
    readonly punishesReuse?: boolean | undefined
  }) => Effect.Effect<void, NotThere>
  /** Absent: the provider has no such codes. */
  readonly code?: Effect.Effect<string> | undefined
}

/**
 * The sessions of a running program, for looking only. It listens from now until the scope closes: earlier events are
 * not on the time lines.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromSessions = (
  sessions: Pick<AuthSessions<unknown>, "overview">
): Effect.Effect<ConsoleSource, never, Scope.Scope> =>
  Effect.gen(function*() {
    const { overview } = sessions
    const history = new History()
    // Before the source is used.
    const events = yield* overview.listen
    yield* Effect.forkScoped(Stream.runForEach(events, (event) =>
      Effect.gen(function*() {
        history.add(event, yield* Clock.currentTimeMillis, yield* overview.one(event.account))
      })))
    return {
      sessions: Effect.map(
        overview.all,
        (all) => all.map((summary) => rowOf(overview.provider, summary, history.countOf(summary.account)))
      ),
      timeline: (id) =>
        Effect.gen(function*() {
          const account = accountOf(overview.provider, id)
          const summary = account === undefined ? undefined : yield* overview.one(account)
          if (summary === undefined) return undefined
          return history.timelineOf(overview.provider, summary, yield* Clock.currentTimeMillis)
        })
    }
  })

const accountOf = (provider: string, id: string): string | undefined =>
  id.startsWith(`${provider}/`) ? id.slice(provider.length + 1) : undefined
