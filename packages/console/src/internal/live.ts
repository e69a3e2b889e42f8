/** Looks at the sources while somebody watches, and sends what changed. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Model from "../ConsoleModel.ts"
import type { ConsoleSource } from "../ConsoleSource.ts"

/** Milliseconds between two looks. A look that takes long makes the next one wait for longer. */
const interval = 300
const share = 10

/** Proxies and browsers give up silent connections. */
const beat = Duration.seconds(15)

const repeatEvery = Schedule.spaced(beat)

const isSame = (one: Model.SessionRow, other: Model.SessionRow): boolean =>
  one.marks === other.marks && one.generation === other.generation && one.state === other.state &&
  one.obtainedAt === other.obtainedAt && one.expiresAt === other.expiresAt && one.dueAt === other.dueAt &&
  one.failures === other.failures && one.refreshing === other.refreshing && one.degraded === other.degraded &&
  one.inDoubtSince === other.inDoubtSince && one.reauthenticateBy === other.reauthenticateBy &&
  one.reason === other.reason

export const sessionsOf = (sources: ReadonlyArray<ConsoleSource>): Effect.Effect<ReadonlyArray<Model.SessionRow>> =>
  Effect.map(Effect.forEach(sources, (source) => source.sessions), (all) => all.flat())

export const viewsOf = (sources: ReadonlyArray<ConsoleSource>): Effect.Effect<ReadonlyArray<Model.SandboxView>> =>
  Effect.forEach(sources.flatMap((source) => source.sandbox ?? []), (sandbox) => sandbox.view)

/** The rows and the sandboxes as they were at the last look. */
class Seen {
  private rows = new Map<string, Model.SessionRow>()
  private views = ""

  /** `undefined` if nothing changed. */
  changes(
    now: number,
    sessions: ReadonlyArray<Model.SessionRow>,
    sandboxes: ReadonlyArray<Model.SandboxView>
  ): Model.Update | undefined {
    const before = this.rows
    this.rows = new Map(sessions.map((row) => [row.id, row]))
    const changed = sessions.filter((row) => {
      const old = before.get(row.id)
      return old === undefined || !isSame(old, row)
    })
    const gone = Array.from(before.keys()).filter((id) => !this.rows.has(id))
    const views = JSON.stringify(sandboxes)
    const isNews = views !== this.views
    this.views = views
    if (changed.length === 0 && gone.length === 0 && !isNews) return undefined
    return { now, whole: false, sessions: changed, gone, ...(isNews ? { sandboxes } : {}) }
  }
}

const whole = (sources: ReadonlyArray<ConsoleSource>): Effect.Effect<Model.Update> =>
  Effect.gen(function*() {
    const sessions = yield* sessionsOf(sources)
    const sandboxes = yield* viewsOf(sources)
    return { now: yield* Clock.currentTimeMillis, whole: true, sessions, gone: [], sandboxes }
  })

const encoder = new TextEncoder()

const encode = (update: Model.Update): Uint8Array => encoder.encode(`data: ${JSON.stringify(update)}\n\n`)

/** The body of a stream of server-sent events. It ends when the scope closes. */
export const make = (
  sources: ReadonlyArray<ConsoleSource>
): Effect.Effect<Stream.Stream<Uint8Array>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const updates = yield* Effect.acquireRelease(PubSub.sliding<Model.Update>(64), PubSub.shutdown)
    const seen = new Seen()
    let watching = 0
    const look = Effect.gen(function*() {
      const started = yield* Clock.currentTimeMillis
      if (watching > 0) {
        const changed = seen.changes(started, yield* sessionsOf(sources), yield* viewsOf(sources))
        if (changed !== undefined) yield* PubSub.publish(updates, changed)
      }
      yield* Effect.sleep(Math.max(interval, share * ((yield* Clock.currentTimeMillis) - started)))
    })
    yield* Effect.forkScoped(Effect.forever(look))
    const watched = Effect.acquireRelease(Effect.sync(() => void watching++), () => Effect.sync(() => void watching--))
    return Stream.unwrapScoped(Effect.gen(function*() {
      yield* watched
      // Listening begins before the first look, so that no change is missed between them.
      const queue = yield* PubSub.subscribe(updates)
      const first = yield* whole(sources)
      const later = Stream.concat(Stream.make(first), Stream.fromQueue(queue))
      const beats = Stream.map(
        Stream.schedule(Stream.repeatValue(": \n\n"), repeatEvery),
        (text) => encoder.encode(text)
      )
      return Stream.merge(Stream.map(later, encode), beats, { haltStrategy: "left" })
    }))
  })
