/** What a keeper's process is told when it starts. It says "ready" on its channel when it serves. */
import type { StoreSpec } from "../stores/spec.ts"

export interface KeeperConfig {
  readonly name: string
  readonly store: StoreSpec
  readonly host: string
  readonly socket: string
  /** The digest of the clients' bearer. */
  readonly digest: string
  readonly claimTtl: number
}
