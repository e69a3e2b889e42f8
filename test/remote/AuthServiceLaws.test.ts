/** The same laws for a local session, a remote one over a socket and over HTTP, and a fake. */
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Endpoint from "@effect-auth/remote/Endpoint"
import * as AuthServiceLaws from "@effect-auth/testing/AuthServiceLaws"
import * as FakeAuth from "@effect-auth/testing/FakeAuth"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { served } from "./httpKeeper.ts"
import * as world from "./world.ts"

/** Exchanges take time, so that callers can ask together. */
const provider = { latency: "20 millis" } as const

const local = Effect.gen(function*() {
  const { script, sessions } = yield* Effect.provide(world.scripted({ provider }), TokenStore.layerMemory)
  const [auth, other] = yield* Effect.all([sessions.get("anna"), sessions.get("ben")])
  yield* auth.signIn(world.right)
  yield* other.signIn(world.right)
  return { auth, other, exchanges: script.count("refresh"), signIn: auth.signIn(world.right) }
})

/** The sessions of a keeper, seen from a client that may do everything. */
const over = (way: "socket" | "http") =>
  Effect.gen(function*() {
    const keeper = yield* world.keeper({ signIn: true, provider })
    const endpoint = way === "socket"
      ? keeper.endpoint
      : yield* Endpoint.http(yield* served(keeper.sessions, { credentials: world.credentials }), world.bearer)
    const remote = yield* world.client(keeper.script.provider, {
      endpoints: [endpoint],
      credentials: Schema.encode(world.credentials)
    })
    const [auth, other] = yield* Effect.all([remote.get("anna"), remote.get("ben")])
    yield* auth.signIn(world.right)
    yield* other.signIn(world.right)
    return { auth, other, exchanges: keeper.script.count("refresh"), signIn: auth.signIn(world.right) }
  }).pipe(Effect.provide(FetchHttpClient.layer))

AuthServiceLaws.suite("a local session", local)
AuthServiceLaws.suite("a remote session over a socket", over("socket"))
AuthServiceLaws.suite("a remote session over HTTP", over("http"))
AuthServiceLaws.suite("a fake", Effect.sync(() => ({ auth: FakeAuth.fixed("a-token") })))

describe("the laws of a session", () => {
  /** Breaks one member of a session that keeps the laws. */
  const broken = (name: string, breaks: (subject: Effect.Effect.Success<typeof local>) => AuthServiceLaws.Subject) =>
    it.scopedLive(`a session that ${name} breaks one`, () =>
      Effect.gen(function*() {
        const results = yield* Effect.forEach(
          AuthServiceLaws.laws(Effect.map(local, breaks)),
          ({ name, run }) => Effect.match(run, { onFailure: () => [name], onSuccess: () => [] })
        )
        assert.isNotEmpty(results.flat())
      }))

  broken("has no name", (subject) => ({ ...subject, auth: { ...subject.auth, provider: "" } }))
  broken("sends anywhere", (subject) => ({ ...subject, auth: { ...subject.auth, origins: ["http://example.com"] } }))
  broken("never peeks", (subject) => ({ ...subject, auth: { ...subject.auth, unsafePeek: () => undefined } }))
  broken("gives the rejected token back", (subject) => ({
    ...subject,
    auth: { ...subject.auth, renew: (token) => Effect.succeed(token) }
  }))
  broken("exchanges for each rejection", (subject) => ({
    ...subject,
    auth: { ...subject.auth, renew: () => subject.auth.refresh }
  }))
  broken("does not refresh", (subject) => ({
    ...subject,
    auth: { ...subject.auth, refresh: subject.auth.accessToken }
  }))
  broken("tells another state", (subject) => ({
    ...subject,
    auth: { ...subject.auth, state: Effect.succeed({ _tag: "SignedOut", reason: "never" } as const) }
  }))
  broken("keeps its token after a sign-out", (subject) => ({
    ...subject,
    auth: { ...subject.auth, signOut: Effect.succeed("revoked" as const) }
  }))
  broken("has one token for all accounts", (subject) => ({ ...subject, other: subject.auth }))
  broken("signs in without effect", (subject) => ({ ...subject, signIn: subject.auth.accessToken }))
  broken("has a token that is no header", (subject) => ({
    ...subject,
    auth: FakeAuth.fixed(Redacted.make("two\nlines"))
  }))
})
