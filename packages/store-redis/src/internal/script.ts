/** Lua scripts, sent by their digest. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import { type Failure, replyCode } from "./failures.ts"
import type { Connection } from "./redis.ts"

/**
 * KEYS: the record. ARGV: expected version, next version, next record, milliseconds to live (0: for ever).
 * Versions are compared as text: Lua's numbers are doubles, and so are ours. The news is published by the write itself.
 */
export const compareAndSetScript = `
if (redis.call("HGET", KEYS[1], "version") or "0") ~= ARGV[1] then return 0 end
redis.call("HSET", KEYS[1], "version", ARGV[2], "record", ARGV[3])
if ARGV[4] == "0" then redis.call("PERSIST", KEYS[1]) else redis.call("PEXPIRE", KEYS[1], ARGV[4]) end
redis.call("PUBLISH", KEYS[1], ARGV[2])
return 1
`

export type Script = (
  keys: ReadonlyArray<string>,
  args: ReadonlyArray<string | number>,
  failure: Failure
) => Effect.Effect<unknown, TokenStoreError>

/** A server that does not know the digest (a new one, or after a failover) has run nothing: it gets the whole text. */
export const makeScript = (commands: Connection, text: string): Effect.Effect<Script> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-1", new TextEncoder().encode(text))),
    (bytes) => {
      const digest = Encoding.encodeHex(new Uint8Array(bytes))
      return (keys, args, failure) =>
        commands.send(
          (redis) =>
            redis.evalsha(digest, keys.length, ...keys, ...args).catch((error: unknown) =>
              replyCode(error) === "NOSCRIPT"
                ? redis.eval(text, keys.length, ...keys, ...args)
                : Promise.reject(error)
            ),
          failure
        )
    }
  )
