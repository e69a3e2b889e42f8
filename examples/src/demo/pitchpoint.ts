/**
 * A service account: signs in by itself, uses one refresh token again and again, reads a refusal inside a 200, and falls
 * back to its password when the refresh token ends.
 */
import type * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Pitchpoint from "@effect-auth/pitchpoint/Pitchpoint"
import * as PitchpointApi from "@effect-auth/pitchpoint/PitchpointApi"
import * as PitchpointAuth from "@effect-auth/pitchpoint/PitchpointAuth"
import * as PitchpointFault from "@effect-auth/pitchpoint/PitchpointFault"
import * as Faults from "@effect-auth/testing/Faults"
import * as PitchpointSandbox from "@effect-auth/testing/pitchpoint"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { layerClient, serve } from "./http.ts"
import * as Story from "./story.ts"

const [user] = PitchpointSandbox.defaults.users

const hour = 60 * 60 * 1000

const eastern = new Intl.DateTimeFormat("en-US", {
  timeZone: "America/New_York",
  weekday: "short",
  hourCycle: "h23",
  hour: "2-digit",
  minute: "2-digit"
})

/** A search, which is a POST; fails with the tag of what went wrong. */
const search = (client: AuthHttpClient.Client) =>
  client.post(PitchpointApi.paths.queryOrders).pipe(
    Effect.flatMap((response) => Effect.as(response.text, `${response.status}`)),
    Effect.catchAll((error) => Effect.succeed(error._tag))
  )

const atOnce = (client: AuthHttpClient.Client, calls: number) =>
  Effect.map(
    Effect.all(Array.from({ length: calls }, () => search(client)), { concurrency: "unbounded" }),
    (results) =>
      [...new Set(results)].map((one) => `${results.filter((result) => result === one).length} × ${one}`).join()
  )

const notAuthorized = JSON.stringify({
  Messages: { Message: [{ Category: "Fault", Code: "E006", Description: "User not authorized" }] }
})

interface Scene {
  readonly sandbox: PitchpointSandbox.Service
  readonly auth: PitchpointAuth.Service
  readonly client: AuthHttpClient.Client
  readonly step: Effect.Effect.Success<ReturnType<typeof Story.make>>
}

const { granted, refused } = Story

const beginning = Effect.fnUntraced(function*({ client, sandbox, step }: Scene) {
  yield* step({
    title: "20 first calls: signs in by itself",
    run: atOnce(client, 20),
    claims: (counted, session, caller) => ({
      "every caller got 200": caller === "20 × 200",
      "one sign-in was granted": granted(counted, "password") === 1,
      "the session says so": session._tag === "Active" && session.signedInByItself
    })
  })

  const now = yield* Clock.currentTimeMillis
  const deadline = PitchpointAuth.refreshExpiresAt(now)
  const left = (deadline - now) / hour
  yield* step({
    title: "until when the refresh token can be used",
    run: Effect.succeed(`${eastern.format(deadline)} in New York, in ${left.toFixed(1)} h`),
    claims: (_, __, caller) => ({
      "it is midnight there": caller.includes("00:00"),
      "it is at least 24 hours away": left >= 24 && left < 49
    })
  })

  // A token that is younger than a second would be tried twice: the API may not know it yet.
  yield* Effect.sleep("1 second")
  yield* sandbox.expireAccessTokens
  yield* step({
    title: "the access token expires on the server",
    run: search(client),
    claims: (counted, _, caller) => ({
      "the caller got 200": caller === "200",
      "the server said 401 once": counted.calls["401"] === 1,
      "one refresh was granted": granted(counted, "refresh_token") === 1
    })
  })
})

const middle = Effect.fnUntraced(function*({ auth, client, sandbox, step }: Scene) {
  yield* step({
    title: "refresh on demand, twice",
    run: Effect.as(Effect.zipRight(auth.refresh, auth.refresh), "a token"),
    claims: (counted) => ({
      "both were granted": granted(counted, "refresh_token") === 2,
      "with one refresh token, which is not spent": counted.spent === 0
    })
  })

  yield* sandbox.faults.next("refresh", Faults.lost)
  yield* step({
    title: "the answer to a refresh is lost: asks again",
    run: Effect.as(auth.refresh, "a token"),
    claims: (counted, session) => ({
      "both were granted": granted(counted, "refresh_token") === 2,
      "nothing is in doubt": session._tag === "Active" && !session.inDoubt
    })
  })

  yield* Effect.sleep("1 second")
  yield* sandbox.faults.next("api", Faults.body(notAuthorized))
  yield* step({
    title: "\"not authorized\" (E006) inside a 200",
    run: search(client),
    claims: (counted, _, caller) => ({
      "the caller got 200": caller === "200",
      "the search was sent twice": counted.calls["200"] === 2,
      "one refresh was granted": granted(counted, "refresh_token") === 1
    })
  })
})

const end = Effect.fnUntraced(function*({ auth, client, sandbox, step }: Scene) {
  yield* sandbox.authority.expireRefreshTokens
  yield* step({
    title: "the refresh token ends: signs in again",
    run: Effect.zipRight(auth.refresh, search(client)),
    claims: (counted, session, caller) => ({
      "the caller got 200": caller === "200",
      "one refresh was refused": refused(counted, "refresh_token") === 1,
      "one sign-in was granted": granted(counted, "password") === 1,
      "the session says so": session._tag === "Active" && session.signedInByItself
    })
  })

  yield* step({
    title: "sign out: the server can't be told",
    run: auth.signOut,
    claims: (_, session, caller) => ({
      "the caller knows": caller === "unsupported",
      "the session is signed out": session._tag === "SignedOut"
    })
  })

  yield* step({
    title: "a call without a session",
    run: search(client),
    claims: (counted, _, caller) => ({
      "the caller got SignInRequired": caller === "SignInRequired",
      "nothing was sent": Object.keys(counted.calls).length === 0,
      "it does not sign in by itself after a sign-out": granted(counted, "password") === 0
    })
  })
})

export const chapter: Story.Chapter = {
  name: "Pitchpoint",
  run: (tell) =>
    Effect.gen(function*() {
      const sandbox = yield* PitchpointSandbox.make()
      const layer = Pitchpoint.layer({ host: yield* serve(sandbox), username: user.username }, {
        credentials: Effect.succeed({ password: Redacted.make<string>(user.password) }),
        rejection: { body: PitchpointFault.notAuthorized }
      })
      yield* Effect.gen(function*() {
        const auth = yield* PitchpointAuth.PitchpointAuth
        const client = yield* Pitchpoint.PitchpointClient
        const step = yield* Story.make({ chapter: "Pitchpoint", sandbox, state: auth.state, tell })
        const scene: Scene = { sandbox, auth, client, step }
        yield* beginning(scene)
        yield* middle(scene)
        yield* end(scene)
      }).pipe(Effect.provide(Layer.provide(layer, [layerClient, TokenStore.layerMemory])))
    }).pipe(Effect.scoped)
}
