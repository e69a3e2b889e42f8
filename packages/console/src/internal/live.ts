/** Looks at the sources while somebody watches, and sends what changed. */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Model from "../ConsoleModel.ts"
import type { ConsoleSource } from "../ConsoleSource.ts"

/** Milliseconds between two looks. A look that takes long makes the next one wait for longer. */
const interval = 300
const share = 10

/** Milliseconds. Proxies and browsers give up silent connections. */
const longestSilence = 15_000

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

/** What one watcher has seen. Each has its own: one that reads slowly gets fewer messages, and misses nothing. */
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

const encoder = new TextEncoder()

const encode = (update: Model.Update): Uint8Array => encoder.encode(`data: ${JSON.stringify(update)}\n\n`)

/** A line that browsers ignore. */
const silence = encoder.encode(": \n\n")

const look = (sources: ReadonlyArray<ConsoleSource>, seen: Seen): Effect.Effect<Model.Update | undefined> =>
  Effect.gen(function*() {
    const sessions = yield* sessionsOf(sources)
    const sandboxes = yield* viewsOf(sources)
    return seen.changes(yield* Clock.currentTimeMillis, sessions, sandboxes)
  })

/** Looks until something changed, or until the connection was silent for long. */
const next = (sources: ReadonlyArray<ConsoleSource>, seen: Seen): Effect.Effect<Uint8Array> =>
  Effect.gen(function*() {
    const started = yield* Clock.currentTimeMillis
    let took = 0
    while (true) {
      yield* Effect.sleep(Math.max(interval, share * took))
      const before = yield* Clock.currentTimeMillis
      const update = yield* look(sources, seen)
      if (update !== undefined) return encode(update)
      const now = yield* Clock.currentTimeMillis
      took = now - before
      if (now - started > longestSilence) return silence
    }
  })

const first = (sources: ReadonlyArray<ConsoleSource>, seen: Seen): Effect.Effect<Uint8Array> =>
  Effect.gen(function*() {
    const update = yield* look(sources, seen)
    const nothing = { now: yield* Clock.currentTimeMillis, sessions: [], gone: [], sandboxes: [] }
    return encode({ ...nothing, ...update, whole: true })
  })

/** The body of a stream of server-sent events. It ends when the scope closes. */
export const make = (
  sources: ReadonlyArray<ConsoleSource>
): Effect.Effect<Stream.Stream<Uint8Array>, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(Deferred.make<void>(), (closed) => Deferred.succeed(closed, undefined)),
    (closed) =>
      Stream.suspend(() => {
        const seen = new Seen()
        return Stream.concat(Stream.fromEffect(first(sources, seen)), Stream.repeatEffect(next(sources, seen)))
      }).pipe(Stream.interruptWhenDeferred(closed))
  )
