/** The session of an account at a keeper. Only the provider's address and headers come from here. */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import type { Any } from "@effect-auth/core/AuthService"
import { layerMemory } from "@effect-auth/core/TokenStore"
import * as RemoteSessions from "@effect-auth/remote/RemoteSessions"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as accounts from "../accounts.ts"
import { type Home, locate } from "../home.ts"
import { connect } from "../providers/connect.ts"
import { registry } from "../providers/registry.ts"
import * as reach from "../reach.ts"
import * as session from "../session.ts"
import { setting } from "../settings.ts"
import * as place from "./place.ts"

/** The realm that the keeper has, where it has one only. */
const anyRealm = ""

const providerOf = (about: Pick<Any, "provider" | "origins" | "rejection" | "api">): AuthProvider<never> => ({
  name: about.provider,
  realm: anyRealm,
  origins: about.origins,
  rejection: about.rejection,
  api: about.api,
  rotation: "static",
  signIn: () => Effect.dieMessage("a keeper's client makes no token call")
})

const remote = Effect.fnUntraced(function*(
  home: Home,
  keeper: string,
  account: string,
  about: Parameters<typeof providerOf>[0]
) {
  const sessions = yield* RemoteSessions.make(providerOf(about), {
    endpoints: yield* place.endpointsOf(home, keeper),
    events: false
  })
  return yield* sessions.get(account)
})

const nameOf = ({ account }: session.Which): string => Option.getOrElse(account, () => "default")

/** The session alone, for commands that send nothing to the provider. */
export const use = <A, E>(which: session.Which, keeper: string, work: (auth: Any) => Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const home = yield* locate(which.store)
    const about = { provider: which.provider, origins: [], rejection: { statuses: [] }, api: undefined }
    return yield* Effect.flatMap(remote(home, keeper, nameOf(which), about), work)
  }).pipe(Effect.scoped, Effect.provide(reach.layer))

/** What is known here of an account: remembered, or from the environment. No secret of the person is needed. */
const known = Effect.fnUntraced(function*(home: Home, which: session.Which) {
  const kept = yield* accounts.read(home, which.provider, nameOf(which))
  if (kept !== undefined) return kept
  const options: Record<string, string> = {}
  for (const flag of registry[which.provider].flags) {
    const value = flag.once === true ? undefined : yield* setting(which.provider, flag.name)
    if (value !== undefined) options[flag.name] = value
  }
  const account: accounts.Account = {
    format: 1,
    provider: which.provider,
    account: nameOf(which),
    realm: "",
    options,
    sealed: {},
    signedIn: false
  }
  return account
})

/** The session and the client of the provider's API. */
export const connected = <A, E>(
  which: session.Which,
  keeper: string,
  work: (opened: {
    readonly account: accounts.Account
    readonly client: AuthHttpClient.Client
  }) => Effect.Effect<A, E>
) =>
  Effect.gen(function*() {
    const home = yield* locate(which.store)
    const account = yield* known(home, which)
    const given = {
      account: account.account,
      options: account.options,
      secrets: yield* session.keptSecrets(home, account)
    }
    return yield* connect(which.provider, given).pipe(
      Effect.flatMap(({ auth }) => remote(home, keeper, account.account, auth)),
      Effect.flatMap((auth) => AuthHttpClient.fromSession(auth, { redirects: 5 })),
      Effect.flatMap((client) => work({ account, client })),
      Effect.scoped,
      reach.explained
    )
  }).pipe(Effect.provide(layerMemory), Effect.provide(reach.layer))
