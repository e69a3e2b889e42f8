/**
 * An answer to every call of a provider: what the caller gets, what became of the
 * request, whether the session survived, and that no secret shows.
 */
import type { AuthService } from "@effect-auth/core/AuthService"
import * as AuthServices from "@effect-auth/core/AuthService"
import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Redaction from "@effect-auth/testing/Redaction"
import * as HttpClient from "@effect/platform/HttpClient"
import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { inspect } from "node:util"
import { type Body, type Failure, makeServer, type Operation, secrets } from "./answers.ts"
import { type Session, type Status, type Subject, textFor, type World } from "./answers.ts"

const access = Redacted.make(secrets.access)
const refresh = Redacted.make(secrets.refresh)

const noSecret = (value: unknown) => Redaction.assertNoSecret(value, Object.values(secrets), { printers: { inspect } })

/** The public error that a failure becomes, as plain values. */
const shown = (failure: Failure, operation: Operation, renews: "refresh" | "signIn") => {
  const { kind, reason } = failure
  if (kind === "transient") return { tag: "ProviderUnavailable", reason }
  if (kind === "config") return { tag: "AuthMisconfigured", reason }
  if (operation !== "refresh" || renews === "signIn") return { tag: "TokenRequestRejected", reason }
  return kind === "refused"
    ? { tag: "ProviderUnavailable", reason: "refused" }
    : { tag: "RefreshTokenRejected", reason: undefined }
}

const plain = (error: unknown) => {
  const { _tag, reason } = error as Record<string, unknown>
  return { tag: _tag, reason }
}

type Services = HttpClient.HttpClient | TokenStore.TokenStore | Scope.Scope

/** What is looked at when the server is well again and time has passed. */
type Later = Effect.Effect<void, unknown>

interface Cell<Credentials> {
  readonly subject: Subject<Credentials>
  readonly world: World<Credentials>
  readonly server: ReturnType<typeof makeServer>
  readonly status: Status
  readonly body: Body
}

/** A session that is signed in at a server that is well. */
const signedIn = <Credentials>({ server, subject, world }: Cell<Credentials>, account: string) =>
  Effect.gen(function*() {
    server.state.answer = undefined
    const auth = yield* AuthServices.make(world.provider, {
      account,
      // Who renews by signing in does it with these.
      credentials: subject.renews === "signIn" ? Effect.sync(subject.credentials) : undefined,
      refresh: { mode: "onDemand", retryPatience: 0 }
    })
    const token = yield* auth.signIn(subject.credentials())
    return { auth, token, session: yield* world.session(auth) }
  })

/** After whatever went wrong: the token that lives is served, and when the server is well again, so is the session. */
const survived = <Credentials>(auth: AuthService<Credentials>, generation: number) =>
  Effect.gen(function*() {
    expect((yield* auth.state)._tag).toBe("Active")
    expect((yield* auth.accessToken).generation).toBe(generation)
    return Effect.map(auth.accessToken, (token) => expect(token.generation).toBeGreaterThanOrEqual(generation))
  })

const answerWith = <Credentials>({ body, server, status }: Cell<Credentials>) => {
  server.state.answer = [status, body]
}

/** What the provider itself says of the answer: kind, reason, and what became of the request. */
const toProvider = Effect.fnUntraced(
  function*<Credentials>(cell: Cell<Credentials>, operation: Exclude<Operation, "info">) {
    const { provider } = cell.world
    const tokens = { accessToken: access, refreshToken: refresh, obtainedAt: 0 }
    const calls = {
      signIn: provider.signIn(cell.subject.credentials()),
      refresh: provider.refresh?.(refresh, tokens),
      revoke: provider.revoke?.(tokens)
    }
    const calling = calls[operation]
    if (calling === undefined) return
    answerWith(cell)
    const result = yield* Effect.either(calling as Effect.Effect<unknown, ExchangeFailure>)
    const expected = cell.subject.expected(operation, cell.status, cell.body)
    const got = Either.isRight(result) ? undefined : result.left
    expect(got && { kind: got.kind, sent: got.sent, reason: got.reason }).toEqual(expected)
    yield* noSecret(got)
  }
)

