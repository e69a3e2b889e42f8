/** Lua scripts, sent by their digest. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Effect from "effect/Effect"
import * as Hex from "effect/encoding/Hex"
import { type Failure, replyCode } from "./failures.ts"
import type { Connection } from "./redis.ts"

/**
 * KEYS: the record. ARGV: expected version, next version, next record, milliseconds to live (0: for ever), the channel
 * and the text of the notification (empty: no notification). Versions are compared as text, because Lua's numbers are
 * doubles. The notification is published first: if that is refused, nothing is written.
 */
export const compareAndSetScript = `
if (redis.call("HGET", KEYS[1], "version") or "0") ~= ARGV[1] then return 0 end
if ARGV[6] ~= "" then redis.call("PUBLISH", ARGV[5], ARGV[6]) end
redis.call("HSET", KEYS[1], "version", ARGV[2], "record", ARGV[3])
if ARGV[4] == "0" then redis.call("PERSIST", KEYS[1]) else redis.call("PEXPIRE", KEYS[1], ARGV[4]) end
return 1
`

/**
 * Tries each command of reading and writing. KEYS: a name that nobody uses. ARGV: a channel. Without the
 * right to `PEXPIRE` the script fails at the first one, before the key exists. The last one removes the key at once.
 */
export const tryScript = `
redis.call("HMGET", KEYS[1], "version", "record")
redis.call("HGET", KEYS[1], "version")
redis.call("PUBLISH", ARGV[1], "")
redis.call("PERSIST", KEYS[1])
redis.call("PEXPIRE", KEYS[1], 1)
redis.call("HSET", KEYS[1], "version", "0")
redis.call("PEXPIRE", KEYS[1], 0)
return 1
`

/** KEYS: the record. ARGV: the channel and the text of the notification. */
export const eraseScript = `
if redis.call("DEL", KEYS[1]) == 0 then return 0 end
redis.call("PUBLISH", ARGV[1], ARGV[2])
return 1
`

/**
 * KEYS: the list of pending sign-ins, sorted by expiry; the entry. ARGV: now, the expiry, the capacity, milliseconds to
 * live, id, browser, entry.
 */
export const putPendingScript = `
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", ARGV[1])
if redis.call("ZCARD", KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
if redis.call("EXISTS", KEYS[2]) == 1 then return 0 end
redis.call("ZADD", KEYS[1], ARGV[2], ARGV[5])
redis.call("HSET", KEYS[2], "browser", ARGV[6], "entry", ARGV[7])
redis.call("PEXPIRE", KEYS[2], ARGV[4])
return 1
`

/** KEYS: as above. ARGV: id, browser. */
export const takePendingScript = `
if redis.call("HGET", KEYS[2], "browser") ~= ARGV[2] then return false end
local entry = redis.call("HGET", KEYS[2], "entry")
redis.call("DEL", KEYS[2])
redis.call("ZREM", KEYS[1], ARGV[1])
return entry
`

export type Script = (
  keys: ReadonlyArray<string>,
  args: ReadonlyArray<string | number>,
  failure: Failure
) => Effect.Effect<unknown, TokenStoreError>

/**
 * If the server does not know the digest (a new server, or after a failover), it has run nothing, and gets the whole
 * script.
 */
export const makeScript = (commands: Connection, text: string): Effect.Effect<Script> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-1", new TextEncoder().encode(text))),
    (bytes) => {
      const digest = Hex.encode(new Uint8Array(bytes))
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
