/** How a record is named in its row, and in a notification. */
import * as RecordKey from "@effect-auth/core/RecordKey"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"

/** An entry of a PostgreSQL index holds about 2,700 bytes: longer names are kept by their digest. */
const longest = 1_000

export const rowKey = (key: RecordKey.RecordKey): Effect.Effect<string> => {
  const text = RecordKey.toString(key)
  // A record key holds two slashes, so that it is never taken for a digest.
  return text.length <= longest ? Effect.succeed(text) : Effect.map(digest(text), (hash) => `sha256:${hash}`)
}

/** The name of a row for everybody who may listen to the database: it tells no account. */
export const digest = (text: string): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
    (bytes) => Encoding.encodeHex(new Uint8Array(bytes))
  )
