/** G66: access tokens for further APIs are bought with the session's one refresh token, under its claim and by its rules. */
import type { AccessToken } from "@effect-auth/core/AccessToken"
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import type { Extended } from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import * as EncryptedTokenStore from "@effect-auth/core/EncryptedTokenStore"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import type { RecordKey } from "@effect-auth/core/RecordKey"
import type { RefreshOptions } from "@effect-auth/core/RefreshOptions"
import type { SessionEvent } from "@effect-auth/core/SessionEvent"
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as session from "./session.ts"
import { away } from "./sharedStore.ts"

const mail = "https://mail.test/"
const files = "https://files.test/v1"

type Service = AuthService.WithResources<string>

interface Setup extends ScriptedProvider.Options {
  readonly refresh?: RefreshOptions
  readonly credentials?: Effect.Effect<string>
  /** How long the tokens of a resource live, in seconds. */
  readonly lives?: Readonly<Record<string, number | undefined>>
  readonly store?: (store: TokenStore.Service) => TokenStore.Service
}

/** A provider whose tokens tell for what they are: `access-2` is the session's own, `access-3@https://mail.test/` is not. */
const world = Effect.fnUntraced(function*(setup: Setup = {}) {
  const script = yield* ScriptedProvider.make<string>({ expiresIn: 100, ...setup })
  const asked: Array<string | undefined> = []
  const { refresh } = script.provider
  const provider: Extended<string, Service> = {
    ...script.provider,
    fingerprint: (name) => name,
    signIn: (name) => Effect.map(script.provider.signIn(name), (tokens) => ({ ...tokens, subject: name })),
    ...(refresh === undefined ? {} : {
      refresh: (token, previous, resource) => {
        asked.push(resource)
        return Effect.map(refresh(token, previous), (tokens) =>
          resource === undefined ? tokens : {
            ...tokens,
            accessToken: Redacted.make(`${Redacted.value(tokens.accessToken)}@${resource}`),
            expiresIn: { [resource]: tokens.expiresIn, ...setup.lives }[resource]
          })
      }
    }),
    extend: (auth, forResource) => ({ ...auth, forResource })
  }
  const inner = yield* TokenStore.makeMemory
  const store = setup.store?.(inner) ?? inner
  const process = (through = store) =>
    Effect.provideService(
      AuthService.make(provider, {
        refresh: { mode: "onDemand", ...setup.refresh },
        ...(setup.credentials === undefined ? {} : { credentials: setup.credentials })
      }),
      TokenStore.TokenStore,
      through
    )
  const record = Effect.map(inner.get({ provider: "scripted", realm: "test", account: "default" }), Option.getOrThrow)
  return { asked, inner, process, provider, record, script }
})

const textOf = ({ value }: AccessToken) => Redacted.value(value)

