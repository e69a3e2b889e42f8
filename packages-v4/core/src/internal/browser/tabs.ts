/** The channel between the tabs of one origin. */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as RecordChanges from "../../RecordChanges.ts"
import * as RecordKey from "../../RecordKey.ts"
import { failures, nameOf } from "./failures.ts"

/** What is used of a BroadcastChannel. */
export interface Channel {
  readonly postMessage: (message: unknown) => void
  readonly addEventListener: (type: "message", listener: (event: MessageEvent) => void) => void
  readonly close: () => void
}

/** One write, as the other tabs hear of it. */
interface Write {
  readonly key: string
  readonly version: number
}

const isWrite = (u: unknown): u is Write =>
  Predicate.hasProperty(u, "key") && typeof u.key === "string" &&
  Predicate.hasProperty(u, "version") && typeof u.version === "number"

/** Writes of this tab and of the others, as one hub. A message is only a hint to look: any script can send one. */
export const writesOn = Effect.fnUntraced(function*(open: (name: string) => Channel, name: string) {
  const hub = RecordChanges.makeHub()
  const channel = yield* Effect.acquireRelease(
    Effect.try({ try: () => open(name), catch: (thrown) => failures("open")(nameOf(thrown)) }),
    (channel) => Effect.sync(() => channel.close())
  )
  channel.addEventListener("message", ({ data }) => {
    if (isWrite(data)) hub.changed(RecordKey.hash(data.key), data.version)
  })
  hub.listening()
  return {
    tell: (write: Write) =>
      Effect.ignore(Effect.try(() => {
        hub.changed(RecordKey.hash(write.key), write.version)
        channel.postMessage(write)
      })),
    changes: hub.changes
  }
})
