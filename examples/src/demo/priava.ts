/**
 * An integration: exchanges its code once, is started again with the used code still in its environment, survives expiry,
 * obeys a limit that prints its date without a zone, and asks for a new code only when it must.
 */
import type * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import type * as ProviderSettings from "@effect-auth/core/ProviderSettings"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Priava from "@effect-auth/priava/Priava"
import * as PriavaAuth from "@effect-auth/priava/PriavaAuth"
import * as PriavaSandbox from "@effect-auth/testing/priava"
import * as HttpBody from "@effect/platform/HttpBody"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { layerClient, serve } from "./http.ts"
import * as Story from "./story.ts"

const { defaults } = PriavaSandbox

const [integration] = defaults.clients

const codeOf = (text: string) => ({ code: Redacted.make(text) })

/** The tag of what went wrong, and its code, or what went well. */
const outcome = <A, E extends { readonly _tag: string; readonly error?: string | undefined }>(
  effect: Effect.Effect<A, E>,
  well: string
) =>
  Effect.map(
    Effect.either(effect),
    Either.match({
      // What is said in words is too long for a column.
      onLeft: (error) => /^\w+$/.test(error.error ?? "") ? `${error._tag}: ${error.error}` : error._tag,
      onRight: () => well
    })
  )

const post = (client: AuthHttpClient.Client, path: string, body: object) =>
  client.post(path, { body: HttpBody.unsafeJson(body) }).pipe(
    Effect.flatMap((response) => Effect.as(response.text, `${response.status}`)),
    Effect.catchAll((error) => Effect.succeed(error._tag))
  )

const search = (client: AuthHttpClient.Client) => post(client, "/v2/contact/get", { Lastname: "Nordmann" })

const subscribe = (client: AuthHttpClient.Client) =>
  post(client, "/latest/subscription", { subscription_url: "https://my.app.com/hook", event: "CREATE_CONTACT" })

interface Scene {
  readonly sandbox: PriavaSandbox.Service
  readonly auth: PriavaAuth.Service
  readonly client: AuthHttpClient.Client
  readonly step: Effect.Effect.Success<ReturnType<typeof Story.make>>
}

const exchanged = (counted: Story.Counted) =>
  Story.granted(counted, "authorization_code") + Story.refused(counted, "authorization_code")

const firstUse = Effect.fnUntraced(function*({ auth, client, step }: Scene) {
  yield* step({
    title: "exchange the code",
    run: Effect.as(auth.signIn(codeOf(integration.codes[0])), "a token"),
    claims: (counted, session) => ({
      "one code was exchanged": Story.granted(counted, "authorization_code") === 1,
      "the session is active": session._tag === "Active"
    })
  })

  yield* step({
    title: "a search, which is a POST",
    run: search(client),
    claims: (counted, _, caller) => ({
      "the caller got 200": caller === "200",
      "one call was answered": counted.calls["200"] === 1
    })
  })

  yield* step({
    title: "the same code again",
    run: outcome(auth.signIn(codeOf(integration.codes[0])), "a token"),
    claims: (counted, session, caller) => ({
      "the caller got TokenRequestRejected": caller === "TokenRequestRejected: already_used",
      "nothing was sent": exchanged(counted) === 0,
      "the session is active": session._tag === "Active"
    })
  })
})

