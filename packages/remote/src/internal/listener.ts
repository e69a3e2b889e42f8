/**
 * One client that listens. Events wait for it in a bounded row, of which the oldest are lost. Accounts that changed are not
 * lost: they wait in a set, and when that is full, the client hears that everything changed.
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type { Notice } from "../SessionRpcs.ts"
import type { Kept } from "../SessionServer.ts"

type Notice = typeof Notice.Type

/** So much waits for a client that reads slowly. */
export interface Bounds {
  readonly events: number
  readonly changed: number
  /** How many notices one message has. */
  readonly atOnce: number
}

const everything: Notice = { _tag: "EverythingChanged", account: "" }

export class Listener {
  /** Of these sessions it hears. */
  readonly kept: Kept
  private readonly mayHear: (account: string) => boolean
  private readonly bounds: Bounds
  private readonly changed = new Set<string>()
  private isEverything = false
  private events: Array<Notice> = []
  private readonly latch = Effect.unsafeMakeLatch()

  constructor(kept: Kept, mayHear: (account: string) => boolean, bounds: Bounds) {
    this.kept = kept
    this.mayHear = mayHear
    this.bounds = bounds
  }

  /** A client asks again before it uses the account's token. */
  change(account: string): void {
    if (this.isEverything || !this.mayHear(account)) return
    this.changed.add(account)
    if (this.changed.size > this.bounds.changed) {
      this.changed.clear()
      this.isEverything = true
    }
    this.latch.unsafeOpen()
  }

  event(notice: Notice): void {
    if (!this.mayHear(notice.account)) return
    this.events.push(notice)
    // Cut seldom, because cutting moves the whole row.
    if (this.events.length > 2 * this.bounds.events) this.events = this.events.slice(-this.bounds.events)
    this.latch.unsafeOpen()
  }

  private take(): ReadonlyArray<Notice> {
    const { atOnce } = this.bounds
    const changes: Array<Notice> = []
    if (this.isEverything) {
      this.isEverything = false
      changes.push(everything)
    }
    for (const account of this.changed) {
      if (changes.length === atOnce) break
      this.changed.delete(account)
      changes.push({ _tag: "Changed", account })
    }
    const taken = changes.concat(this.events.splice(0, atOnce - changes.length))
    if (this.changed.size + this.events.length === 0) this.latch.unsafeClose()
    return taken
  }

  /** The next notices; changes come first. It waits until there is one. */
  readonly next: Effect.Effect<Chunk.Chunk<Notice>> = Effect.zipRight(
    this.latch.await,
    Effect.sync(() => Chunk.unsafeFromArray(this.take()))
  )
}
