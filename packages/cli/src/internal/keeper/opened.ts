/**
 * Opens each account once for all who ask, in a fiber and a scope of its own: a caller that leaves takes nothing with it,
 * and closing closes all accounts at the same time.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Scope from "effect/Scope"

export class Opened<A> {
  /** By account. */
  private readonly all = new Map<string, Deferred.Deferred<A | undefined>>()
  private readonly scope: Scope.Scope

  constructor(scope: Scope.Scope) {
    this.scope = scope
  }

  /** What is open, or is being opened; `undefined` inside: it could not be. */
  get(account: string): Effect.Effect<A | undefined> {
    return Effect.suspend(() => {
      const one = this.all.get(account)
      return one === undefined ? Effect.succeed(undefined) : Deferred.await(one)
    })
  }

  accounts(): ReadonlyArray<string> {
    return Array.from(this.all.keys())
  }

  /** Opens it, unless it is open. One that could not be opened is tried again by the next who asks. */
  getOr(account: string, open: Effect.Effect<A | undefined, never, Scope.Scope>): Effect.Effect<A | undefined> {
    return Effect.suspend(() => {
      const before = this.all.get(account)
      if (before !== undefined) return Deferred.await(before)
      const answer = Deferred.unsafeMake<A | undefined>(FiberId.none)
      this.all.set(account, answer)
      return Effect.zipRight(Effect.uninterruptible(this.begin(account, open, answer)), Deferred.await(answer))
    })
  }

  private begin(
    account: string,
    open: Effect.Effect<A | undefined, never, Scope.Scope>,
    answer: Deferred.Deferred<A | undefined>
  ): Effect.Effect<unknown> {
    return Effect.flatMap(Scope.fork(this.scope, ExecutionStrategy.sequential), (own) =>
      open.pipe(
        Effect.interruptible,
        Scope.extend(own),
        Effect.onExit((exit) => {
          const made = Exit.isSuccess(exit) ? exit.value : undefined
          if (made !== undefined) return Deferred.succeed(answer, made)
          this.all.delete(account)
          return Effect.zipRight(Deferred.succeed(answer, undefined), Scope.close(own, exit))
        }),
        Effect.forkIn(this.scope)
      ))
  }
}

/** Closing waits for what its members wait for, all at the same time. */
export const parallelScope: Effect.Effect<Scope.Scope, never, Scope.Scope> = Effect.acquireRelease(
  Scope.make(ExecutionStrategy.parallel),
  Scope.close
)
