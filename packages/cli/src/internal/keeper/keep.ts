/** The sessions of a store, kept: refreshed ahead while the program runs, for all who ask. */
import type { Any } from "@effect-auth/core/AuthService"
import type { SessionEvent } from "@effect-auth/core/SessionEvent"
import type { SessionSummary } from "@effect-auth/core/SessionSummary"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import type { Kept } from "@effect-auth/remote/SessionServer"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as PubSub from "effect/PubSub"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as accounts from "../accounts.ts"
import type { Home } from "../home.ts"
import { connect } from "../providers/connect.ts"
import type { ProviderName } from "../providers/registry.ts"
import * as session from "../session.ts"

/** Milliseconds: with the calls that are under way, closing takes less than the ten seconds of a container. */
const refresh = { closePatience: 5_000 } as const

/** Makes the session of an account; it lives as long as the program. */
const open = (home: Home, account: accounts.Account) =>
  Effect.gen(function*() {
    const found = { account, isKept: true }
    const given = {
      account: account.account,
      options: account.options,
      secrets: yield* session.keptSecrets(home, account),
      credential: yield* session.credentialOf(home, found),
      refresh
    }
    return (yield* connect(account.provider, given)).auth
  })

const summaryOf = (auth: Any): Effect.Effect<SessionSummary | undefined> =>
  auth.state.pipe(
    Effect.map((state) => ({ account: auth.account, state })),
    Effect.orElseSucceed(() => undefined)
  )

/** By account; `undefined` inside: it could not be opened. */
type Opened = Map<string, Deferred.Deferred<Any | undefined>>

/** The sessions of one provider and realm. An account that signs in later is found when it is asked for. */
const group = Effect.fnUntraced(function*(
  home: Home,
  provider: ProviderName,
  realm: string,
  known: ReadonlyArray<accounts.Account>
) {
  const scope = yield* Effect.scope
  const services = yield* Effect.context<HttpClient.HttpClient | TokenStore>()
  const hub = yield* Effect.acquireRelease(PubSub.sliding<SessionEvent>(1_024), PubSub.shutdown)
  const opened: Opened = new Map()
  const begin = (account: accounts.Account) =>
    Effect.gen(function*() {
      const auth = yield* open(home, account)
      yield* Effect.forkIn(Stream.runForEach(auth.events, (event) => PubSub.publish(hub, event)), scope)
      return auth
    }).pipe(
      Scope.extend(scope),
      Effect.provide(services),
      Effect.tapError((error) => Effect.logWarning(`${provider} ${account.account}: ${error.message}`)),
      Effect.orElseSucceed(() => undefined)
    )
  const look = (name: string): Effect.Effect<Any | undefined> =>
    accounts.read(home, provider, name).pipe(
      Effect.orElseSucceed(() => undefined),
      Effect.flatMap((account) =>
        account?.realm === realm && account.signedIn ? begin(account) : Effect.succeed(undefined)
      )
    )
  /** Makes it once for all who ask; one that was not found is looked for again. */
  const get = (name: string, make = look(name)): Effect.Effect<Any | undefined> =>
    Effect.suspend(() => {
      const before = opened.get(name)
      if (before !== undefined) return Deferred.await(before)
      const answer = Deferred.unsafeMake<Any | undefined>(FiberId.none)
      opened.set(name, answer)
      // What is forked in an uninterruptible region can't be stopped, so only the end of it is one.
      return Effect.onExit(make, (exit) => {
        const auth = exit._tag === "Success" ? exit.value : undefined
        if (auth === undefined) opened.delete(name)
        return Deferred.succeed(answer, auth)
      })
    })
  yield* Effect.forEach(known, (account) => get(account.account, begin(account)), { discard: true })
  const kept: Kept = {
    provider,
    realm,
    get: (account) => get(account),
    overview: overviewOf(provider, opened, hub)
  }
  return kept
})

const overviewOf = (provider: string, opened: Opened, hub: PubSub.PubSub<SessionEvent>): Kept["overview"] => {
  const look = (one: Deferred.Deferred<Any | undefined>): Effect.Effect<SessionSummary | undefined> =>
    Effect.flatMap(Deferred.await(one), (auth) => auth === undefined ? Effect.succeed(undefined) : summaryOf(auth))
  return {
    provider,
    all: Effect.suspend(() =>
      Effect.map(
        Effect.forEach(Array.from(opened.values()), look),
        (all) => all.filter((summary) => summary !== undefined)
      )
    ),
    one: (account) =>
      Effect.suspend(() => {
        const one = opened.get(account)
        return one === undefined ? Effect.succeed(undefined) : look(one)
      }),
    events: Stream.unwrapScoped(Effect.map(PubSub.subscribe(hub), (queue) => Stream.fromQueue(queue)))
  }
}

/** All sessions of a store, by provider and realm. */
export const make = Effect.fnUntraced(function*(home: Home) {
  const found = (yield* accounts.list(home)).flatMap((entry) =>
    entry._tag === "Account" && entry.account.signedIn ? [entry.account] : []
  )
  const groups = new Map<string, Array<accounts.Account>>()
  for (const account of found) {
    const name = JSON.stringify([account.provider, account.realm])
    groups.set(name, [...groups.get(name) ?? [], account])
  }
  return yield* Effect.forEach(groups.values(), (all) => {
    const [first] = all
    return first === undefined ? Effect.dieMessage("an empty group") : group(home, first.provider, first.realm, all)
  })
})
