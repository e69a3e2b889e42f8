/**
 * Watches the tokens that clients hold: a token that this process replaced, or that another process did, is reported. A
 * client that holds a token asks nobody, so without this it would hear of a sign-out only when its token is due.
 */
import type * as AuthService from "@effect-auth/core/AuthService"
import * as Effect from "effect/Effect"
import type { Kept } from "../SessionServer.ts"
import * as limits from "./limits.ts"

interface Watched {
  readonly kept: Kept
  readonly account: string
  readonly auth: AuthService.Any
  readonly session: string
  readonly generation: number
  /** The keeper would have handed it out at once. */
  readonly wasFresh: boolean
  /** The token's end: epoch milliseconds. */
  readonly expiresAt: number
}

export class Watch {
  private readonly watched = new Map<string, Watched>()
  private isWarned = false
  private readonly report: (kept: Kept, account: string) => Effect.Effect<unknown>

  constructor(report: (kept: Kept, account: string) => Effect.Effect<unknown>) {
    this.report = report
  }

  /**
   * A client gets this token. Clients with another token of this account are notified. There is one entry for each account and
   * resource. Yields whether it is watched. Beyond the limit new ones are not: the clients of the others rely on being notified.
   */
  add(watched: Watched, resource: string | undefined): Effect.Effect<boolean> {
    return Effect.suspend(() => {
      const { account, generation, kept, session } = watched
      const name = JSON.stringify([kept.provider, kept.realm, account, resource])
      const before = this.watched.get(name)
      if (before === undefined && this.watched.size >= limits.mostWatched) return Effect.as(this.warn, false)
      this.watched.set(name, watched)
      const isAnother = before !== undefined && (before.generation !== generation || before.session !== session)
      return Effect.as(isAnother ? this.report(kept, account) : Effect.void, true)
    })
  }

  private readonly warn = Effect.suspend(() => {
    if (this.isWarned) return Effect.void
    this.isWarned = true
    return Effect.logWarning(
      `more than ${limits.mostWatched} accounts have clients: clients of the other accounts notice a sign-out up to ` +
        `${limits.pollEach / 1_000} seconds later`
    )
  })

  /** Looks at each token once, and reports those that are not current any more. A client that still wants one asks again. */
  readonly look: Effect.Effect<void> = Effect.clockWith((clock) =>
    Effect.gen(this, function*() {
      let looked = 0
      for (const [name, { account, auth, expiresAt, generation, kept, session, wasFresh }] of this.watched) {
        const current = auth.unsafePeek(clock)
        const isChanged = current === undefined
          ? wasFresh
          : current.generation !== generation || current.session !== session
        if (isChanged) {
          this.watched.delete(name)
          yield* this.report(kept, account)
        } else if (current === undefined && clock.unsafeCurrentTimeMillis() >= expiresAt) {
          // Its client can't use it any more, so there is nothing to report.
          this.watched.delete(name)
        }
        if (++looked % limits.watchedPerTurn === 0) yield* Effect.sleep(0)
      }
    })
  )
}
