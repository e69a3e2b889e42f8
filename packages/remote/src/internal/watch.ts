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
}

export class Watch {
  private readonly watched = new Map<string, Watched>()
  private readonly report: (kept: Kept, account: string) => Effect.Effect<unknown>

  constructor(report: (kept: Kept, account: string) => Effect.Effect<unknown>) {
    this.report = report
  }

  /** A client gets this token. Whoever holds another one of the account hears so: one place is all that an account has. */
  add(watched: Watched, resource: string | undefined): Effect.Effect<unknown> {
    return Effect.suspend(() => {
      const { account, generation, kept, session } = watched
      const name = JSON.stringify([kept.provider, kept.realm, account, resource])
      const before = this.watched.get(name)
      this.watched.delete(name)
      this.watched.set(name, watched)
      const [oldest] = this.watched.keys()
      if (this.watched.size > limits.mostWatched && oldest !== undefined) this.watched.delete(oldest)
      const isAnother = before !== undefined && (before.generation !== generation || before.session !== session)
      return isAnother ? this.report(kept, account) : Effect.void
    })
  }

  /** Looks at each token once, and reports those that are not current any more. A client that still wants one asks again. */
  readonly look: Effect.Effect<void> = Effect.clockWith((clock) =>
    Effect.gen(this, function*() {
      let looked = 0
      for (const [name, { account, auth, generation, kept, session, wasFresh }] of this.watched) {
        const current = auth.unsafePeek(clock)
        const isChanged = current === undefined
          ? wasFresh
          : current.generation !== generation || current.session !== session
        if (isChanged) {
          this.watched.delete(name)
          yield* this.report(kept, account)
        }
        if (++looked % limits.watchedPerTurn === 0) yield* Effect.sleep(0)
      }
    })
  )
}
