/**
 * A member of a loyalty club: signs in, calls, survives expiry, a thousand calls at once and a dead refresh token.
 */
import type * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Placewise from "@effect-auth/placewise/Placewise"
import * as PlacewiseAuth from "@effect-auth/placewise/PlacewiseAuth"
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { layerClient, serve } from "./http.ts"
import * as Story from "./story.ts"

const { defaults } = PlacewiseSandbox

const [member] = defaults.members

const credentials = {
  _tag: "Password" as const,
  identifier: { email: member.email },
  password: Redacted.make<string>(member.password)
}

const manyCalls = 1000

/** The rewards status of the member who is signed in; fails with the tag of what went wrong. */
const call = (client: AuthHttpClient.Client) =>
  client.get("/members/me/rewards-program/status").pipe(
    Effect.flatMap((response) => Effect.as(response.text, `${response.status}`)),
    Effect.catchAll((error) => Effect.succeed(error._tag))
  )

const atOnce = (client: AuthHttpClient.Client) =>
  Effect.map(
    Effect.all(Array.from({ length: manyCalls }, () => call(client)), { concurrency: "unbounded" }),
    (results) =>
      [...new Set(results)].map((result) => `${results.filter((one) => one === result).length} × ${result}`).join(", ")
  )

/** Waits until the server has counted one more refresh than now, and tells how long the old token still had to live. */
const refreshedBySchedule = (sandbox: PlacewiseSandbox.Service, auth: PlacewiseAuth.Service) =>
  Effect.gen(function*() {
    const before = yield* auth.state
    const dies = before._tag === "Active" ? before.expiresAt : 0
    const refreshes = Effect.map(sandbox.log, (log) => log.filter((entry) => entry.operation === "refresh"))
    const count = (yield* refreshes).length
    const after = yield* Effect.repeat(Effect.delay(refreshes, "20 millis"), {
      until: (entries) => entries.length > count
    })
    // The session is told a moment after the server has answered.
    yield* Effect.repeat(Effect.delay(auth.state, "5 millis"), {
      until: (state) => state._tag !== "Active" || !state.refreshing
    })
    return `${dies - (after.at(-1)?.at ?? Infinity)} ms before expiry`
  })