describe("access tokens for further APIs", () => {
  it.scoped("one without a known end is not refreshed by the life of the session's own", () =>
    Effect.gen(function*() {
      const { asked, inner, process } = yield* world({ lives: { [mail]: undefined } })
      const read = (key: RecordKey, record: SessionRecord.SessionRecord) =>
        Effect.map(SessionRecord.decode(key, SessionRecord.encode(record)), Option.some)
      // A store of texts leaves out what is not there.
      const texts: TokenStore.Service = {
        ...inner,
        get: (key) =>
          Effect.flatMap(
            inner.get(key),
            Option.match({ onNone: () => Effect.succeedNone, onSome: (record) => read(key, record) })
          )
      }
      yield* (yield* process(texts)).signIn("ann")
      const one = (yield* process(texts)).forResource(mail)
      yield* one.accessToken
      const other = (yield* process(texts)).forResource(mail)
      for (let n = 0; n < 30; n++) {
        yield* other.accessToken
        yield* TestClock.adjust("10 seconds")
      }
      assert.deepStrictEqual(asked.filter((resource) => resource === mail), [mail])
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.scoped("each API gets its own, of its own life; the session's own stays", () =>
    Effect.gen(function*() {
      const { asked, process, record, script } = yield* world({ lives: { [mail]: 50, [files]: 1000 } })
      const auth = yield* process()
      const own = yield* auth.signIn("ann")
      const token = yield* auth.forResource(mail).accessToken
      assert.strictEqual(textOf(token), `access-2@${mail}`)
      assert.deepInclude(token, { session: own.session, generation: 1, expiresAt: 50_000, subject: "ann" })
      assert.strictEqual(textOf(yield* auth.forResource(files).accessToken), `access-3@${files}`)
      assert.deepStrictEqual(yield* auth.accessToken, own)
      const clock = yield* Effect.clock
      assert.strictEqual(auth.forResource(mail).unsafePeek(clock), token)
      assert.strictEqual(yield* auth.forResource(mail).accessToken, token)
      assert.deepStrictEqual(asked, [mail, files])
      const { generation, tokens } = yield* record
      assert.strictEqual(generation, own.generation)
      assert.strictEqual(Redacted.value(tokens!.refreshToken!), "refresh-3")
      yield* TestClock.adjust("60 seconds")
      assert.strictEqual(textOf(yield* auth.forResource(mail).accessToken), `access-4@${mail}`)
      assert.strictEqual(textOf(yield* auth.forResource(files).accessToken), `access-3@${files}`)
      assert.strictEqual(textOf(yield* auth.accessToken), "access-1")
      yield* TestClock.adjust("60 seconds")
      assert.strictEqual(textOf(yield* auth.accessToken), "access-5")
      assert.strictEqual(textOf(yield* auth.forResource(files).accessToken), `access-3@${files}`)
      assert.strictEqual(yield* script.spent, 0)
    }))

  it.scoped("it is refreshed ahead, behind a caller who gets the one that lives", () =>
    Effect.gen(function*() {
      const { asked, process } = yield* world({ expiresIn: 1000, refresh: { mode: "scheduled" } })
      const auth = (yield* process()).forResource(mail)
      yield* auth.adopt({ accessToken: Redacted.make("a"), refreshToken: Redacted.make("r"), expiresIn: 1e6 })
      yield* auth.accessToken
      yield* TestClock.adjust("950 seconds")
      // Nobody asks, so nobody refreshes.
      assert.deepStrictEqual(asked, [mail])
      assert.strictEqual(textOf(yield* auth.accessToken), `access-1@${mail}`)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(asked, [mail, mail])
      assert.strictEqual(textOf(yield* auth.accessToken), `access-2@${mail}`)
    }))

  it.scoped("callers of all audiences at once cost one exchange each, and no refresh token is spent twice", () =>
    Effect.gen(function*() {
      const { asked, process, script } = yield* world({ latency: "100 millis" })
      const auth = yield* session.within(
        Effect.flatMap(process(), (auth) => Effect.as(auth.signIn("ann"), auth)),
        "1 second"
      )
      yield* TestClock.adjust("200 seconds")
      const service = yield* auth
      const resources = Array.from({ length: 6 }, (_, n) => `https://api-${n}.test/`)
      const all = [service, ...resources.map((uri) => service.forResource(uri))]
      const got = yield* session.within(
        Effect.forEach([...all, ...all], (one) => one.accessToken, { concurrency: "unbounded" }),
        "5 seconds"
      )
      assert.strictEqual(new Set((yield* got).map(textOf)).size, 7)
      assert.sameMembers(asked, [undefined, ...resources])
      assert.strictEqual(yield* script.spent, 0)
    }))

  it.scoped("a rejection renews the token of that API and no other, also behind a client", () =>
    Effect.gen(function*() {
      const { asked, process } = yield* world()
      const auth = yield* process()
      const own = yield* auth.signIn("ann")
      const there = auth.forResource(mail, { api: { baseUrl: "https://mail.test/api" } })
      yield* auth.forResource(files).accessToken
      yield* there.accessToken
      yield* TestClock.adjust("5 seconds")
      const seen: Array<string> = []
      const server = HttpClient.make((request) => {
        seen.push(`${request.url} ${request.headers["authorization"]}`)
        const status = request.headers["authorization"]?.includes("access-3") === true ? 401 : 200
        return Effect.succeed(HttpClientResponse.fromWeb(request, new Response(null, { status })))
      })
      const client = yield* Effect.provideService(AuthHttpClient.fromSession(there), HttpClient.HttpClient, server)
      assert.strictEqual((yield* client.get("/letters")).status, 200)
      assert.deepStrictEqual(seen, [
        `https://mail.test/api/letters Bearer access-3@${mail}`,
        `https://mail.test/api/letters Bearer access-4@${mail}`
      ])
      const elsewhere = yield* Effect.flip(client.get("https://api.test/letters"))
      assert.deepInclude(elsewhere, { _tag: "AuthMisconfigured", reason: "origin" })
      assert.deepStrictEqual(asked, [files, mail, mail])
      assert.deepStrictEqual(yield* auth.accessToken, own)
      // Many late rejections of the token before cost nothing.
      const before = { ...own, generation: 1 }
      yield* Effect.forEach([1, 2, 3], () => there.renew(before))
      // One that was itself born from a rejection a moment ago is not renewed once more.
      const again = yield* Effect.flip(there.renew(yield* there.accessToken, { wasAccepted: true }))
      assert.deepInclude(again, { _tag: "AccessTokenRejected", reason: "rejected-again" })
      assert.deepStrictEqual(asked, [files, mail, mail])
    }))

  it.scoped("while one is renewed because it was rejected, the session's own is handed out at once", () =>
    Effect.gen(function*() {
      const { process, script } = yield* world()
      const auth = yield* process()
      const own = yield* auth.signIn("ann")
      const token = yield* auth.forResource(mail).accessToken
      yield* TestClock.adjust("5 seconds")
      yield* script.enqueue("refresh", ScriptedProvider.after("3 seconds"))
      const renewed = yield* Effect.fork(auth.forResource(mail).renew(token))
      yield* TestClock.adjust("1 second")
      const asked = yield* Effect.fork(auth.accessToken)
      yield* TestClock.adjust("0 millis")
      assert.deepStrictEqual(yield* Effect.map(Fiber.poll(asked), Option.isSome), true)
      assert.strictEqual(textOf(yield* Fiber.join(asked)), textOf(own))
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(textOf(yield* Fiber.join(renewed)), `access-3@${mail}`)
    }))

  it.scoped("two processes over one store: one exchange for one API, seen by both", () =>
    Effect.gen(function*() {
      const { asked, process, script } = yield* world({ latency: "100 millis" })
      const here = yield* process()
      const there = yield* process()
      yield* yield* session.within(here.signIn("ann"), "1 second")
      const both = Effect.all([here.forResource(mail).accessToken, there.forResource(mail).accessToken], {
        concurrency: "unbounded"
      })
      const [one, other] = yield* yield* session.within(both, "2 seconds")
      assert.strictEqual(textOf(one), `access-2@${mail}`)
      assert.strictEqual(textOf(other), textOf(one))
      assert.strictEqual(other.generation, one.generation)
      // A process that comes later finds it, whatever was exchanged since.
      yield* yield* session.within(there.refresh, "1 second")
      const third = yield* process()
      assert.strictEqual(textOf(yield* third.forResource(mail).accessToken), textOf(one))
      const refreshed = Effect.all([here.forResource(files).accessToken, there.refresh], { concurrency: "unbounded" })
      yield* yield* session.within(refreshed, "3 seconds")
      assert.sameMembers(asked, [mail, undefined, files, undefined])
      assert.strictEqual(yield* script.spent, 0)
    }))

  it.scoped("after a lost answer on a strict server the live tokens serve, and the old refresh token is kept back", () =>
    Effect.gen(function*() {
      const { asked, process, script } = yield* world({ lives: { [mail]: 50 } })
      const auth = yield* process()
      yield* auth.signIn("ann")
      const own = yield* auth.accessToken
      const token = yield* auth.forResource(mail).accessToken
      yield* TestClock.adjust("1 second")
      yield* script.enqueue("refresh", session.lostAnswer)
      const lost = yield* Effect.flip(auth.forResource(files).accessToken)
      assert.deepInclude(lost, { _tag: "ProviderUnavailable", reason: "transport" })
      const kept = yield* Effect.flip(auth.forResource(files).accessToken)
      assert.deepInclude(kept, { _tag: "ProviderUnavailable", reason: "backoff" })
      const state = yield* auth.state
      assert.isTrue(state._tag === "Active" && state.inDoubt)
      yield* TestClock.adjust("45 seconds")
      // In the margin of the one, stale the other: neither is exchanged.
      assert.strictEqual(textOf(yield* auth.forResource(mail).accessToken), textOf(token))
      assert.strictEqual(textOf(yield* auth.accessToken), textOf(own))
      assert.deepStrictEqual(asked, [mail, files])
      const dead = ScriptedProvider.fail(
        new ExchangeFailure({ kind: "terminal", sent: "answered", reason: "unknown", status: 400 })
      )
      yield* script.enqueue("refresh", dead)
      yield* TestClock.adjust("6 seconds")
      // The one is dead, and is not bought while the session's own lives, nor where the API rejected it.
      const unavailable = { _tag: "ProviderUnavailable", reason: "backoff" } as const
      assert.deepInclude(yield* Effect.flip(auth.forResource(mail).accessToken), unavailable)
      assert.deepInclude(yield* Effect.flip(auth.forResource(mail).renew(token)), unavailable)
      assert.deepInclude(yield* Effect.flip(auth.forResource(mail).refresh), unavailable)
      assert.strictEqual(textOf(yield* auth.accessToken), textOf(own))
      assert.deepStrictEqual(asked, [mail, files])
      yield* TestClock.adjust("1 minute")
      const over = yield* Effect.flip(auth.forResource(mail).accessToken)
      assert.strictEqual(over._tag, "RefreshOutcomeUnknown")
      assert.deepStrictEqual(asked, [mail, files, mail])
      assert.strictEqual((yield* auth.state)._tag, "Ended")
    }))

  it.scoped("when the session ends, each live token serves until its API rejects it", () =>
    Effect.gen(function*() {
      const { asked, process, script } = yield* world()
      const auth = yield* process()
      const there = auth.forResource(mail)
      yield* auth.signIn("ann")
      const token = yield* there.accessToken
      yield* TestClock.adjust("5 seconds")
      yield* script.enqueue("refresh", session.dead)
      assert.strictEqual((yield* Effect.flip(auth.forResource(files).accessToken))._tag, "RefreshTokenRejected")
      assert.strictEqual(textOf(yield* there.accessToken), textOf(token))
      assert.strictEqual((yield* Effect.flip(there.renew(token)))._tag, "RefreshTokenRejected")
      assert.strictEqual((yield* Effect.flip(there.accessToken))._tag, "RefreshTokenRejected")
      assert.strictEqual(textOf(yield* auth.accessToken), "access-1")
      assert.deepStrictEqual(asked, [mail, files])
    }))

  it.scoped("the end of a refresh token that came with one is known at once, in each process", () =>
    Effect.gen(function*() {
      const { process, script } = yield* world()
      const here = yield* process()
      const there = yield* process()
      yield* script.enqueue("signIn", ScriptedProvider.ok({ refreshExpiresAt: 1e7 }))
      yield* here.signIn("ann")
      yield* there.accessToken
      yield* script.enqueue("refresh", ScriptedProvider.ok({ refreshExpiresAt: 2e7 }))
      yield* here.forResource(mail).accessToken
      yield* there.forResource(mail).accessToken
      for (const auth of [here, there]) {
        const state = yield* auth.state
        assert.strictEqual(state._tag === "Active" ? state.reauthenticateBy : undefined, 2e7)
      }
    }))

  it.scoped("what an answer leaves out is what was said for the same API before", () =>
    Effect.gen(function*() {
      const { process, script } = yield* world()
      const auth = yield* process()
      yield* auth.signIn("ann")
      yield* script.enqueue(
        "refresh",
        ScriptedProvider.ok({ expiresIn: 50, scopes: ["letters"] }),
        ScriptedProvider.ok({ expiresIn: undefined })
      )
      yield* auth.forResource(mail).accessToken
      const token = yield* auth.forResource(mail).refresh
      assert.deepInclude(token, { generation: 2, expiresAt: 50_000, scopes: ["letters"] })
      assert.isUndefined((yield* auth.accessToken).scopes)
    }))

  it.scoped("a forced refresh is one also in a process that did not ask for it yet", () =>
    Effect.gen(function*() {
      const { asked, process } = yield* world()
      const here = yield* process()
      yield* here.signIn("ann")
      yield* here.forResource(mail).accessToken
      const there = yield* process()
      yield* there.accessToken
      assert.strictEqual(textOf(yield* there.forResource(mail).refresh), `access-3@${mail}`)
      assert.deepStrictEqual(asked, [mail, mail])
    }))

  it.scoped("a refresh ahead that failed is not tried, nor the store read, at each use", () =>
    Effect.gen(function*() {
      let reads = 0
      const through = (store: TokenStore.Service): TokenStore.Service => ({
        ...store,
        get: (key) => Effect.suspend(() => (reads++, store.get(key)))
      })
      const { process, script } = yield* world({
        store: through,
        refresh: { mode: "scheduled" },
        lives: { [mail]: 1000 }
      })
      const auth = yield* process()
      yield* auth.adopt({ accessToken: Redacted.make("a"), refreshToken: Redacted.make("r"), expiresIn: 1e6 })
      const there = auth.forResource(mail)
      yield* there.accessToken
      yield* TestClock.adjust("890 seconds")
      yield* script.enqueue("refresh", ...session.times(10, session.badClient))
      const use = Effect.zipRight(there.accessToken, TestClock.adjust("10 millis"))
      yield* use
      const before = reads
      yield* Effect.repeatN(use, 5)
      assert.strictEqual(reads, before)
    }))

  it.scoped("a fault that is over is forgotten: the next one rests no longer than the first", () =>
    Effect.gen(function*() {
      const { asked, process, script } = yield* world({ expiresIn: 100_000 })
      const auth = yield* process()
      yield* auth.signIn("ann")
      const there = auth.forResource(mail)
      for (let round = 1; round <= 3; round++) {
        yield* script.enqueue("refresh", session.badClient)
        assert.strictEqual((yield* Effect.flip(there.refresh))._tag, "AuthMisconfigured")
        yield* TestClock.adjust("1 minute")
        yield* there.refresh
        assert.strictEqual(asked.length, 2 * round)
      }
    }))

  it.scoped("a caller is in the session that the store says, where this process did not know of it (G55)", () =>
    Effect.gen(function*() {
      const { inner, process } = yield* world()
      const deaf = { ...inner, changes: undefined }
      const here = yield* process(deaf)
      const there = yield* process(deaf)
      yield* here.signIn("ann")
      yield* there.signIn("bob")
      assert.strictEqual((yield* here.accessToken).subject, "ann")
      assert.strictEqual((yield* here.forResource(mail).accessToken).subject, "bob")
      assert.strictEqual((yield* here.accessToken).subject, "bob")
    }))

  it.scoped("events of an exchange tell for which API it is", () =>
    Effect.gen(function*() {
      const { process, script } = yield* world()
      const auth = yield* process()
      yield* auth.signIn("ann")
      const events: Array<unknown> = []
      const note = (event: SessionEvent) => "resource" in event ? [event._tag, event.resource] : [event._tag]
      yield* Effect.forkScoped(Stream.runForEach(auth.events, (event) => Effect.sync(() => events.push(note(event)))))
      yield* TestClock.adjust("0 millis")
      yield* auth.forResource(mail).accessToken
      yield* script.enqueue("refresh", session.badClient)
      yield* Effect.flip(auth.forResource(files).accessToken)
      yield* auth.refresh
      yield* TestClock.adjust("0 millis")
      assert.deepStrictEqual(events, [
        ["Refreshing", mail],
        ["Refreshed", mail],
        ["Refreshing", files],
        ["RefreshFailed", files],
        ["Refreshing", undefined],
        ["Refreshed", undefined]
      ])
    }))

  it.scoped("tokens that could not be saved come before the next exchange of any audience", () =>
    Effect.gen(function*() {
      const control = { isAway: false }
      const through = (store: TokenStore.Service): TokenStore.Service => ({
        ...store,
        compareAndSet: (key, expected, next) =>
          control.isAway && next.claim === undefined ? Effect.fail(away) : store.compareAndSet(key, expected, next)
      })
      const { process, record, script } = yield* world({ store: through, refresh: { commitPatience: "1 second" } })
      const auth = yield* process()
      yield* auth.signIn("ann")
      control.isAway = true
      const got = yield* session.within(auth.forResource(mail).accessToken, "5 seconds")
      assert.strictEqual(textOf(yield* got), `access-2@${mail}`)
      const state = yield* auth.state
      assert.isTrue(state._tag === "Active" && state.degraded)
      const refused = yield* yield* session.within(Effect.flip(auth.refresh), "10 seconds")
      assert.strictEqual(refused._tag, "TokenStoreError")
      control.isAway = false
      yield* yield* session.within(auth.refresh, "1 minute")
      assert.strictEqual(Redacted.value((yield* record).tokens!.refreshToken!), "refresh-3")
      assert.strictEqual(yield* script.spent, 0)
    }))

  for (
    const [what, leave] of [
      ["signing out", (auth: Service) => auth.signOut],
      ["signing out of the resource", (auth: Service) => auth.forResource(mail).signOut],
      ["a sign-in by another user", (auth: Service) => auth.signIn("bob")],
      ["a sign-in by the same user", (auth: Service) => auth.signIn("ann")]
    ] as const
  ) {
    it.scoped(`${what} drops them, here at once and in the store`, () =>
      Effect.gen(function*() {
        const { process, record } = yield* world()
        const auth = yield* process()
        const there = auth.forResource(mail)
        yield* auth.signIn("ann")
        yield* there.accessToken
        assert.isDefined((yield* record).tokens?.resources?.[mail])
        yield* leave(auth)
        assert.isUndefined(there.unsafePeek(yield* Effect.clock))
        assert.isUndefined((yield* record).tokens?.resources)
        const after = yield* Effect.either(there.accessToken)
        assert.strictEqual(
          after._tag === "Left" ? after.left._tag : textOf(after.right),
          what.startsWith("signing out") ? "SignInRequired" : `access-4@${mail}`
        )
      }))
  }

  it.scoped("signing out forgets them although the store is away", () =>
    Effect.gen(function*() {
      const control = { isAway: false }
      const through = (store: TokenStore.Service): TokenStore.Service => ({
        ...store,
        compareAndSet: (...args) => control.isAway ? Effect.fail(away) : store.compareAndSet(...args)
      })
      const { process } = yield* world({ store: through })
      const auth = yield* process()
      yield* auth.signIn("ann")
      const there = auth.forResource(mail)
      yield* there.accessToken
      control.isAway = true
      const out = yield* Effect.fork(auth.signOut)
      yield* TestClock.adjust("1 second")
      assert.isUndefined(there.unsafePeek(yield* Effect.clock))
      const failed = yield* yield* session.within(Effect.flip(there.accessToken), "10 seconds")
      assert.strictEqual(failed._tag, "TokenStoreError")
      control.isAway = false
      yield* TestClock.adjust("2 minutes")
      yield* Effect.exit(Fiber.join(out))
    }))

  it.scoped("a request for a further API does not go on as another user (G55)", () =>
    Effect.gen(function*() {
      const { process, script } = yield* world()
      const here = yield* process()
      const there = yield* process()
      yield* here.signIn("ann")
      const anns = yield* here.forResource(mail).accessToken
      yield* TestClock.adjust("5 seconds")
      yield* script.enqueue("refresh", ScriptedProvider.after("3 seconds"))
      const waiting = yield* Effect.fork(Effect.flip(here.forResource(files).accessToken))
      yield* TestClock.adjust("1 second")
      yield* here.signIn("bob")
      yield* TestClock.adjust("10 seconds")
      const changed = { _tag: "AccessTokenRejected", reason: "session-changed" } as const
      assert.deepInclude(yield* Fiber.join(waiting), changed)
      assert.deepInclude(yield* Effect.flip(here.forResource(mail).renew(anns)), changed)
      // Another process has not read that yet: it serves what it holds, and no token of the one in the session of the other.
      const bobs = yield* there.forResource(mail).accessToken
      assert.strictEqual(bobs.subject, "bob")
      assert.deepInclude(yield* Effect.flip(there.forResource(mail).renew(anns)), changed)
    }))

  it.scoped("what another process did to the session is obeyed at the next use (G60)", () =>
    Effect.gen(function*() {
      const { process } = yield* world()
      const here = yield* process()
      const there = yield* process()
      yield* here.signIn("ann")
      const mine = here.forResource(mail)
      yield* mine.accessToken
      yield* there.signIn("bob")
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* mine.accessToken).subject, "bob")
      yield* there.signOut
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Effect.flip(mine.accessToken))._tag, "SignInRequired")
    }))

  it.scoped("a refusal of one API costs neither the session nor its pace", () =>
    Effect.gen(function*() {
      const { asked, process, record, script } = yield* world({ refresh: { confirmRefusalAfter: "1 minute" } })
      const auth = yield* process()
      yield* auth.signIn("ann")
      for (let round = 0; round < 5; round++) {
        yield* script.enqueue("refresh", session.undocumented)
        const refused = yield* Effect.flip(auth.forResource(mail).accessToken)
        assert.deepInclude(refused, { _tag: "ProviderUnavailable", reason: "refused" })
        // Nobody asks again for a while.
        const count = asked.length
        yield* Effect.flip(auth.forResource(mail).accessToken)
        assert.strictEqual(asked.length, count)
        assert.strictEqual((yield* record).retry, undefined)
        assert.strictEqual((yield* record).refusal, undefined)
        yield* auth.refresh
        yield* TestClock.adjust("1 hour")
      }
      yield* script.enqueue("refresh", session.badClient)
      const faulty = yield* Effect.flip(auth.forResource(files).accessToken)
      assert.strictEqual(faulty._tag, "AuthMisconfigured")
      assert.deepEqual(yield* Effect.flip(auth.forResource(files).accessToken), faulty)
      assert.strictEqual((yield* auth.accessToken).session, (yield* auth.forResource(mail).accessToken).session)
    }))

  it.scoped("a session without a refresh token has none, and signing in by itself does not help", () =>
    Effect.gen(function*() {
      const { process, script } = yield* world({ rotation: "none", credentials: Effect.succeed("robot") })
      const auth = yield* process()
      const none = yield* Effect.flip(auth.forResource(mail).accessToken)
      assert.deepInclude(none, { _tag: "SignInRequired", reason: "expired" })
      yield* Effect.flip(auth.forResource(mail).accessToken)
      assert.strictEqual(yield* script.count("signIn"), 1)
      assert.strictEqual(textOf(yield* auth.accessToken), "access-1")
    }))

  it.scoped("a service with its own credentials begins a session for it", () =>
    Effect.gen(function*() {
      const { process, script } = yield* world({ credentials: Effect.succeed("robot") })
      const auth = yield* process()
      assert.strictEqual(textOf(yield* auth.forResource(mail).accessToken), `access-2@${mail}`)
      assert.strictEqual(yield* script.count("signIn"), 1)
    }))

  it.scoped("the record's text holds them, sealed with the rest; a record without them is read", () =>
    Effect.gen(function*() {
      const { inner, process, record } = yield* world()
      const keys = [{ id: "k", key: Redacted.make(new Uint8Array(32)) }]
      const auth = yield* process(yield* EncryptedTokenStore.make(keys)(inner))
      yield* auth.signIn("ann")
      yield* auth.forResource(mail).accessToken
      const stored = SessionRecord.encode(yield* record)
      assert.notInclude(stored, "access-")
      assert.notInclude(stored, mail)
      const later = yield* process(yield* EncryptedTokenStore.make(keys)(inner))
      assert.strictEqual(textOf(yield* later.forResource(mail).accessToken), `access-2@${mail}`)
      const clear = yield* world()
      const first = yield* clear.process()
      yield* first.signIn("ann")
      assert.notInclude(SessionRecord.encode(yield* clear.record), "resources")
      yield* first.forResource(mail).accessToken
      yield* first.refresh
      const text = SessionRecord.encode(yield* clear.record)
      const read = yield* SessionRecord.decode({ provider: "scripted", realm: "test", account: "default" }, text)
      assert.strictEqual(SessionRecord.encode(read), text)
      assert.include(text, `access-2@${mail}`)
    }))

  it.scoped("many accounts: an evicted one finds them again", () =>
    Effect.gen(function*() {
      const { asked, inner, provider } = yield* world({ expiresIn: 100_000 })
      const sessions = yield* Effect.provideService(
        AuthSessions.make(provider, { idleAfter: "1 minute", refresh: { mode: "onDemand" } }),
        TokenStore.TokenStore,
        inner
      )
      const ann = yield* sessions.get("ann")
      yield* ann.signIn("ann")
      const token = yield* ann.forResource(mail).accessToken
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* sessions.size, 0)
      assert.strictEqual(textOf(yield* ann.forResource(mail).accessToken), textOf(token))
      assert.deepStrictEqual(asked, [mail])
    }))

  it.scoped("a resource that is no URL has no origin until somebody names one", () =>
    Effect.gen(function*() {
      const { process } = yield* world()
      const auth = yield* process()
      assert.deepStrictEqual(auth.forResource("urn:example:api").origins, [])
      assert.deepStrictEqual(auth.forResource(files).origins, ["https://files.test"])
      const origins = ["https://other.test"]
      assert.deepStrictEqual(auth.forResource("urn:example:api", { origins }).origins, origins)
    }))

  for (const wrong of ["", "no uri", "/path", "__proto__", `${mail}#part`]) {
    it.scoped(`nothing is asked for "${wrong}", which is no absolute URI without a fragment`, () =>
      Effect.gen(function*() {
        const { asked, process } = yield* world()
        const auth = yield* process()
        const token = yield* auth.signIn("ann")
        const there = auth.forResource(wrong)
        for (const use of [there.accessToken, there.refresh, there.renew(token)]) {
          assert.deepInclude(yield* Effect.flip(use), { _tag: "AuthMisconfigured", reason: "options" })
        }
        assert.isUndefined(there.unsafePeek(yield* Effect.clock))
        assert.deepStrictEqual(asked, [])
      }))
  }

  it.scoped("of a service whose credentials were refused: an error at once, and the store is not read again and again", () =>
    Effect.gen(function*() {
      let reads = 0
      const counting = (store: TokenStore.Service): TokenStore.Service => ({
        ...store,
        get: (key) => Effect.suspend(() => (reads++, store.get(key)))
      })
      const { process, script } = yield* world({ credentials: Effect.succeed("robot"), store: counting })
      yield* script.enqueue("signIn", session.dead, session.dead)
      const auth = yield* process()
      yield* Effect.flip(auth.accessToken)
      reads = 0
      const exit = yield* session.within(auth.forResource(mail).accessToken, "1 second")
      assert.isTrue(
        Exit.isFailure(exit) && exit.cause._tag === "Fail" && exit.cause.error._tag === "TokenRequestRejected"
      )
      assert.isAtMost(reads, 4)
      assert.strictEqual(yield* script.count("signIn"), 1)
    }))
})
