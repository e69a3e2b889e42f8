/** Handles the body of a rejected response, so that its connection is not busy during the renewal. */
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { disconnect } from "../seams/disconnect.ts"
import * as ownFiber from "../seams/ownFiber.ts"
import { HandedResponse } from "./handedResponse.ts"

/** Bytes that are read to make the connection reusable. With a longer body the connection is closed. */
const drained = 64 * 1024

/** Bytes that are kept for a caller who wants the response. */
const kept = 1024 * 1024

/** Reading stops after this, in milliseconds. */
const patience = 500

interface Read {
  readonly chunks: ReadonlyArray<Uint8Array>
  /** Whether the whole body was read. */
  readonly isWhole: boolean
}

/** Reads at most `limit` bytes. A body with a known length is read at once, at a tenth of the cost of a stream. */
const read = (response: HttpClientResponse.HttpClientResponse, limit: number): Effect.Effect<Read> => {
  const { "content-encoding": encoding, "content-length": length } = response.headers
  const isShort = encoding === undefined && length !== undefined && Number(length) <= limit
  // A body that was already read throws.
  return Effect.catchAllDefect(isShort ? atOnce(response) : bounded(response, limit), () => Effect.succeed(nothing))
}

const nothing: Read = { chunks: [], isWhole: false }

const inTime = (reading: Effect.Effect<Read>): Effect.Effect<Read> =>
  Effect.timeoutTo(disconnect(reading), {
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
 * Frees the connections of responses that are not needed, in the background. One fiber cancels the bodies that take too
 * long, because a timer for each body would cost more than all other work of a rejection.
 */
export class Drain {
  private readonly reading = new Set<Fiber.RuntimeFiber<unknown>>()
  private isWatched = false

  release(response: HttpClientResponse.HttpClientResponse): Effect.Effect<void> {
    return Effect.uninterruptible(
      // Reading begins before the next send, so that the connection is free early.
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

/** Frees the connection and keeps the body. If the body was too long or too slow to keep, reading it fails. */
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
    // `Response` throws on an invalid content type.
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
