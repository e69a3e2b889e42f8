/**
 * What an application with two providers looks like: layers from options, one handler for every failure, sessions of many
 * members. The packed packages are tried with it: installed with npm and pnpm, bundled, and type-checked with each version
 * of TypeScript that we promise.
 */
import type * as AuthError from "@effect-auth/core/AuthError"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Placewise from "@effect-auth/placewise/Placewise"
import { PlacewiseSessions } from "@effect-auth/placewise/Placewise"
import * as Priava from "@effect-auth/priava/Priava"
import { PriavaClient } from "@effect-auth/priava/Priava"
import { PriavaAuth } from "@effect-auth/priava/PriavaAuth"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpBody from "@effect/platform/HttpBody"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

/** Where the two servers are, and who we are to them. */
export interface Settings {
  readonly placewise: {
    readonly host: string
    readonly club: string
    readonly clientToken: string
    readonly product: string
    readonly email: string
    readonly password: string
  }
  readonly priava: {
    readonly host: string
    readonly clientId: string
    readonly clientSecret: string
    readonly redirectUri: string
    readonly code: string
  }
}

const Sessions = ({ placewise }: Settings) =>
  Placewise.layerSessions({
    host: placewise.host,
    club: placewise.club,
    clientToken: Redacted.make(placewise.clientToken),
    productName: placewise.product,
    userAgent: "user-program/1.0"
  })

const Integration = ({ priava }: Settings) =>
  Priava.layer({
    host: priava.host,
    region: "EU",
    clientId: priava.clientId,
    clientSecret: Redacted.make(priava.clientSecret),
    redirectUri: priava.redirectUri
  })

const points = Effect.fn("points")(function*({ placewise }: Settings) {
  const { auth, client } = yield* (yield* PlacewiseSessions).get("member-42")
  yield* auth.signIn({
    _tag: "Password",
    identifier: { email: placewise.email },
    password: Redacted.make(placewise.password)
  })
  const response = yield* client.get("/members/me/rewards-program/status")
  const body = yield* response.text
  return `${response.status}, ${body.length > 0 ? "an answer" : "no answer"}, ${yield* auth.signOut}`
})

const contacts = Effect.fn("contacts")(function*({ priava }: Settings) {
  const auth = yield* PriavaAuth
  const client = yield* PriavaClient
  yield* auth.signIn({ code: Redacted.make(priava.code) })
  const response = yield* client.post("/v2/contact/get", { body: HttpBody.unsafeJson({ Lastname: "Nordmann" }) })
  const state = yield* auth.state
  return `${response.status}, ${state._tag}`
})

/** The session of nobody: what the program is told then. */
const stranger = Effect.gen(function*() {
  const { client } = yield* (yield* PlacewiseSessions).get("nobody")
  return `${(yield* client.get("/members/me/rewards-program/status")).status}`
})

const told = (error: AuthError.AuthError) => Effect.succeed(`${error._tag} at ${error.provider}`)

const handled = <A, R>(
  effect: Effect.Effect<A, Effect.Effect.Error<ReturnType<typeof contacts> | ReturnType<typeof points>>, R>
) =>
  Effect.catchTags(effect, {
    SignInRequired: told,
    RefreshTokenRejected: told,
    RefreshOutcomeUnknown: told,
    AccessTokenRejected: told,
    TokenRequestRejected: told,
    AuthMisconfigured: told,
    ProviderUnavailable: (error) => Effect.succeed(`wait for ${error.retryAfter === undefined ? "a moment" : "it"}`),
    TokenStoreError: told,
    RequestError: (error) => Effect.succeed(error.methodAndUrl),
    ResponseError: (error) => Effect.succeed(`${error.response.status}`)
  })

/** What the two servers answered, and what a stranger is told. Nothing is left to fail but the options themselves. */
export const program = (settings: Settings): Effect.Effect<ReadonlyArray<string>, AuthError.AuthMisconfigured> =>
  Effect.all([handled(points(settings)), handled(contacts(settings)), handled(stranger)]).pipe(
    Effect.provide(
      Layer.mergeAll(Sessions(settings), Integration(settings)).pipe(
        Layer.provide([FetchHttpClient.layer, TokenStore.layerMemory])
      )
    )
  )

/** For callers that don't know Effect. */
export const main = (settings: Settings): Promise<ReadonlyArray<string>> => Effect.runPromise(program(settings))
