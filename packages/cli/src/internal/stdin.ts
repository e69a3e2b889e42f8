/**
 * Standard input, with a bounded wait: a pipe whose other end stays open must not keep a command for ever.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { UsageError } from "./failures.ts"
import * as Output from "./output.ts"

/** A command ends after this time without input. It is long enough for a program that first asks its user something. */
const patience = Duration.seconds(15)

/** After this time without input the command says which input it waits for. */
const quiet = Duration.seconds(2)

/** The command reads on for this time after the last wanted line, to notice input with too many lines. */
const settling = Duration.millis(200)

type Event = { readonly _tag: "Chunk"; readonly bytes: Buffer } | { readonly _tag: "End" } | { readonly _tag: "Failed" }

const events: Effect.Effect<Queue.Queue<Event>, never, Scope.Scope> = Effect.acquireRelease(
  Effect.map(Queue.unbounded<Event>(), (queue) => {
    const onData = (bytes: Buffer) => void queue.unsafeOffer({ _tag: "Chunk", bytes: Buffer.from(bytes) })
    const onEnd = () => void queue.unsafeOffer({ _tag: "End" })
    const onError = () => void queue.unsafeOffer({ _tag: "Failed" })
    process.stdin.on("data", onData).on("end", onEnd).on("error", onError)
    const stop = () => process.stdin.off("data", onData).off("end", onEnd).off("error", onError).pause()
    return { queue, stop }
  }),
  ({ stop }) => Effect.sync(stop)
).pipe(Effect.map(({ queue }) => queue))

const unreadable = new UsageError({ message: "standard input can't be read" })

const next = (queue: Queue.Queue<Event>, wanted: string): Effect.Effect<Event, UsageError> =>
  Effect.gen(function*() {
    const soon = yield* Effect.timeoutOption(Queue.take(queue), quiet)
    if (Option.isSome(soon)) return soon.value
    yield* Output.say(`waiting for standard input: ${wanted}`)
    const late = yield* Effect.timeoutOption(Queue.take(queue), Duration.subtract(patience, quiet))
    if (Option.isSome(late)) return late.value
    return yield* new UsageError({
      message:
        `nothing came on standard input for ${Duration.toSeconds(patience)} seconds, and the pipe is still open: ` +
        `${wanted} was expected`
    })
  })

/** UTF-8, or UTF-16 that says so, as PowerShell writes it. A byte order mark is no part of the text. */
const decode = (bytes: Uint8Array): Either.Either<string, UsageError> => {
  const [first, second] = bytes
  const encoding = first === 0xff && second === 0xfe
    ? "utf-16le"
    : first === 0xfe && second === 0xff
    ? "utf-16be"
    : "utf-8"
  return Either.try({
    try: () => new TextDecoder(encoding, { fatal: true }).decode(bytes),
    catch: () => new UsageError({ message: "standard input is neither UTF-8 nor UTF-16 with a byte order mark" })
  })
}

/** A line at the end of the input may have no line end; while more can come it is not whole. */
const linesOf = (text: string, isOver: boolean): ReadonlyArray<string> => {
  const lines = text.split(/\r?\n/)
  return isOver && lines.at(-1) !== "" ? lines : lines.slice(0, -1)
}

/** The whole lines so far; none while the last character may be incomplete. */
const wholeLines = (chunks: ReadonlyArray<Buffer>): ReadonlyArray<string> =>
  Either.match(decode(Buffer.concat(chunks)), { onLeft: () => [], onRight: (text) => linesOf(text, false) })

/** The lines of the input: all of them if it ends, else those that have come when there are as many as are wanted. */
export const lines = (count: number, wanted: string): Effect.Effect<ReadonlyArray<string>, UsageError> =>
  Effect.gen(function*() {
    const queue = yield* events
    const chunks: Array<Buffer> = []
    for (;;) {
      const isEnough = wholeLines(chunks).length >= count
      const event = isEnough
        ? yield* Effect.timeoutTo(Queue.take(queue), {
          duration: settling,
          onSuccess: (event): Event => event,
          onTimeout: (): Event => ({ _tag: "End" })
        })
        : yield* next(queue, wanted)
      if (event._tag === "Failed") return yield* unreadable
      if (event._tag === "Chunk") chunks.push(event.bytes)
      else return linesOf(yield* decode(Buffer.concat(chunks)), true)
    }
  }).pipe(Effect.scoped)

/** The whole input, as it is. On a terminal it ends with Ctrl-D, however long that takes. */
export const bytes: Effect.Effect<Uint8Array, UsageError> = Effect.gen(function*() {
  const queue = yield* events
  const chunks: Array<Buffer> = []
  for (;;) {
    const event = process.stdin.isTTY === true ? yield* Queue.take(queue) : yield* next(queue, "the body, and its end")
    if (event._tag === "Failed") return yield* unreadable
    if (event._tag === "End") return new Uint8Array(Buffer.concat(chunks))
    chunks.push(event.bytes)
  }
}).pipe(Effect.scoped)
