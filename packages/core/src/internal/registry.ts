/**
 * Which claims this process holds. Two services over one store in one process are siblings: neither takes the other's
 * claim for the leftover of a dead owner, also when one of them sees the store through a decorator.
 */
import type * as TokenStore from "../TokenStore.ts"
import { randomId } from "./ids.ts"

export interface Siblings {
  /** The name under which this process claims in this store. */
  readonly owner: string
  /** Claim ids are random, so that one set serves all stores. */
  readonly liveClaims: Set<string>
}

const liveClaims = new Set<string>()

/** For stores that can't tell who is present: each one is an owner of its own. */
const owners = new WeakMap<TokenStore.Service, string>()

export const siblingsOf = (store: TokenStore.Service): Siblings => {
  const owner = store.presence?.owner ?? owners.get(store) ?? randomId()
  if (store.presence === undefined) owners.set(store, owner)
  return { owner, liveClaims }
}
