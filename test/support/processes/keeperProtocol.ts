/** What a keeper's process is told when it starts. It says "ready" on its channel when it serves. */
import type { StoreSpec } from "../stores/spec.ts"

/** Milliseconds. An owner that is not stopped has less time for its exchange than its claim lasts. */
export const deadlineOf = (claimTtl: number): number => claimTtl * 0.5

export interface KeeperConfig {
  readonly name: string
  readonly store: StoreSpec
  readonly host: string
  readonly socket: string
  /** The digest of the clients' bearer. */
  readonly digest: string
  readonly claimTtl: number
}
