/**
 * A user's keys: asked for with permissions, one more for a single piece of work, replaced, given up for another list of
 * permissions, and none left at the end.
 */
import type * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as WalletAppSandbox from "@effect-auth/testing/wallet-app"
import * as WalletApp from "@effect-auth/wallet-app/WalletApp"
import * as WalletAppAuth from "@effect-auth/wallet-app/WalletAppAuth"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { layerClient, serve } from "./http.ts"
import * as Story from "./story.ts"

const user = { ...WalletAppSandbox.defaults.users[0], permissions: ["brands.get", "members.get"] }

const credentials = { password: Redacted.make<string>(user.password) }

const get = (client: AuthHttpClient.Client, path: string) =>
  client.get(path).pipe(
    Effect.flatMap((response) => Effect.as(response.text, `${response.status}`)),
    Effect.catchAll((error) => Effect.succeed(error._tag))
  )

const brands = (client: AuthHttpClient.Client) => get(client, "/brands")

const members = (client: AuthHttpClient.Client) => get(client, "/members/list?brand_id=brand-1")

const atOnce = (client: AuthHttpClient.Client, calls: number) =>
  Effect.map(
    Effect.all(Array.from({ length: calls }, () => brands(client)), { concurrency: "unbounded" }),
    (results) =>
      [...new Set(results)].map((one) => `${results.filter((result) => result === one).length} × ${one}`).join()
  )

interface Scene {
  readonly sandbox: WalletAppSandbox.Service
  readonly auth: WalletAppAuth.Service
  readonly client: AuthHttpClient.Client
  readonly step: Effect.Effect.Success<ReturnType<typeof Story.make>>
}

const { granted } = Story

const oneKey = Effect.fnUntraced(function*({ auth, client, step }: Scene) {
  yield* step({
    title: "request a key for three permissions",
    run: Effect.map(
      Effect.zipRight(auth.signIn(credentials), auth.missingPermissions),
      (missing) => `a key, without ${missing.join()}`
    ),
    claims: (counted, session, caller) => ({
      "one key was made": granted(counted, "password") === 1,
      "what was not granted is known": caller === "a key, without brands.delete",
      "it has no known end": session._tag === "Active" && session.expiresAt === Infinity
    })
  })

  yield* step({
    title: "a protected call",
    run: brands(client),
    claims: (counted, _, caller) => ({
      "the caller got 200": caller === "200",
      "one call was answered": counted.calls["200"] === 1
    })
  })

  yield* step({
    title: "token information",
    run: Effect.map(
      auth.tokenInfo,
      (info) => info.active ? `active, may ${info.permissions?.join(", ")}` : "not active"
    ),
    claims: (_, __, caller) => ({ "it lives": caller === "active, may brands.get, members.get" })
  })
})

/** What a narrow key can do, which is deleted after it was asked. */
const withNarrowKey = Effect.scoped(Effect.gen(function*() {
  const { client } = yield* WalletApp.scoped(["members.get"])
  return `brands: ${yield* brands(client)}, members: ${yield* members(client)}`
}))

const manyKeys = Effect.fnUntraced(function*({ auth, client, sandbox, step }: Scene) {
  const services = yield* Effect.context<Effect.Effect.Context<typeof withNarrowKey>>()
  yield* step({
    title: "a narrow key for one piece of work",
    run: Effect.provide(withNarrowKey, services),
    claims: (counted, session, caller) => ({
      "it could do what it was made for, and no more": caller === "brands: 403, members: 200",
      "one key was made": granted(counted, "password") === 1,
      "it was deleted": counted.revocations === 1,
      "the session is what it was": session._tag === "Active" && session.generation === 1
    })
  })

  yield* step({
    title: "a new key replaces the old one",
    run: Effect.gen(function*() {
      const { revocations } = yield* sandbox.counters
      yield* auth.signIn(credentials)
      // The caller need not wait for that.
      yield* Effect.repeat(Effect.delay(sandbox.counters, "5 millis"), {
        until: (counters) => counters.revocations > revocations
      })
      return "a key"
    }),
    claims: (counted) => ({
      "one key was made": granted(counted, "password") === 1,
      "the old one was deleted": counted.revocations === 1
    })
  })

  // A token that is younger than a second would be tried twice: the API may not know it yet.
  yield* Effect.sleep("1 second")
  yield* sandbox.expireAccessTokens
  yield* step({
    title: "the key dies: 100 calls at once",
    run: atOnce(client, 100),
    claims: (counted, session, caller) => ({
      "every caller got 200": caller === "100 × 200",
      "the server said 401": (counted.calls["401"] ?? 0) > 0,
      "one key was made": granted(counted, "password") === 1,
      "the session says so": session._tag === "Active" && session.signedInByItself
    })
  })
})

const otherPermissions = Effect.fnUntraced(function*({ auth, client, sandbox, step }: Scene) {
  yield* step({
    title: "started again with other permissions",
    run: Effect.map(Effect.all([brands(client), members(client)]), ([one, two]) => `brands: ${one}, members: ${two}`),
    claims: (counted, _, caller) => ({
      "it can do what was asked for": caller === "brands: 200, members: 403",
      "one key was made": granted(counted, "password") === 1
    })
  })

  yield* step({
    title: "sign out",
    run: auth.signOut,
    claims: (counted, session, caller) => ({
      "the server was told": caller === "revoked",
      "the key was deleted": counted.revocations === 1,
      "the session is signed out": session._tag === "SignedOut"
    })
  })

  const alive = yield* sandbox.revokeAll
  yield* step({
    title: "what is left on the server",
    run: Effect.succeed(`${alive} keys alive`),
    claims: () => ({ "no key was left alive": alive === 0 })
  })
})

export const chapter: Story.Chapter = {
  name: "Wallet App",
  run: (tell) =>
    Effect.gen(function*() {
      const sandbox = yield* WalletAppSandbox.make({ users: [user] })
      const before = ["brands.get", "members.get", "brands.delete"]
      const settings = { host: yield* serve(sandbox), email: user.email, permissions: before }
      const options = { credentials: Effect.succeed(credentials) }
      const shared = yield* Layer.build(Layer.merge(layerClient, TokenStore.layerMemory))
      const running: { auth?: WalletAppAuth.Service } = {}
      const state = Effect.suspend(() =>
        running.auth === undefined ? Effect.dieMessage("not started") : running.auth.state
      )
      const step = yield* Story.make({ chapter: "Wallet App", sandbox, state, tell })
      const run = (
        settings: WalletAppAuth.Settings,
        options: WalletAppAuth.Options,
        scene: (scene: Scene) => Effect.Effect<void, unknown, Effect.Effect.Context<typeof withNarrowKey>>
      ) =>
        Effect.gen(function*() {
          const auth = yield* WalletAppAuth.WalletAppAuth
          running.auth = auth
          yield* scene({ sandbox, auth, client: yield* WalletApp.WalletAppClient, step })
        }).pipe(Effect.provide(Layer.fresh(WalletApp.layer(settings, options))), Effect.provide(shared))
      yield* run(settings, options, (scene) => Effect.zipRight(oneKey(scene), manyKeys(scene)))
      const former = { ...options, formerPermissions: [before] }
      yield* run({ ...settings, permissions: ["brands.get"] }, former, otherPermissions)
    }).pipe(Effect.scoped)
}