const life = Effect.fnUntraced(function*({ auth, client, sandbox, step }: Scene) {
  yield* step({
    title: "started again, the used code still there",
    run: search(client),
    claims: (counted, session, caller) => ({
      "the caller got 200": caller === "200",
      "no code was sent": exchanged(counted) === 0,
      "the session went on": session._tag === "Active" && session.generation === 1
    })
  })

  // A token that is younger than a second would be tried twice: the API may not know it yet.
  yield* Effect.sleep("1 second")
  yield* sandbox.expireAccessTokens
  yield* step({
    title: "the access token expires on the server",
    run: subscribe(client),
    claims: (counted, _, caller) => ({
      "the caller got 200": caller === "200",
      "the server said 401 once": counted.calls["401"] === 1,
      "one refresh was granted": Story.granted(counted, "refresh_token") === 1,
      "the change was made once": counted.calls["200"] === 1
    })
  })

  yield* sandbox.faults.next(
    "refresh",
    PriavaSandbox.rateLimited("1 second", { zone: "10 hours", wrongWeekday: true })
  )
  yield* step({
    title: "429, its date without a zone",
    run: outcome(auth.refresh, "a token"),
    claims: (counted, session, caller) => ({
      "the caller got ProviderUnavailable": caller.startsWith("ProviderUnavailable"),
      "the refresh was asked once": (counted.exchanges["refresh_token"]?.unhandled ?? 0) === 1,
      "the session is active": session._tag === "Active"
    })
  })

  yield* step({
    title: "not asked again before that date",
    run: outcome(auth.refresh, "a token"),
    claims: (counted, _, caller) => ({
      "the caller got ProviderUnavailable": caller.startsWith("ProviderUnavailable"),
      "nothing was sent": Object.keys(counted.exchanges).length === 0
    })
  })

  yield* Effect.sleep("2100 millis")
  yield* step({
    title: "asked after it",
    run: outcome(auth.refresh, "a token"),
    claims: (counted, session) => ({
      "one refresh was granted": Story.granted(counted, "refresh_token") === 1,
      "the session is active": session._tag === "Active" && session.generation === 3
    })
  })
})

const end = Effect.fnUntraced(function*({ auth, client, sandbox, step }: Scene) {
  yield* sandbox.revokeAll
  yield* step({
    title: "the refresh token dies: a typed error",
    run: search(client),
    claims: (counted, session, caller) => ({
      "the caller got RefreshTokenRejected": caller === "RefreshTokenRejected",
      "one refresh was refused": Story.refused(counted, "refresh_token") === 1,
      "the used code was not sent": exchanged(counted) === 0,
      "the session has ended": session._tag === "Ended"
    })
  })

  const fresh = yield* sandbox.makeCode(integration.id)
  yield* step({
    title: "a human makes a new code",
    run: Effect.zipRight(auth.signIn(codeOf(fresh)), search(client)),
    claims: (counted, session, caller) => ({
      "the caller got 200": caller === "200",
      "one code was exchanged": Story.granted(counted, "authorization_code") === 1,
      "the session is active": session._tag === "Active"
    })
  })

  const { spent } = yield* sandbox.counters
  const webhooks = (yield* sandbox.subscriptions).length
  yield* step({
    title: "what is left on the server",
    run: Effect.succeed(`${webhooks} webhook, ${spent} double spends`),
    claims: () => ({
      "the webhook is there once": webhooks === 1,
      "no refresh token was spent twice": spent === 0
    })
  })
})

export const chapter: Story.Chapter = {
  name: "Priava",
  run: (tell) =>
    Effect.gen(function*() {
      const sandbox = yield* PriavaSandbox.make()
      const settings: PriavaAuth.Settings = {
        host: yield* serve(sandbox),
        region: defaults.region,
        clientId: integration.id,
        clientSecret: Redacted.make<string>(integration.secret),
        redirectUri: integration.redirectUri
      }
      const shared = yield* Layer.build(Layer.merge(layerClient, TokenStore.layerMemory))
      const running: { auth?: PriavaAuth.Service } = {}
      const state = Effect.suspend(() =>
        running.auth === undefined ? Effect.dieMessage("not started") : running.auth.state
      )
      const step = yield* Story.make({ chapter: "Priava", sandbox, state, tell })
      const run = (
        options: ProviderSettings.Options<PriavaAuth.PriavaCredentials>,
        scene: (scene: Scene) => Effect.Effect<void, unknown>
      ) =>
        Effect.gen(function*() {
          const auth = yield* PriavaAuth.PriavaAuth
          running.auth = auth
          yield* scene({ sandbox, auth, client: yield* Priava.PriavaClient, step })
        }).pipe(Effect.provide(Layer.fresh(Priava.layer(settings, options))), Effect.provide(shared))
      yield* run({}, firstUse)
      const credentials = Effect.succeed(codeOf(integration.codes[0]))
      // Without patience the caller sees the limit; with the default of 2 seconds the session would have waited it out.
      const refresh = { retryPatience: 0 }
      yield* run({ credentials, refresh }, (scene) => Effect.zipRight(life(scene), end(scene)))
    }).pipe(Effect.scoped)
}
