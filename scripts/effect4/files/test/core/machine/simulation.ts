/**
 * Time and interleaving under control: a scheduler that runs fibers synchronously, in an order drawn from a seed, and two
 * clocks, of which the wall's can jump. No promise and no timer is involved, so a history is a deterministic function.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scheduler from "effect/Scheduler"

interface Timer {
  readonly at: number
  readonly order: number
  readonly resume: () => void
}

/** A small generator: the same seed gives the same order. */
const random = (seed: number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

export class Simulation implements Scheduler.Scheduler {
  /** Monotonic milliseconds. */
  mono = 1_000_000
  /** By how much the wall clock differs. */
  offset = 1_700_000_000_000
  private readonly tasks: Array<() => void> = []
  private readonly timers: Array<Timer> = []
  private order = 0
  private readonly chance: () => number
  private readonly opsBeforeYield: number

  constructor(seed: number, opsBeforeYield: number) {
    this.chance = random(seed)
    this.opsBeforeYield = opsBeforeYield
  }

  readonly executionMode = "async"

  shouldYield(fiber: Fiber.Fiber<unknown, unknown>): boolean {
    return fiber.currentOpCount > this.opsBeforeYield
  }

  makeDispatcher(): Scheduler.SchedulerDispatcher {
    return { scheduleTask: (task) => this.scheduleTask(task), flush: () => this.flush() }
  }

  scheduleTask(task: () => void): void {
    this.tasks.push(task)
  }

  /** Runs fibers until all of them wait, each time one that is drawn. */
  flush(): void {
    for (let turns = 0; this.tasks.length > 0; turns++) {
      if (turns > 100_000) throw new Error("the fibers never come to rest")
      const index = Math.floor(this.chance() * this.tasks.length)
      const [task] = this.tasks.splice(index, 1)
      task!()
    }
  }

  /** Moves time, waking each sleeper at its own moment. */
  advance(by: number): void {
    const until = this.mono + by
    this.flush()
    for (let woken = 0;; woken++) {
      if (woken > 50_000) throw new Error("the fibers spin")
      let next: Timer | undefined
      for (const timer of this.timers) {
        if (
          timer.at <= until &&
          (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order))
        ) {
          next = timer
        }
      }
      if (next === undefined) break
      this.timers.splice(this.timers.indexOf(next), 1)
      this.mono = Math.max(this.mono, next.at)
      next.resume()
      this.flush()
    }
    this.mono = until
    this.flush()
  }

  readonly clock: Clock.Clock = {
    ...Clock.Clock.defaultValue(),
    currentTimeMillisUnsafe: () => Math.floor(this.mono + this.offset),
    currentTimeNanosUnsafe: () => BigInt(Math.floor(this.mono * 1e6)),
    monotonicTimeNanosUnsafe: () => BigInt(Math.floor(this.mono * 1e6)),
    currentTimeMillis: Effect.sync(() => Math.floor(this.mono + this.offset)),
    currentTimeNanos: Effect.sync(() => BigInt(Math.floor(this.mono * 1e6))),
    monotonicTimeNanos: Effect.sync(() => BigInt(Math.floor(this.mono * 1e6))),
    sleep: (duration) =>
      Effect.callback<void>((resume) => {
        const timer: Timer = {
          at: this.mono + Duration.toMillis(duration),
          order: this.order++,
          resume: () => resume(Effect.void)
        }
        this.timers.push(timer)
        return Effect.sync(() => {
          const index = this.timers.indexOf(timer)
          if (index >= 0) this.timers.splice(index, 1)
        })
      })
  }

  /** Starts an effect; nothing of it runs before the next `flush`. */
  fork<A, E>(effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> {
    // A fiber would run at once as far as it goes: it is held back until the next flush.
    const held = Effect.callback<void>((resume) => this.scheduleTask(() => resume(Effect.void)))
    const program = Effect.provideService(Effect.andThen(held, effect), Clock.Clock, this.clock)
    return Effect.runFork(program, { scheduler: this })
  }

  /** Runs an effect to its end, moving time as far as it takes; `none` when it does not end within ten minutes. */
  run<A, E>(effect: Effect.Effect<A, E>): Option.Option<Exit.Exit<A, E>> {
    const fiber = this.fork(effect)
    let exit = Option.none<Exit.Exit<A, E>>()
    fiber.addObserver((ended) => {
      exit = Option.some(ended)
    })
    this.flush()
    for (let turn = 0; Option.isNone(exit) && turn < 700; turn++) this.advance(turn < 100 ? 5 : 1_000)
    return exit
  }
}
