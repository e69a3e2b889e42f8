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

  add(watched: Watched, resource: string | undefined): void {
    const name = JSON.stringify([watched.kept.provider, watched.kept.realm, watched.account, resource])
    this.watched.delete(name)
    this.watched.set(name, watched)
    const [oldest] = this.watched.keys()
    if (this.watched.size > limits.mostWatched && oldest !== undefined) this.watched.delete(oldest)
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