const toSession = {
  signIn: Effect.fnUntraced(function*<Credentials>(cell: Cell<Credentials>, account: string) {
    const { auth, token } = yield* signedIn(cell, account)
    answerWith(cell)
    const result = yield* Effect.either(auth.signIn(cell.subject.credentials()))
    const expected = cell.subject.expected("signIn", cell.status, cell.body)
    if (expected === undefined) return void expect(result._tag).toBe("Right")
    expect(Either.isLeft(result) && plain(result.left)).toEqual(shown(expected, "signIn", cell.subject.renews))
    yield* noSecret(result)
    return yield* survived(auth, token.generation)
  }),
  refresh: Effect.fnUntraced(function*<Credentials>(cell: Cell<Credentials>, account: string) {
    const { auth, token } = yield* signedIn(cell, account)
    answerWith(cell)
    const { requests } = cell.server.state
    const result = yield* Effect.either(auth.refresh)
    expect(cell.server.state.requests).toBe(requests + 1)
    yield* noSecret(result)
    return yield* outcomeOfRefresh(cell, auth, token.generation, result)
  }),
  revoke: Effect.fnUntraced(function*<Credentials>(cell: Cell<Credentials>, account: string) {
    const { auth } = yield* signedIn(cell, account)
    answerWith(cell)
    const expected = cell.subject.expected("revoke", cell.status, cell.body)
    const can = cell.world.provider.revoke !== undefined
    expect(yield* auth.signOut).toBe(can ? (expected === undefined ? "revoked" : "failed") : "unsupported")
    expect((yield* auth.state)._tag).toBe("SignedOut")
    expect((yield* Effect.flip(auth.accessToken))._tag).toBe("SignInRequired")
  }),
  info: Effect.fnUntraced(function*<Credentials>(cell: Cell<Credentials>, account: string) {
    const { auth, session, token } = yield* signedIn(cell, account)
    if (session.info === undefined) return void expect(["Priava", "Pitchpoint"]).toContain(cell.subject.name)
    answerWith(cell)
    const result = yield* Effect.either(session.info)
    const expected = cell.subject.expected("info", cell.status, cell.body)
    if (expected === undefined) {
      // 460 and 401 mean a dead token, which is a value.
      expect(result).toMatchObject({ _tag: "Right", right: { active: cell.status === 200 } })
    } else {
      expect(Either.isLeft(result) && plain(result.left)).toEqual(shown(expected, "info", cell.subject.renews))
    }
    yield* noSecret(result)
    return yield* survived(auth, token.generation)
  }),
  call: Effect.fnUntraced(function*<Credentials>(cell: Cell<Credentials>, account: string) {
    const { auth, session, token } = yield* signedIn(cell, account)
    const { requests } = cell.server.state
    answerWith(cell)
    const isRejected = cell.subject.rejected.includes(cell.status)
    const result = yield* isRejected ? called(session) : Effect.either(session.call)
    if (isRejected) {
      // The renewal that it leads to is answered in the same way.
      expect(cell.server.state.requests).toBe(requests + 2)
      yield* noSecret(result)
      return yield* outcomeOfRefresh(cell, auth, token.generation, result)
    }
    expect(cell.server.state.requests).toBe(requests + 1)
    const response = Either.getOrThrowWith(result, (error) => error)
    expect(response.status).toBe(cell.status)
    yield* noSecret(response)
    expect((yield* response.text) === textFor(cell.subject, [cell.status, cell.body])).toBe(true)
    return yield* survived(auth, token.generation)
  })
}

/** The body of a rejected answer is thrown away within a bounded time, so time has to pass. */
const called = <Credentials>(session: Session<Credentials>) =>
  Effect.gen(function*() {
    const calling = yield* Effect.fork(Effect.either(session.call))
    yield* TestClock.adjust("1 second")
    return yield* Fiber.join(calling)
  })

const outcomeOfRefresh = Effect.fnUntraced(function*<Credentials>(
  cell: Cell<Credentials>,
  auth: AuthService<Credentials>,
  generation: number,
  result: Either.Either<unknown, unknown>
) {
  const { body, status, subject, world } = cell
  const expected = subject.expected(subject.renews, status, body)
  if (expected === undefined) return void expect(result._tag).toBe("Right")
  expect(Either.isLeft(result) && plain(result.left)).toEqual(shown(expected, "refresh", subject.renews))
  const state = yield* auth.state
  // Where signing in is the only way to renew, an undocumented refusal is as good as a documented one.
  if (expected.kind === "terminal" || (expected.kind === "refused" && subject.renews === "signIn")) {
    expect(state._tag).toBe("Ended")
    // What still lives is served.
    if (status !== 460 && !subject.rejected.includes(status)) {
      expect((yield* auth.accessToken).generation).toBe(generation)
    }
    return
  }
  expect(state).toMatchObject({
    _tag: "Active",
    inDoubt: expected.sent === "unknown" && world.provider.rotation === "rotating"
  })
  return yield* survived(auth, generation)
})

/** Runs the cells of the table: for the provider's functions, and for each call of a session. */
export const run = <Credentials>(subject: Subject<Credentials>, cells: ReadonlyArray<readonly [Status, Body]>) =>
  describe(subject.name, () => {
    const server = makeServer(subject.issued, subject.error)
    const provided = Effect.provideService(HttpClient.HttpClient, server.httpClient)
    const each = (
      test: (cell: Cell<Credentials>, account: string) => Effect.Effect<Later | void, unknown, Services>
    ) => {
      for (const status of new Set(cells.map(([status]) => status))) {
        it.scoped(`${status}`, () =>
          Effect.gen(function*() {
            const world = yield* subject.make
            const faults: Array<string> = []
            const trying = <A>(body: Body, effect: Effect.Effect<A, unknown, Services>) =>
              Effect.map(Effect.exit(effect), (exit) => {
                if (Exit.isFailure(exit)) faults.push(`${body}: ${Cause.pretty(exit.cause)}`)
                return Exit.isSuccess(exit) ? exit.value : undefined
              })
            const laters: Array<readonly [Body, Later]> = []
            for (const [, body] of cells.filter(([one]) => one === status)) {
              const cell = { subject, world, server, status, body }
              const later = yield* trying(body, test(cell, `${status} ${body}`))
              if (later !== undefined) laters.push([body, later])
            }
            server.state.answer = undefined
            if (laters.length > 0) yield* TestClock.adjust("2 hours")
            for (const [body, later] of laters) yield* trying(body, later)
            if (faults.length > 0) throw new Error(faults.join("\n"))
          }).pipe(provided, Effect.provide(TokenStore.layerMemory)))
      }
    }
    describe("the provider", () =>
      each((cell) =>
        Effect.asVoid(
          Effect.forEach(["signIn", "refresh", "revoke"] as const, (operation) => toProvider(cell, operation))
        )
      ))
    for (const [name, test] of Object.entries(toSession)) describe(name, () => each(test))
  })
