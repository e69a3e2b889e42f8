/** Reads the body of an answer as text, to its end or to a limit. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Stream from "effect/Stream"
import * as httpErrors from "./httpErrors.ts"
import { type Bytes, inflate, joined } from "./inflate.ts"
import { keptBody, wasRead } from "./keptBody.ts"

/** Bytes: the limit of a body before and after decompression. */
const limit = 1024 * 1024

/** `broken`: the connection ended inside the body · `taken`: an inner client read the body and kept no copy. */
export class Unreadable extends Data.TaggedError("Unreadable")<{
  readonly why: "broken" | "too-long" | "encoding" | "taken"
}> {}

export const readText = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<string, Unreadable> =>
  Effect.gen(function*() {
    const isTaken = wasRead(response)
    const read = yield* Effect.result(fromStream(response))
    if (read._tag === "Success" && read.success.byteLength > 0) return yield* decoded(read.success, response)
    if (read._tag === "Failure" && read.failure.why === "too-long") return yield* read.failure
    // If an inner client has read the body (to log it), its stream is empty or missing.
    const kept = yield* keptBody(response)
    if (typeof kept === "string") return kept
    if (kept !== undefined) return yield* decoded(new Uint8Array(kept), response)
    if (isTaken) return yield* new Unreadable({ why: "taken" })
    return read._tag === "Success" ? "" : yield* read.failure
  })

/** Ending the stream early closes the connection. */
const fromStream = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<Bytes, Unreadable> =>
  Effect.suspend(() => {
    const chunks: Array<Uint8Array> = []
    let size = 0
    return Stream.runForEachWhile(response.stream, (chunk) =>
      Effect.sync(() => {
        size += chunk.byteLength
        if (size <= limit) chunks.push(chunk)
        return size <= limit
      })).pipe(
        Effect.catch((error) =>
          httpErrors.isEmptyBody(error) ? Effect.void : Effect.fail(new Unreadable({ why: "broken" }))
        ),
        // The stream throws if another reader has taken the body.
        Effect.catchDefect(() => Effect.fail(new Unreadable({ why: "broken" }))),
        Effect.flatMap(() =>
          size <= limit ? Effect.succeed(joined(chunks)) : Effect.fail(new Unreadable({ why: "too-long" }))
        )
      )
  })

const decoded = (
  bytes: Bytes,
  { headers }: HttpClientResponse.HttpClientResponse
): Effect.Effect<string, Unreadable> =>
  Effect.matchEffect(inflate(bytes, headers["content-encoding"], limit), {
    onFailure: () => Effect.fail(new Unreadable({ why: "encoding" })),
    onSuccess: (plain) => Effect.succeed(decoderFor(plain, headers["content-type"]).decode(plain))
  })

/** UTF-8 (RFC 8259 section 8.1), unless the content type or a byte order mark says otherwise. */
const decoderFor = ([first, second]: Bytes, contentType: string | undefined): TextDecoder => {
  const charset = first === 0xff && second === 0xfe
    ? "utf-16le"
    : first === 0xfe && second === 0xff
    ? "utf-16be"
    : /;\s*charset="?([\w.:-]{1,40})/i.exec(contentType ?? "")?.[1]
  try {
    return new TextDecoder(charset ?? "utf-8")
  } catch {
    return new TextDecoder()
  }
}
