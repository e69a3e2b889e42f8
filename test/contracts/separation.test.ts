/** Four sessions of one account name over one store, and two realms of each provider: no record is ever shared. */
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import type * as RecordKey from "@effect-auth/core/RecordKey"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Pitchpoint from "@effect-auth/pitchpoint/Pitchpoint"
import * as PitchpointAuth from "@effect-auth/pitchpoint/PitchpointAuth"
import * as Placewise from "@effect-auth/placewise/Placewise"
import * as PlacewiseAuth from "@effect-auth/placewise/PlacewiseAuth"
import * as Priava from "@effect-auth/priava/Priava"
import * as PriavaAuth from "@effect-auth/priava/PriavaAuth"
import * as WalletApp from "@effect-auth/wallet-app/WalletApp"
import * as WalletAppAuth from "@effect-auth/wallet-app/WalletAppAuth"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { describe, expect, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

const secret = Redacted.make("s3cret-0123456789")

const placewise: PlacewiseAuth.Settings = {
  club: "infinity-mall",
  clientToken: secret,
  userAgent: "test/1.0",
  productName: "sandbox"
}
const priava: PriavaAuth.Settings = {
  region: "EU",
  clientId: "client",
  clientSecret: secret,
  redirectUri: "https://my.app.com/oauth2callback"
}
const pitchpoint: PitchpointAuth.Settings = { username: "service@example.com" }
const walletApp: WalletAppAuth.Settings = { email: "kim@example.com", permissions: ["brands.get"] }

/** A token for each request, in every shape that the four understand. */
const server = () => {
  const state = { issued: 0 }
  const client = HttpClient.make((request) =>
    Effect.sync(() => {
      state.issued++
      const token = `access-${state.issued}`
      return HttpClientResponse.fromWeb(
        request,
        Response.json({
          access_token: token,
          refresh_token: `refresh-${state.issued}`,
          expires_in: 3600,
          success: true,
          data: { key: token, permissions: ["brands.get"] }
        })
      )
    })
  )
  return Layer.succeed(HttpClient.HttpClient, client)
}

/** A store that remembers which keys were written, in a form that nobody else's key has. */
const watchedStore = Effect.map(TokenStore.makeMemory, (store) => {
  const written: Array<string> = []
  const watched: TokenStore.Service = {
    ...store,
    compareAndSet: (key: RecordKey.RecordKey, expected, next) => {
      written.push(JSON.stringify([key.provider, key.realm, key.account]))
      return store.compareAndSet(key, expected, next)
    }
  }
  return { store: watched, written }
})

/** One session at a time is signed in, refreshed and signed out; all the others stay as they were. */
const apart = Effect.fnUntraced(function*(
  sessions: ReadonlyArray<
    { readonly auth: AuthService.AuthService<never>; readonly signIn: Effect.Effect<unknown, unknown> }
  >,
  written: Array<string>
) {
  const keys = new Set<string>()
  const tokens = new Map<number, string>()
  const others = (except: number) =>
    Effect.forEach(sessions, ({ auth }, index) =>
      index === except || !tokens.has(index)
        ? Effect.void
        : Effect.map(auth.accessToken, (token) => expect(Redacted.value(token.value)).toBe(tokens.get(index))))
  for (const [index, { auth, signIn }] of sessions.entries()) {
    expect(yield* auth.state).toMatchObject({ _tag: "SignedOut", reason: "never" })
    yield* signIn
    tokens.set(index, Redacted.value((yield* auth.accessToken).value))
    yield* others(index)
  }
  expect(new Set(tokens.values()).size).toBe(sessions.length)
  for (const [index, { auth }] of sessions.entries()) {
    written.length = 0
    yield* Effect.ignore(auth.refresh)
    tokens.set(index, Redacted.value((yield* auth.accessToken).value))
    yield* others(index)
    yield* auth.signOut
    tokens.delete(index)
    yield* others(index)
    expect(new Set(written).size).toBe(1)
    keys.add(written[0]!)
  }
  expect(keys.size).toBe(sessions.length)
})

const sessionOf = <Credentials>(
  provider: Effect.Effect<AuthProvider<Credentials>, unknown, HttpClient.HttpClient>,
  credentials: Credentials
) =>
  Effect.gen(function*() {
    const auth = yield* AuthService.make(yield* provider, { account: "kim", refresh: { mode: "onDemand" } })
    return { auth, signIn: auth.signIn(credentials) }
  })

/** The same from a layer, as an application composes it. */
const layered = <I, Credentials, S extends AuthService.AuthService<Credentials>, E>(
  layer: Layer.Layer<I, E, HttpClient.HttpClient | TokenStore.TokenStore>,
  tag: Context.Tag<I, S>,
  credentials: Credentials
) =>
  Effect.map(Layer.build(layer), (context) => {
    const auth = Context.get(context, tag)
    return { auth, signIn: auth.signIn(credentials) }
  })

const member: PlacewiseAuth.PlacewiseCredentials = { _tag: "Password", identifier: { id: 42 }, password: secret }

const separated = (
  name: string,
  ...sessions: ReadonlyArray<
    () => Effect.Effect<
      { readonly auth: AuthService.AuthService<never>; readonly signIn: Effect.Effect<unknown, unknown> },
      unknown,
      any
    >
  >
) =>
  it.scoped(name, () =>
    Effect.gen(function*() {
      const { store, written } = yield* watchedStore
      const made = Effect.forEach(sessions, (session) => session())
      yield* Effect.flatMap(made, (all) => apart(all, written)).pipe(
        Effect.provideService(TokenStore.TokenStore, store),
        Effect.provide(server())
      )
    }))

describe("one store, one account name", () => {
  separated(
    "four providers",
    () => sessionOf(PlacewiseAuth.provider(placewise), member),
    () => sessionOf(PriavaAuth.provider(priava), { code: secret }),
    () => sessionOf(PitchpointAuth.provider(pitchpoint), { password: secret }),
    () => sessionOf(WalletAppAuth.provider(walletApp), { password: secret })
  )
  const options = { account: "kim", refresh: { mode: "onDemand" } } as const
  separated(
    "four layers",
    () => layered(Placewise.layerAuth(placewise, options), PlacewiseAuth.PlacewiseAuth, member),
    () => layered(Priava.layerAuth(priava, options), PriavaAuth.PriavaAuth, { code: secret }),
    () => layered(Pitchpoint.layerAuth(pitchpoint, options), PitchpointAuth.PitchpointAuth, { password: secret }),
    () => layered(WalletApp.layerAuth(walletApp, options), WalletAppAuth.WalletAppAuth, { password: secret })
  )
  separated(
    "Placewise: two clubs, two hosts",
    () => sessionOf(PlacewiseAuth.provider(placewise), member),
    () => sessionOf(PlacewiseAuth.provider({ ...placewise, club: "another-mall" }), member),
    () => sessionOf(PlacewiseAuth.provider({ ...placewise, host: "apac" }), member)
  )
  separated(
    "Priava: two regions, two clients, two hosts",
    () => sessionOf(PriavaAuth.provider(priava), { code: secret }),
    () => sessionOf(PriavaAuth.provider({ ...priava, region: "US" }), { code: secret }),
    () => sessionOf(PriavaAuth.provider({ ...priava, clientId: "another" }), { code: secret }),
    () => sessionOf(PriavaAuth.provider({ ...priava, host: "sandbox" }), { code: secret })
  )
  separated(
    "Pitchpoint: two users, two aliases",
    () => sessionOf(PitchpointAuth.provider(pitchpoint), { password: secret }),
    () => sessionOf(PitchpointAuth.provider({ username: "another@example.com" }), { password: secret }),
    () => sessionOf(PitchpointAuth.provider({ ...pitchpoint, alias: "branch-7" }), { password: secret }),
    () => sessionOf(PitchpointAuth.provider({ username: "service@example.com/branch-7" }), { password: secret })
  )
  separated(
    "Wallet App: two users, two lists of permissions",
    () => sessionOf(WalletAppAuth.provider(walletApp), { password: secret }),
    () => sessionOf(WalletAppAuth.provider({ ...walletApp, email: "ola@example.com" }), { password: secret }),
    () => sessionOf(WalletAppAuth.provider({ ...walletApp, permissions: ["members.get"] }), { password: secret })
  )
})

it.scoped("Wallet App: the same permissions in another order are the same session", () =>
  Effect.gen(function*() {
    const make = (permissions: ReadonlyArray<string>) =>
      sessionOf(WalletAppAuth.provider({ ...walletApp, permissions }), {
        password: secret
      })
    const one = yield* make(["brands.get", "members.get"])
    const other = yield* make(["members.get", "brands.get"])
    yield* one.signIn
    expect((yield* other.auth.accessToken).session).toBe((yield* one.auth.accessToken).session)
  }).pipe(Effect.provide([server(), TokenStore.layerMemory])))
