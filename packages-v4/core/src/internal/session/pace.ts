/**
 * How fast a realm's token endpoint may be asked (G59). A rate limit that one session meets is a limit for all of them: no
 * exchange begins before it is over. Then they begin one after the other, as fast as the server answered before. All times are
 * monotonic milliseconds.
 */
import * as limits from "../limits.ts"

export class Pace {
  /** Milliseconds between two exchanges; 0: no limit is known. */
  private interval = 0
  /** No exchange begins before this. */
  openAt = -Infinity
  private beganAt = -Infinity
  /** The start of the current count of answers, and the count. */
  private countedSince = -Infinity
  private answers = 0
  /** The number of pauses since the last answer. */
  private pauses = 0
  private limited: { readonly by: unknown; readonly at: number } | undefined
  /** The interval at which the limit was met last; 0: it is not known. */
  private reached = 0
  private grownAt = -Infinity

  /** When the next exchange may begin. */
  nextAt(): number {
    return this.interval === 0 ? this.openAt : Math.max(this.openAt, this.beganAt + this.interval)
  }

  /** When an exchange may begin if so many others come first, at the best pace that was seen. */
  turn(others: number): number {
    return this.nextAt() + others * (this.reached === 0 ? this.interval : Math.min(this.interval, this.reached))
  }

  begin(at: number): void {
    this.beganAt = at
    if (this.interval === 0 && at - this.countedSince > limits.countedFor) this.count(at)
  }

  /** The server answered an exchange, and the answer was no rate limit. */
  answered(at: number): void {
    this.answers++
    this.pauses = 0
    // No limit was measured: the server was away.
    if (this.reached === 0) this.interval = Math.min(this.interval, limits.shortestPause)
    if (this.interval > 0 && at - this.grownAt >= limits.growEach) this.grow(at)
  }

  /**
   * An exchange met a rate limit. The first limit may be for that account only. If another account meets a limit soon after,
   * the limit is for all accounts, and a pause begins: then the result is `true`. `retryAfter`: the Retry-After of the answer in
   * milliseconds, or 0.
   */
  limit(by: unknown, retryAfter: number, at: number): boolean {
    const { limited } = this
    this.limited = { by, at }
    const isTogether = limited !== undefined && limited.by !== by &&
      (this.pauses > 0 || at - limited.at < limits.limitsTogether)
    if (!isTogether || at < this.openAt) return false
    const least = Math.min(limits.shortestPause * 2 ** this.pauses++, limits.longestPause)
    const pause = Math.min(Math.max(retryAfter, least), limits.longestPause)
    this.openAt = at + pause
    this.interval = Math.min(this.slower(pause), limits.longestPause)
    this.grownAt = this.openAt
    this.count(this.openAt)
    return true
  }

  private slower(pause: number): number {
    if (this.answers === 0) {
      this.reached = 0
      return Math.max(2 * this.interval, pause)
    }
    const seen = (this.openAt - this.countedSince) / this.answers
    // The exchanges before the first limit had no steady pace: the server may allow more.
    this.reached = this.interval === 0 ? seen / limits.firstGuess : this.interval
    return this.interval === 0 ? seen : Math.min(seen, this.interval / limits.slowedTo)
  }

  /**
   * The pace grows fast until it is near the last limit, then slowly. After a while without a limit it grows fast again: the
   * limit may have changed.
   */
  private grow(at: number): void {
    this.grownAt = at
    const near = this.reached / limits.nearLimit
    const isCalm = at - (this.limited?.at ?? at) > limits.calmAfter
    if (isCalm || this.reached === 0) this.interval /= limits.growsBoldly
    else if (this.interval > near) this.interval = Math.max(near, this.interval / limits.growsBack)
    else this.interval /= limits.grows
    if (this.interval < limits.noInterval) this.interval = 0
  }

  private count(since: number): void {
    this.countedSince = since
    this.answers = 0
  }
}