const tell = Effect.fnUntraced(function*(
  sandbox: PlacewiseSandbox.Service,
  onRow: (row: Story.Row) => Effect.Effect<void>
) {
  const auth = yield* PlacewiseAuth.PlacewiseAuth
  const client = yield* Placewise.PlacewiseClient
  const step = yield* Story.make({ chapter: "Placewise", sandbox, state: auth.state, tell: onRow })
  const { granted, refused } = Story

  yield* step({
    title: "sign in with a password",
    run: Effect.as(auth.signIn(credentials), "a token"),
    claims: (counted, session) => ({
      "one sign-in was granted": granted(counted, "password") === 1,
      "the session is active": session._tag === "Active"
    })
  })

  yield* step({
    title: "a protected call",
    run: call(client),
    claims: (counted, _, caller) => ({
      "the caller got 200": caller === "200",
      "one call was answered": counted.calls["200"] === 1
    })
  })

  // The next token lives 2 seconds, so that the story need not wait long for what is measured in halves of a life.
  yield* sandbox.authority.configure({ accessLifetime: "2 seconds" })
  // A token that is younger than a second would be tried twice: the API may not know it yet.
  yield* Effect.sleep("1 second")
  yield* sandbox.expireAccessTokens
  yield* step({
    title: "the access token expires on the server",
    run: call(client),
    claims: (counted, _, caller) => ({
      "the caller got 200": caller === "200",
      "the server said 460 once": counted.calls["460"] === 1,
      "one refresh was granted": granted(counted, "refresh_token") === 1
    })
  })

  // A token that was born from a rejection is not renewed again for the first half of its life.
  yield* Effect.sleep("1100 millis")
  yield* sandbox.authority.configure({ accessLifetime: "1 minute" })
  // A token that is younger than a second would be tried twice: the API may not know it yet.
  yield* Effect.sleep("1 second")
  yield* sandbox.expireAccessTokens
  yield* step({
    title: `${manyCalls.toLocaleString("en")} calls at once, at expiry`,
    run: atOnce(client),
    claims: (counted, _, caller) => ({
      "every caller got 200": caller === `${manyCalls} × 200`,
      "calls were answered with 460": (counted.calls["460"] ?? 0) > 0,
      "one refresh was granted": granted(counted, "refresh_token") === 1,
      "no refresh was refused": refused(counted, "refresh_token") === 0
    })
  })

  yield* sandbox.authority.configure({ accessLifetime: "2 seconds" })
  yield* step({
    title: "refresh on demand: a token of 2 s",
    run: Effect.as(auth.refresh, "a token"),
    claims: (counted) => ({ "one refresh was granted": granted(counted, "refresh_token") === 1 })
  })

  yield* sandbox.authority.configure({ accessLifetime: "1 minute" })
  yield* step({
    title: "nobody calls: refreshed by the Schedule",
    run: refreshedBySchedule(sandbox, auth),
    claims: (counted, session, caller) => ({
      "it came before expiry": parseInt(caller) > 0,
      "one refresh was granted": granted(counted, "refresh_token") === 1,
      "the token was born in time": session._tag === "Active" && session.born === "time"
    })
  })

  yield* sandbox.authority.expireRefreshTokens
  // A token that is younger than a second would be tried twice: the API may not know it yet.
  yield* Effect.sleep("1 second")
  yield* sandbox.expireAccessTokens
  yield* step({
    title: "the refresh token dies: a typed error",
    run: call(client),
    claims: (counted, session, caller) => ({
      "the caller got RefreshTokenRejected": caller === "RefreshTokenRejected",
      "one refresh was refused": refused(counted, "refresh_token") === 1,
      "the session has ended": session._tag === "Ended"
    })
  })

  yield* step({
    title: "it is not presented again",
    run: call(client),
    claims: (counted, _, caller) => ({
      "the caller got RefreshTokenRejected": caller === "RefreshTokenRejected",
      "the server was not asked": refused(counted, "refresh_token") === 0
    })
  })

  yield* step({
    title: "sign in again, and call",
    run: Effect.zipRight(auth.signIn(credentials), call(client)),
    claims: (counted, session, caller) => ({
      "the caller got 200": caller === "200",
      "one sign-in was granted": granted(counted, "password") === 1,
      "the session is active": session._tag === "Active"
    })
  })

  yield* step({
    title: "sign out",
    run: auth.signOut,
    claims: (counted, session, caller) => ({
      "the server was told": caller === "revoked",
      "both tokens were revoked": counted.revocations === 2,
      "the session is signed out": session._tag === "SignedOut"
    })
  })

  yield* step({
    title: "a call without a session",
    run: call(client),
    claims: (counted, _, caller) => ({
      "the caller got SignInRequired": caller === "SignInRequired",
      "nothing was sent": Object.keys(counted.calls).length === 0
    })
  })

  const alive = yield* sandbox.revokeAll
  const { spent } = yield* sandbox.counters
  yield* step({
    title: "what is left on the server",
    run: Effect.succeed(`${alive} tokens alive, ${spent} double spends`),
    claims: () => ({
      "no token was left alive": alive === 0,
      "no refresh token was spent twice": spent === 0
    })
  })
})

export const chapter: Story.Chapter = {
  name: "Placewise",
  run: (onRow) =>
    Effect.gen(function*() {
      const sandbox = yield* PlacewiseSandbox.make()
      const layer = Placewise.layer({
        host: yield* serve(sandbox),
        club: defaults.club,
        clientToken: Redacted.make<string>(defaults.clientToken),
        userAgent: "effect-auth-demo/1.0",
        productName: defaults.productNames[0]
      })
      const services = Layer.provide(layer, [layerClient, TokenStore.layerMemory])
      yield* Effect.provide(tell(sandbox, onRow), services)
    }).pipe(Effect.scoped)
}
