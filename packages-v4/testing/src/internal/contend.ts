/** One of many writers of one record. */
import type { RecordKey } from "@effect-auth/core/RecordKey"
import type { Service } from "@effect-auth/core/TokenStore"
import * as Effect from "effect/Effect"
import { read, sessionRecord } from "./lawSupport.ts"

/** The task of a writer: plain data, which can be sent to another process. */
export interface Task {
  readonly key: RecordKey
  readonly name: string
  readonly wins: number
}

/** A write that won. */
export interface Win {
  readonly version: number
  readonly commitId: string
}

/** Writes new versions of the record until `wins` writes have won, and returns these. */
export const contend = Effect.fnUntraced(function*(store: Service, { key, name, wins }: Task) {
  const won: Array<Win> = []
  while (won.length < wins) {
    const found = yield* read(store, key)
    const version = (found?.version ?? 0) + 1
    const commitId = `${name}-${version}`
    const next = sessionRecord(key, version, { commitId, count: Number(found?.count ?? 0) + 1 })
    if (yield* store.compareAndSet(key, version - 1, next)) won.push({ version, commitId })
  }
  return won
})
