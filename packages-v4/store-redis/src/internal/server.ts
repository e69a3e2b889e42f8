/** Checks with `INFO` whether the server can keep sessions. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Effect from "effect/Effect"
import { misconfigured, ofStore, refusal } from "./failures.ts"
import type { Connection } from "./redis.ts"
import { tryScript } from "./script.ts"
import type { Settings } from "./settings.ts"

interface Said {
  readonly mode: string | undefined
  readonly role: string | undefined
  /** Bytes; 0: no limit. */
  readonly memoryLimit: number
  readonly eviction: string | undefined
}

/** Parses the answer to `INFO`: lines of `name:value`. */
const said = (info: string): Said => {
  const valueOf = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1]
  return {
    mode: valueOf("redis_mode"),
    role: valueOf("role"),
    memoryLimit: Number(valueOf("maxmemory") ?? 0),
    eviction: valueOf("maxmemory_policy")
  }
}

/** The reason why this server can't be used; `undefined` if it can. */
const unusable = ({ mode, role }: Said): string | undefined => {
  if (mode === "cluster") {
    return "this is a node of a Redis Cluster, which refuses the keys of other nodes (MOVED): use a single server, or Sentinels"
  }
  if (mode === "sentinel") {
    return "this is a Sentinel, which holds no records: pass it as { sentinels: [{ host, port }], name } in the second argument"
  }
  if (role === "slave") return "this is a replica, which refuses writes: connect to the primary"
  return undefined
}

/** Whether this server drops records: surely (refused unless that is allowed) or possibly (a warning). */
const dropping = (
  { eviction, memoryLimit }: Said,
  expires: boolean
): { readonly level: "certain" | "possible"; readonly words: string } | undefined => {
  const remedy = "set maxmemory-policy noeviction"
  if (eviction?.startsWith("allkeys-") === true) {
    return memoryLimit > 0
      ? { level: "certain", words: `this Redis drops sessions when its memory is full (${eviction}): ${remedy}` }
      : {
        level: "possible",
        words: `this Redis will drop sessions (${eviction}) as soon as its memory is limited: ${remedy}`
      }
  }
  return eviction?.startsWith("volatile-") === true && memoryLimit > 0 && expires
    ? {
      level: "possible",
      words: `this Redis drops records that expire (${eviction}, timeToLive is set) when its memory is full: ${remedy}`
    }
    : undefined
}

/**
 * Refuses a user with too few rights for reading and writing. Any other fault may be over in a moment, and the calls
 * report it.
 */
export const refuseReader = (
  commands: Connection,
  name: string,
  channel: string
): Effect.Effect<void, TokenStoreError> =>
  commands.send((redis) => redis.eval(tryScript, 1, name, channel), (error) => {
    const wrong = refusal(error)
    return wrong === undefined ? ofStore("open")(error) : misconfigured(wrong)
  }).pipe(
    Effect.catchIf((error) => error.reason !== "misconfigured", () => Effect.void),
    Effect.asVoid
  )

export const checkServer = (
  commands: Connection,
  settings: Settings
): Effect.Effect<void, TokenStoreError> =>
  Effect.gen(function*() {
    const found = said(yield* commands.send((redis) => redis.info(), ofStore("open")))
    const wrong = unusable(found)
    if (wrong !== undefined) return yield* misconfigured(wrong)
    const drops = dropping(found, settings.timeToLive !== undefined)
    if (drops?.level === "certain" && settings.eviction === "refuse") {
      return yield* misconfigured(`${drops.words}, or accept it with { eviction: "warn" }`)
    }
    if (drops !== undefined) yield* Effect.logWarning(drops.words)
    // If SELECT fails, the driver continues in database 0.
    if (settings.database === 0) return
    yield* commands.send(
      (redis) => redis.select(settings.database),
      () =>
        misconfigured(
          "the database can't be selected: the server has no database of this number, or the user has no right to SELECT"
        )
    )
  })
