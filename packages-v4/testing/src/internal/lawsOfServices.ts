/** The laws of a session: what every caller of an `AuthService` may rely on. */
import { type AccessToken, belongsTo, isSame } from "@effect-auth/core/AccessToken"
import { requiresSignIn } from "@effect-auth/core/AuthError"
import type * as AuthService from "@effect-auth/core/AuthService"
import { isLoopback } from "@effect-auth/core/BaseUrl"
import { isTokenText } from "@effect-auth/core/TokenSet"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { fails, holds, type LawBroken } from "./lawSupport.ts"

/** A session that is signed in, and what its world allows. */
export interface World {
  readonly auth: AuthService.Any
  /** The session of another account, which is signed in too. */
  readonly other?: AuthService.Any | undefined
  /** How many exchanges there were. Absent: the session makes none, and always has the same token. */
  readonly exchanges?: Effect.Effect<number> | undefined
  /** Signs in again, with right credentials. */
  readonly signIn?: Effect.Effect<AccessToken, unknown> | undefined
}

export interface Rule {
  readonly name: string
  /** `exchanges`: only for sessions that can be refreshed. */
  readonly needs?: keyof World
  readonly keeps: (world: World) => Effect.Effect<void, LawBroken>
}

const text = ({ value }: AccessToken): string => Redacted.value(value)

/** A call that has to succeed. */
const works = <A, E extends { readonly message: string }>(law: string, call: Effect.Effect<A, E>) =>
  Effect.mapError(call, (error) => fails(law, `it failed: ${error.message}`))

const makesOnly = <A, R>(
  law: string,
  most: number,
  { exchanges = Effect.succeed(0) }: World,
  work: Effect.Effect<A, LawBroken, R>
) =>
  Effect.gen(function*() {
    const before = yield* exchanges
    const made = yield* work
    const count = (yield* exchanges) - before
    yield* holds(law, count <= most, `${count} exchanges, where ${most} are enough`)
    return made
  })

const itself: Rule = {
  name: "it has a provider, a realm, an account, and origins that a token may be sent to",
  keeps: ({ auth }) => {
    const areOrigins = auth.origins.every((origin) =>
      URL.canParse(origin) && new URL(origin).origin === origin &&
      (origin.startsWith("https:") || isLoopback(new URL(origin)))
    )
    const isNamed = auth.provider !== "" && auth.realm !== "" && auth.account !== ""
    return Effect.andThen(
      holds("its names", isNamed, "provider, realm or account is empty"),
      holds("its origins", areOrigins, "an origin is not scheme, host and port, over https or to loopback")
    )
  }
}

const token: Rule = {
  name: "an access token can be sent, names its session, and does not show itself",
  keeps: Effect.fnUntraced(function*({ auth }) {
    const law = "an access token"
    const token = yield* works(law, auth.accessToken)
    yield* holds(law, isTokenText(text(token)), "its text can't be a header")
    yield* holds(law, token.session !== "" && Number.isInteger(token.generation), "it has no session or number")
    const shown = `${JSON.stringify(token)} ${String(token.value)} ${JSON.stringify(yield* works(law, auth.state))}`
    yield* holds(law, !shown.includes(text(token)), "the secret shows when it is printed")
  })
}

const atOnce: Rule = {
  name: "a token that is fresh is there at once, and is the same for all",
  keeps: (world) => {
    const law = "a fresh token"
    const { auth } = world
    return makesOnly(
      law,
      0,
      world,
      Effect.gen(function*() {
        const token = yield* works(law, auth.accessToken)
        const peeked = auth.unsafePeek(yield* Clock.Clock)
        yield* holds(law, peeked !== undefined && isSame(peeked, token), "peeking does not see it")
        const all = yield* works(
          law,
          Effect.all(Array.from({ length: 50 }, () => auth.accessToken), { concurrency: "unbounded" })
        )
        yield* holds(law, all.every((one) => isSame(one, token) && text(one) === text(token)), "callers got others")
      })
    )
  }
}

const state: Rule = {
  name: "its state is that of the token",
  keeps: Effect.fnUntraced(function*({ auth }) {
    const law = "the state"
    const token = yield* works(law, auth.accessToken)
    const state = yield* works(law, auth.state)
    const isItsOwn = state._tag === "Active" && isSame(state, token)
    yield* holds(law, isItsOwn, `it is ${JSON.stringify(state)}, and the token has number ${token.generation}`)
    const apart = state._tag === "Active" ? Math.abs(state.expiresAt - token.expiresAt) : 0
    yield* holds(law, Number.isNaN(apart) || apart < 1_000, "its expiry is not that of the token")
  })
}

