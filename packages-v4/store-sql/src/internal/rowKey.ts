/** The name of a record in its row and in a notification. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as RecordKey from "@effect-auth/core/RecordKey"
import * as Effect from "effect/Effect"
import * as Hex from "effect/encoding/Hex"

/** Characters. An entry of a PostgreSQL index holds about 2,700 bytes, so longer names are stored as a digest. */
const longest = 1_000

/** The prefix of the row names of long keys. */
export const digested = "sha256:"

export const rowKey = (key: RecordKey.RecordKey): Effect.Effect<string, TokenStoreError> =>
  Effect.flatMap(RecordKey.check(key), (text) =>
    // A record key has two slashes, so it never looks like a digest.
    text.length <= longest ? Effect.succeed(text) : Effect.map(digest(text), (hash) => `${digested}${hash}`))

/** SHA-256, in hexadecimal. */
export const digest = (text: string): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
    (bytes) => Hex.encode(new Uint8Array(bytes))
  )
