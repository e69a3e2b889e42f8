/** A progress line on a terminal, for work that takes longer than half a second. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Output from "./output.ts"

const patience = "500 millis"
const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]

export const withProgress = (label: string) => <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  if (process.stderr.isTTY !== true) return work
  let shown = false
  const turn = Effect.gen(function*() {
    yield* Effect.sleep(patience)
    for (let frame = 0;; frame++) {
      shown = true
      yield* Output.stderr(`\r${frames[frame % frames.length]} ${label} …`)
      yield* Effect.sleep("100 millis")
    }
  })
  const clear = Effect.suspend(() => shown ? Output.stderr("\r\u001b[K") : Effect.void)
  return Effect.acquireUseRelease(
    Effect.fork(Effect.interruptible(turn)),
    () => work,
    (fiber) => Effect.zipRight(Fiber.interrupt(fiber), clear)
  )
}
