/** A clock that jumps to the next timer whenever the program has nothing else to do: hours pass in milliseconds. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"

interface Timer {
  readonly at: number
  readonly wake: () => void
}

const turns = (count: number) =>
  Effect.promise(async () => {
    for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
  })

export const make = (start: number) => {
  let now = start
  const timers = new Set<Timer>()
  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => now,
    unsafeCurrentTimeNanos: () => BigInt(Math.round(now * 1_000_000)),
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanos: Effect.sync(() => BigInt(Math.round(now * 1_000_000))),
    sleep: (duration) =>
      Effect.async<void>((resume) => {
        const timer = { at: now + Duration.toMillis(duration), wake: () => resume(Effect.void) }
        timers.add(timer)
        return Effect.sync(() => {
          timers.delete(timer)
        })
      })
  }

  /** Wakes what is due until `until`; `false` when nothing is. */
  const jump = (until: number): boolean => {
    const next = Array.from(timers).reduce<Timer | undefined>(
      (a, b) => a === undefined || b.at < a.at ? b : a,
      undefined
    )
    if (next === undefined || next.at > until) return false
    now = Math.max(now, next.at)
    timers.delete(next)
    next.wake()
    return true
  }

  /** The end of an effect that may take so many milliseconds; none when it takes longer. */
  const within = <A, E, R>(effect: Effect.Effect<A, E, R>, millis: number) =>
    Effect.gen(function*() {
      const until = now + millis
      const fiber = yield* Effect.fork(Effect.exit(effect))
      // Nothing to wait for but a promise (bytes, a digest) is waited for in real time.
      for (let idle = 0; idle < 2_000;) {
        yield* turns(4)
        if (idle > 50) yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)))
        if (Option.isSome(yield* Fiber.poll(fiber))) return Option.some(yield* Fiber.join(fiber))
        if (jump(until)) idle = 0
        else idle++
      }
      yield* Fiber.interruptFork(fiber)
      return Option.none()
    })

  /** Lets time pass. */
  const pass = (millis: number) =>
    Effect.gen(function*() {
      const until = now + millis
      yield* turns(4)
      while (jump(until)) yield* turns(2)
      now = Math.max(now, until)
    })

  return { clock, within, pass }
}
