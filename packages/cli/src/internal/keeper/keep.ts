/** The sessions of a store, kept: refreshed ahead while the program runs, for all who ask. */
import type { Any } from "@effect-auth/core/AuthService"
import type { SessionEvent } from "@effect-auth/core/SessionEvent"
import type { SessionSummary } from "@effect-auth/core/SessionSummary"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import type { Kept } from "@effect-auth/remote/SessionServer"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as accounts from "../accounts.ts"
import type { Home } from "../home.ts"
import { connect } from "../providers/connect.ts"
import type { ProviderName } from "../providers/registry.ts"
import * as session from "../session.ts"
import { Opened, parallelScope } from "./opened.ts"

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
    const { auth } = yield* connect(account.provider, given)
    yield* session.checkRealm(found, auth.realm)
    return auth
  })

const summaryOf = (auth: Any): Effect.Effect<SessionSummary | undefined> =>
  auth.state.pipe(
    Effect.map((state) => ({ account: auth.account, state })),
    Effect.orElseSucceed(() => undefined)
  )

/** The sessions of one provider and realm. An account that signs in later is found when it is asked for. */
const group = Effect.fnUntraced(function*(
  home: Home,
  provider: ProviderName,
  realm: string,
  known: ReadonlyArray<accounts.Account>,
  scope: Scope.Scope
) {
  const services = yield* Effect.context<HttpClient.HttpClient | TokenStore>()
  const hub = yield* Effect.acquireRelease(PubSub.sliding<SessionEvent>(1_024), PubSub.shutdown)
  const opened = new Opened<Any>(scope)
  const begin = (account: accounts.Account): Effect.Effect<Any | undefined, never, Scope.Scope> =>
    Effect.gen(function*() {
      const auth = yield* open(home, account)
      yield* Effect.forkScoped(Stream.runForEach(auth.events, (event) => PubSub.publish(hub, event)))
      return auth
    }).pipe(
      Effect.mapInputContext((own: Context.Context<Scope.Scope>) => Context.merge(services, own)),
      Effect.tapError((error) => Effect.logWarning(`${provider} ${account.account}: ${error.message}`)),
      Effect.orElseSucceed(() => undefined)
    )
  const look = (name: string): Effect.Effect<Any | undefined, never, Scope.Scope> =>
    accounts.read(home, provider, name).pipe(
      Effect.orElseSucceed(() => undefined),
      Effect.flatMap((account) =>
        account?.realm === realm && account.signedIn ? begin(account) : Effect.succeed(undefined)
      )
    )
  yield* Effect.forEach(known, (account) => opened.getOr(account.account, begin(account)), { discard: true })
  const kept: Kept = {
    provider,
    realm,
    get: (account) => opened.getOr(account, look(account)),
    overview: overviewOf(provider, opened, hub)
  }
  return kept
})

const overviewOf = (provider: string, opened: Opened<Any>, hub: PubSub.PubSub<SessionEvent>): Kept["overview"] => {
  const one = (account: string): Effect.Effect<SessionSummary | undefined> =>
    Effect.flatMap(opened.get(account), (auth) => auth === undefined ? Effect.succeed(undefined) : summaryOf(auth))
  return {
    provider,
    all: Effect.suspend(() =>
      Effect.map(
        Effect.forEach(opened.accounts(), one),
        (all) => all.filter((summary) => summary !== undefined)
      )
    ),
    one,
    listen: Effect.map(PubSub.subscribe(hub), (queue) => Stream.fromQueue(queue))
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
  // An exchange that hangs is waited for: all accounts of all groups together take as long as one.
  const scope = yield* parallelScope
  return yield* Effect.forEach(groups.values(), (all) => {
    const [first] = all
    return first === undefined
      ? Effect.dieMessage("an empty group")
      : group(home, first.provider, first.realm, all, scope)
  })
})
