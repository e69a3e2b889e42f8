/** Safety lines of the machine, each taken out by a change of one text. A set of properties that misses one is too weak. */
export interface Mutant {
  readonly name: string
  /** Below `packages/core/src`. */
  readonly file: string
  readonly from: string
  readonly to: string
}

export const mutants: ReadonlyArray<Mutant> = [
  {
    name: "another owner's claim is ignored",
    file: "internal/refresh.ts",
    from: "record?.claim !== undefined && (yield* claims.isLiving(engine, cell, record.claim))",
    to: "false"
  },
  {
    name: "a sibling's claim is taken for a leftover",
    file: "internal/claims.ts",
    from: "return engine.siblings.liveClaims.has(claim.id)",
    to: "return false"
  },
  {
    name: "new tokens are published before they are saved",
    file: "internal/commit.ts",
    from:
      "  const written = yield* durable.write(\n    engine.store,\n    keyOf(engine, cell),\n    changeOf(unsaved, () => true),",
    to:
      "  const early = unsaved.next(believed)\n  if (early !== undefined) {\n    yield* adopt(engine, cell, { ...early, version: (believed?.version ?? 0) + 1 }, \"written\", own)\n  }\n  yield* Effect.sleep(5)\n  const written = yield* durable.write(\n    engine.store,\n    keyOf(engine, cell),\n    changeOf(unsaved, () => true),"
  },
  {
    name: "the flight belongs to the caller that started it",
    file: "internal/flight.ts",
    from: "return Effect.as(ownFiber.start(flown), flight)",
    to: "return Effect.as(Effect.fork(Effect.interruptible(flown)), flight)"
  },
  {
    name: "a rejection is not compared with the current token",
    file: "internal/cell.ts",
    from: "return alive && (token.session !== need.token.session || token.generation !== need.token.generation)",
    to: "return alive && cell.born === \"rejection\""
  },
  {
    name: "a lost answer counts as a plain failure",
    file: "internal/release.ts",
    from: "failure.sent === \"unknown\" && engine.provider.rotation === \"rotating\"",
    to: "false"
  },
  {
    name: "doubt does not stop an exchange while the token lives",
    file: "internal/refresh.ts",
    from: "doubt !== undefined && engine.provider.rotation",
    to: "doubt === null && engine.provider.rotation"
  },
  {
    name: "a server that is down ends the session",
    file: "internal/release.ts",
    from: "const isEnd = failure.kind === \"terminal\"",
    to: "const isEnd = failure.kind !== \"config\""
  },
  {
    name: "a misconfigured client ends the session",
    file: "internal/release.ts",
    from: "const isEnd = failure.kind === \"terminal\"",
    to: "const isEnd = failure.kind !== \"transient\""
  },
  {
    name: "a refused refresh token is presented again",
    file: "internal/release.ts",
    from: "if (!isEnd) return undefined",
    to: "if (isEnd || !isEnd) return undefined"
  },
  {
    name: "a refresh in flight brings a signed-out session back",
    file: "internal/exchange.ts",
    from: "current !== undefined && current.session === base.session && current.generation === base.generation &&",
    to: "current !== undefined || "
  },
  {
    name: "an answer without a refresh token loses the old one",
    file: "TokenSet.ts",
    from: "refreshToken: next.refreshToken ?? previous.refreshToken",
    to: "refreshToken: next.refreshToken"
  },
  {
    name: "a flight that ended stays in the way",
    file: "internal/flight.ts",
    from: "        cell.flight = undefined\n",
    to: ""
  },
  {
    name: "waiters are not told",
    file: "internal/flight.ts",
    from: "Deferred.unsafeDone(flight.done, exit)",
    to: "void exit"
  },
  {
    name: "an exchange has no deadline",
    file: "internal/call.ts",
    from: "duration: within,",
    to: "duration: 1e12,"
  },
  {
    name: "tokens that could not be saved are dropped",
    file: "internal/commit.ts",
    from: "  keep(engine, cell, unsaved)\n  yield* adopt",
    to: "  yield* adopt"
  },
  {
    name: "the backoff is not obeyed",
    file: "internal/retrying.ts",
    from: "const delay = forced ? retry.floor : retry.delay",
    to: "const delay = forced ? retry.floor * 0 : retry.delay * 0"
  },
  {
    name: "sign-in and sign-out do not wait for each other",
    file: "internal/cell.ts",
    from: "queue.lock.withPermits(1)(effect)",
    to: "effect"
  },
  {
    name: "signing out leaves the tokens in the store",
    file: "internal/signOut.ts",
    from:
      "        tokens: undefined,\n        generation: latest.generation + 1,\n        state: { _tag: \"signedOut\" },\n",
    to: "        generation: latest.generation + 1,\n"
  }
]
