/**
 * The part of a second process in the law of processes of `TokenStoreLaws`. It needs no test runner.
 *
 * ```ts
 * // my-contender.ts: its argument is the task, and it writes its answer to standard output
 * const answer = TokenStoreContender.run(process.argv[2] ?? "")
 * process.stdout.write(await Effect.runPromise(Effect.provide(answer, MyStore.layer({ url: "…" }))))
 * ```
 *
 * @since 0.1.0
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import { TokenStore } from "@effect-auth/core/TokenStore"
import * as Effect from "effect/Effect"
import { contend, type Task } from "./internal/contend.ts"

/**
 * Runs the part of one process: takes the task that the process was started with, works on the shared store, and yields
 * the text to write to standard output.
 *
 * @since 0.1.0
 * @category constructors
 */
export const run = (task: string): Effect.Effect<string, TokenStoreError, TokenStore> =>
  Effect.flatMap(TokenStore, (store) => {
    const told: Task = JSON.parse(task)
    return Effect.map(contend(store, told), (won) => JSON.stringify(won))
  })
