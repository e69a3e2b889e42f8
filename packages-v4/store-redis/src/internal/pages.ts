/** Lists the names of records with SCAN, which goes through all keys of the database in small steps. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as RecordKey from "@effect-auth/core/RecordKey"
import * as RecordPages from "@effect-auth/core/RecordPages"
import type * as TokenStore from "@effect-auth/core/TokenStore"
import * as Effect from "effect/Effect"
import { misconfigured, ofStore } from "./failures.ts"
import type { Connection } from "./redis.ts"

const failure = ofStore("scan")

/** Escapes the special characters of a pattern. */
const escaped = (text: string): string => text.replace(/[\\*?[\]^-]/g, "\\$&")

export const makeScan =
  (commands: Connection, prefix: string): NonNullable<TokenStore.Service["scan"]> => (which, page) =>
    Effect.gen(function*() {
      const { after = "0", begin, limit } = yield* RecordPages.check(which, page)
      if (!/^[0-9]{1,20}$/.test(after)) return yield* notACursor
      const pattern = `${escaped(prefix)}:{${escaped(begin)}*}`
      const [next, names] = yield* commands.send(
        (redis) => redis.scan(after, "MATCH", pattern, "COUNT", limit),
        failure
      )
      const keys = names.flatMap((name) => RecordKey.fromString(name.slice(prefix.length + 2, -1)) ?? [])
      return next === "0" ? { keys } : { keys, next }
    })

const notACursor: Effect.Effect<never, TokenStoreError> = Effect.suspend(() =>
  misconfigured("after: give the `next` of a page", "scan")
)
