/**
 * Which claims this process holds. Two services over one store in one process are siblings: neither takes the other's
 * claim for the leftover of a dead owner, also when one of them sees the store through a decorator.
 */
import type * as TokenStore from "../../TokenStore.ts"
import { randomId } from "./ids.ts"

export interface ClaimOwner {
  /** The name under which this process claims in this store. */
  readonly name: string
  /** Claim ids are random, so that one set serves all stores. */
  readonly liveClaims: Set<string>
}

const liveClaims = new Set<string>()

/** A store without `presence` is an owner of its own. */
const names = new WeakMap<TokenStore.Service, string>()

export const claimOwnerOf = (store: TokenStore.Service): ClaimOwner => {
  const name = store.presence?.owner ?? names.get(store) ?? randomId()
  if (store.presence === undefined) names.set(store, name)
  return { name, liveClaims }
}