const rejections: Rule = {
  name: "a hundred rejections of one token make one exchange, and all get the same other token",
  needs: "exchanges",
  keeps: (world) => {
    const law = "rejections"
    const { auth } = world
    return Effect.asVoid(makesOnly(
      law,
      1,
      world,
      Effect.gen(function*() {
        const rejected = yield* works(law, auth.accessToken)
        const all = yield* works(
          law,
          Effect.all(Array.from({ length: 100 }, () => auth.renew(rejected, { wasAccepted: true })), {
            concurrency: "unbounded"
          })
        )
        const [first] = all
        yield* holds(law, first !== undefined && text(first) !== text(rejected), "the rejected token came back")
        yield* holds(law, all.every((one) => first !== undefined && isSame(one, first)), "callers got several tokens")
        yield* holds(law, all.every((one) => belongsTo(rejected, one)), "another session's token came back")
        const late = yield* works(law, auth.renew(rejected, { wasAccepted: true }))
        yield* holds(law, first !== undefined && isSame(late, first), "a late rejection got another token")
      })
    ))
  }
}

const foreign: Rule = {
  name: "a token of another principal's session is not replaced by this one's",
  keeps: Effect.fnUntraced(function*({ auth }) {
    const law = "another principal's token"
    const token = yield* works(law, auth.accessToken)
    const foreign: AccessToken = {
      ...token,
      session: "another-session",
      subject: "another-subject",
      principal: "another-principal"
    }
    const renewed = yield* Effect.result(auth.renew(foreign, { wasAccepted: true }))
    yield* holds(
      law,
      Result.isFailure(renewed) && renewed.failure._tag === "AccessTokenRejected",
      "its caller got a token"
    )
  })
}

const refresh: Rule = {
  name: "a refresh brings the next token of the same session, for all who ask together",
  needs: "exchanges",
  keeps: (world) => {
    const law = "a refresh"
    const { auth } = world
    return Effect.asVoid(makesOnly(
      law,
      1,
      world,
      Effect.gen(function*() {
        const before = yield* works(law, auth.accessToken)
        const all = yield* works(
          law,
          Effect.all(Array.from({ length: 20 }, () => auth.refresh), {
            concurrency: "unbounded"
          })
        )
        yield* holds(law, all.every((one) => one.session === before.session), "the session changed")
        yield* holds(law, all.every((one) => one.generation > before.generation), "the number did not grow")
        const after = yield* works(law, auth.accessToken)
        yield* holds(law, all.every((one) => isSame(one, after)), "the next caller got another token")
      })
    ))
  }
}

const interruption: Rule = {
  name: "a caller that stops waiting harms no other",
  needs: "exchanges",
  keeps: (world) => {
    const law = "an interrupted caller"
    const { auth } = world
    return Effect.asVoid(makesOnly(
      law,
      1,
      world,
      Effect.gen(function*() {
        const rejected = yield* works(law, auth.accessToken)
        const first = yield* Effect.forkChild(auth.renew(rejected, { wasAccepted: true }))
        const second = yield* Effect.forkChild(auth.renew(rejected, { wasAccepted: true }))
        yield* Effect.yieldNow
        yield* Fiber.interrupt(first)
        const token = yield* works(law, Fiber.join(second))
        yield* holds(law, text(token) !== text(rejected), "the rejected token came back")
      })
    ))
  }
}

const accounts: Rule = {
  name: "accounts are strangers: a rejection at one changes nothing at the other",
  needs: "other",
  keeps: Effect.fnUntraced(function*({ auth, other }) {
    const law = "two accounts"
    if (other === undefined) return
    const mine = yield* works(law, auth.accessToken)
    const theirs = yield* works(law, other.accessToken)
    yield* holds(law, text(mine) !== text(theirs) && mine.session !== theirs.session, "they have one token")
    yield* works(law, auth.renew(mine, { wasAccepted: true }))
    const after = yield* works(law, other.accessToken)
    yield* holds(law, isSame(after, theirs), "the other's token changed")
  })
}

const signIn: Rule = {
  name: "a sign-in begins another session, and callers have its token at once",
  needs: "signIn",
  keeps: Effect.fnUntraced(function*({ auth, signIn }) {
    const law = "a sign-in"
    if (signIn === undefined) return
    const before = yield* works(law, auth.accessToken)
    const token = yield* Effect.mapError(signIn, () => fails(law, "right credentials were refused"))
    yield* holds(law, token.session !== before.session, "the session is the one from before")
    const after = yield* works(law, auth.accessToken)
    yield* holds(law, isSame(after, token), "the next caller got another token")
  })
}

const signOut: Rule = {
  name: "after a sign-out nobody has the token, and only a sign-in helps",
  needs: "exchanges",
  keeps: Effect.fnUntraced(function*({ auth }) {
    const law = "a sign-out"
    yield* works(law, auth.accessToken)
    yield* works(law, auth.signOut)
    yield* holds(law, auth.unsafePeek(yield* Clock.Clock) === undefined, "the token is still there")
    const next = yield* Effect.result(auth.accessToken)
    yield* holds(law, Result.isFailure(next) && requiresSignIn(next.failure), "a caller got a token")
    const state = yield* works(law, auth.state)
    yield* holds(law, state._tag === "SignedOut", `the state is ${state._tag}`)
  })
}

export const rules: ReadonlyArray<Rule> = [
  itself,
  token,
  atOnce,
  state,
  rejections,
  foreign,
  refresh,
  interruption,
  accounts,
  signIn,
  signOut
]
