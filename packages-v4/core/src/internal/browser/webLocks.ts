/** The Web Lock that shows that a tab is there. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { TokenStoreError } from "../../AuthError.ts"
import type { Presence } from "../../TokenStore.ts"
import { randomId } from "../session/ids.ts"
import { failures, nameOf } from "./failures.ts"

/** Takes a lock; the Effect in it frees it. */
const hold = (locks: Pick<LockManager, "request">, name: string) =>
  Effect.callback<Effect.Effect<void>, TokenStoreError>((resume) => {
    const refuse = (thrown: unknown) => resume(Effect.fail(failures("open")(nameOf(thrown))))
    try {
      const ended: Promise<void> = locks.request(name, () =>
        new Promise<void>((release) => {
          resume(Effect.succeed(Effect.promise(() => {
            release()
            return ended
          })))
        })).then(() => undefined, refuse)
    } catch (thrown) {
      refuse(thrown)
    }
  })

/** The mark of owners that hold a lock. Of any other owner nothing is known, so it is not called gone. */
const owners = "web-lock."

/** Holds a lock as long as the scope lives: other tabs ask the browser whether it is held. */
export const presenceIn = Effect.fnUntraced(
  function*(locks: Pick<LockManager, "request" | "query">, database: string, timeout: Duration.Input) {
    const lockOf = (owner: string) => `${database}/owner/${owner}`
    const owner = `${owners}${randomId()}`
    yield* Effect.acquireRelease(hold(locks, lockOf(owner)), (free) => free)
    return {
      owner,
      watches: "process",
      isAlive: (other) =>
        other.startsWith(owners)
          ? Effect.tryPromise({
            try: async () => (await locks.query()).held?.some((lock) => lock.name === lockOf(other)) ?? true,
            catch: (thrown) => failures("presence")(nameOf(thrown))
          }).pipe(Effect.timeoutOrElse({
            duration: timeout,
            orElse: () => Effect.fail(failures("presence")("no answer in time"))
          }))
          : Effect.succeed(true)
    } satisfies Presence
  }
)
