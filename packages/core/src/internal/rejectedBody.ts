/** What becomes of the body of a refused request: its connection must not stay busy while the session is renewed. */
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { HandedResponse } from "./handedResponse.ts"
import * as ownFiber from "./ownFiber.ts"

/** Up to so much is read, so that the connection can be used again; with more left it is closed. */
const drained = 64 * 1024

/** Up to so much is kept for a caller who wants the response. */
const kept = 1024 * 1024

/** Reading ends after this, in milliseconds, however little has come. */
const patience = 500

interface Read {
  readonly chunks: ReadonlyArray<Uint8Array>
  /** Nothing was left unread. */
  readonly isWhole: boolean
}

/** Reads at most `limit` bytes. A body whose length is told is read in one go, which costs a tenth of a stream. */
const read = (response: HttpClientResponse.HttpClientResponse, limit: number): Effect.Effect<Read> => {
  const { "content-encoding": encoding, "content-length": length } = response.headers
  const isShort = encoding === undefined && length !== undefined && Number(length) <= limit
  // A body that was read already has nothing to give.
  return Effect.catchAllDefect(isShort ? atOnce(response) : bounded(response, limit), () => Effect.succeed(nothing))
}

const nothing: Read = { chunks: [], isWhole: false }

const inTime = (reading: Effect.Effect<Read>): Effect.Effect<Read> =>
  Effect.timeoutTo(Effect.disconnect(reading), {
    duration: patience,
    onSuccess: (read) => read,
    onTimeout: () => nothing
  })

const atOnce = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<Read> =>
  Effect.match(response.arrayBuffer, {
    onSuccess: (buffer) => ({ chunks: [new Uint8Array(buffer)], isWhole: true }),
    onFailure: () => nothing
  })

/** Leaving the stream early cancels the body. */
const bounded = (response: HttpClientResponse.HttpClientResponse, limit: number): Effect.Effect<Read> =>
  Effect.suspend(() => {
    const chunks: Array<Uint8Array> = []
    let size = 0
    return Effect.match(
      Stream.runForEachWhile(response.stream, (chunk) => {
        chunks.push(chunk)
        size += chunk.byteLength
        return Effect.succeed(size <= limit)
      }),
      {
        onSuccess: () => ({ chunks, isWhole: size <= limit }),
        // A response without a body has no stream.
        onFailure: () => ({ chunks, isWhole: size === 0 })
      }
    )
  })

/**
 * Frees the connections of responses that nobody will read. Nobody waits for that: who waits for the same connection gets
 * it as soon as it is free. One fiber gives up the bodies that take too long; a timer for each would cost more than all
 * else that a rejection does.
 */
export class Drain {
  private readonly reading = new Set<Fiber.RuntimeFiber<unknown>>()
  private isWatched = false

  release(response: HttpClientResponse.HttpClientResponse): Effect.Effect<void> {
    return Effect.uninterruptible(
      // Reading begins before anything else is sent: what is read soon is let go of soon.
      Effect.flatMap(ownFiber.start(read(response, drained)), (fiber) => {
        if (fiber.unsafePoll() !== null) return Effect.void
        this.reading.add(fiber)
        fiber.addObserver(() => this.reading.delete(fiber))
        if (this.isWatched) return Effect.void
        this.isWatched = true
        return Effect.asVoid(ownFiber.start(this.watch))
      })
    )
  }

  private readonly watch: Effect.Effect<void> = Effect.gen(this, function*() {
    while (this.reading.size > 0) {
      const before = [...this.reading]
      yield* Effect.sleep(patience)
      for (const fiber of before) if (this.reading.has(fiber)) yield* Fiber.interruptFork(fiber)
    }
    this.isWatched = false
  })
}

/** Frees the connection and keeps the body. Reading a body that was too long or too slow to keep fails, never lies. */
export const keep = (
  response: HttpClientResponse.HttpClientResponse,
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<HttpClientResponse.HttpClientResponse> =>
  Effect.map(inTime(read(response, kept)), ({ chunks, isWhole }) => {
    const contentType = response.headers["content-type"]
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const chunk of chunks) controller.enqueue(chunk)
        if (isWhole) controller.close()
        else controller.error(new Error("the body of the refused request was too long or too slow to keep"))
      }
    })
    // A server may say what no `Response` can be made with.
    const isSayable = contentType !== undefined && /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(contentType)
    const copy = new Response(body, { headers: isSayable ? { "content-type": contentType } : {} })
    const inner: HttpClientResponse.HttpClientResponse = Object.create(HttpClientResponse.fromWeb(request, copy), {
      status: { value: response.status },
      headers: { value: response.headers },
      cookies: { value: response.cookies },
      remoteAddress: { value: response.remoteAddress }
    })
    return new HandedResponse(inner, request)
  })
