/** The laws about a server that behaves as documented: the provider's properties, its requests, and its results. */
import { isLoopback } from "@effect-auth/core/BaseUrl"
import type { TokenSet } from "@effect-auth/core/TokenSet"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Url from "effect/http/Url"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Redaction from "../Redaction.ts"
import { fails, holds } from "./lawSupport.ts"
import { each, operations, type Rule, type World } from "./lawWorld.ts"

const isOrigin = (text: string): boolean =>
  URL.canParse(text) && new URL(text).origin === text &&
  (text.startsWith("https:") || isLoopback(new URL(text)))

const itself: Rule = {
  name: "it has a name, realm and origins, the same each time, and no secret in them",
  needsHttp: false,
  keeps: Effect.fnUntraced(function*({ makeTwin, provider, signIn }) {
    const law = "what it says of itself"
    const { name, origins, realm } = provider
    yield* holds(law, name !== "" && realm !== "" && origins.length > 0, "name, realm or origins are empty")
    for (const origin of origins) {
      yield* holds(law, isOrigin(origin), `${origin} is not scheme, host and port, over https or to loopback`)
    }
    const twin = yield* makeTwin
    const same = name === twin.name && realm === twin.realm && origins.join() === twin.origins.join()
    yield* holds(law, same, "made a second time it says something else, so its sessions are not found again")
    const { secrets } = yield* signIn(law)
    const told = [name, realm, ...origins].join("\n")
    yield* holds(law, !secrets.some((secret) => told.includes(secret)), "its name, realm or origins hold a secret")
  })
}

const rotation: Rule = {
  name: "it can refresh exactly where there are refresh tokens",
  needsHttp: false,
  keeps: Effect.fnUntraced(function*({ provider, signIn }) {
    const law = "rotation"
    const canRefresh = provider.refresh !== undefined
    yield* holds(law, canRefresh === (provider.rotation !== "none"), "`rotation` and `refresh` disagree")
    const { tokens } = yield* signIn(law)
    yield* holds(law, !canRefresh || tokens.refreshToken !== undefined, "a sign-in answered no refresh token")
  })
}

/** Statuses that say nothing about the token: all except client errors, and of those also 408 and 429. */
const neverRejected = (status: number): boolean => status < 400 || status >= 500 || status === 408 || status === 429

const rejection: Rule = {
  name: "a success, a limit and a failure of the server are no rejection, and a success stays readable",
  needsHttp: false,
  keeps: Effect.fnUntraced(function*({ provider }) {
    const law = "rejection"
    const { body, statuses } = provider.rejection
    const wrong = statuses.filter(neverRejected)
    yield* holds(law, wrong.length === 0, `status ${wrong.join()} can't mean a dead access token`)
    if (body === undefined) return
    const text = `{"result":[]}`
    const request = HttpClientRequest.get(`${provider.origins[0]}/`)
    const success = HttpClientResponse.fromWeb(
      request,
      new Response(text, { headers: { "content-type": "application/json" } })
    )
    yield* holds(law, !(yield* body(success)), "an ordinary success is a rejection")
    const read = yield* Effect.orElseSucceed(success.text, () => "")
    yield* holds(law, read === text, "a success that was looked at can't be read any more")
  })
}

const fingerprint: Rule = {
  name: "fingerprints distinguish credentials; what works only once has one",
  needsHttp: false,
  keeps: Effect.fnUntraced(function*({ fingerprints, provider }) {
    const law = "fingerprint"
    const [right, again, wrong] = yield* fingerprints
    yield* holds(law, right === again, "the same credentials have two fingerprints")
    yield* holds(
      law,
      provider.singleUse !== true || right !== undefined,
      "without a fingerprint nobody knows that the credentials were used"
    )
    yield* holds(law, right === undefined || right !== wrong, "right and wrong credentials have one fingerprint")
  })
}

const oneRequest: Rule = {
  name: "each call is carried out with one request; a revocation with one for each token",
  needsHttp: true,
  keeps: (world) =>
    each(
      world,
      operations,
      Effect.fnUntraced(function*(ready) {
        const { requests, result } = yield* world.outcome(ready.operation, ready.call)
        if (Result.isFailure(result)) {
          return yield* fails(ready.operation, `a right server refused it: ${result.failure.message}`)
        }
        const sent = requests.length
        yield* holds(ready.operation, sent >= 1 && sent <= ready.requests, `it sent ${sent} requests`)
      })
    )
}

/** Refreshes with a valid refresh token, and returns the new token set. */
const refreshed = Effect.fnUntraced(function*(world: World, law: string, tokens: TokenSet) {
  const { refreshToken } = tokens
  const { refresh } = world.provider
  if (refresh === undefined || refreshToken === undefined) return yield* fails(law, "there is nothing to refresh with")
  const { result } = yield* world.outcome(law, refresh(refreshToken, tokens))
  if (Result.isFailure(result)) {
    return yield* fails(law, `a living refresh token was refused: ${result.failure.message}`)
  }
  const { accessToken, subject } = result.success
  const isSame = subject === undefined || tokens.subject === undefined || subject === tokens.subject
  yield* holds(law, isSame, "a refresh answered another subject than the sign-in")
  return { ...tokens, accessToken, refreshToken: result.success.refreshToken ?? refreshToken }
})

const chain: Rule = {
  name: "what a refresh answers refreshes again",
  needsHttp: false,
  keeps: Effect.fnUntraced(function*(world) {
    const law = "refresh"
    const { provider } = world
    if (provider.refresh === undefined) return
    const first = yield* world.signIn(law)
    const second = yield* refreshed(world, law, first.tokens)
    const third = yield* refreshed(world, law, second)
    const access = [first.tokens, second, third].map((tokens) => Redacted.value(tokens.accessToken))
    yield* holds(law, new Set(access).size === 3, "a refresh answered the access token that was there before")
    if (provider.rotation !== "static") return
    const stays = Redacted.value(third.refreshToken) === Redacted.value(second.refreshToken)
    yield* holds(law, stays, "`static` says that the refresh token stays, and it was replaced")
    yield* refreshed(world, law, first.tokens)
  })
}

const repeatable: Rule = {
  name: "a spent refresh token refreshes once more at once, where `rotation` says so",
  needsHttp: false,
  keeps: Effect.fnUntraced(function*(world) {
    const law = "repeatable"
    const { refresh, rotation } = world.provider
    if (refresh === undefined || typeof rotation === "string") return
    const { tokens } = yield* world.signIn(law)
    // The first answer counts as lost, so its tokens are not used.
    yield* refreshed(world, law, tokens)
    const again = yield* world.outcome(law, refresh(tokens.refreshToken!, tokens))
    if (Result.isFailure(again.result)) {
      return yield* fails(law, `the spent one was refused at once: ${again.result.failure.message}`)
    }
    const { accessToken, refreshToken } = again.result.success
    yield* refreshed(world, law, { ...tokens, accessToken, refreshToken: refreshToken ?? tokens.refreshToken })
  })
}

const revocation: Rule = {
  name: "tokens that are gone already are revoked without a complaint",
  needsHttp: false,
  keeps: Effect.fnUntraced(function*(world) {
    const law = "revoke"
    const ready = yield* world.ready(law, "revoke")
    if (ready === undefined) return
    for (const time of ["the first time", "the second time"]) {
      const { result } = yield* world.outcome(law, ready.call)
      if (Result.isFailure(result)) return yield* fails(law, `it failed ${time}: ${result.failure.message}`)
    }
  })
}

const wrongCredentials: Rule = {
  name: "wrong credentials are refused for good, and surely nothing was issued",
  needsHttp: false,
  keeps: Effect.fnUntraced(function*(world) {
    const law = "wrong credentials"
    if (world.signInWrongly === undefined) return
    const { requests, result } = yield* world.outcome(law, world.signInWrongly)
    if (Result.isSuccess(result)) return yield* fails(law, "they were taken")
    const { kind, sent } = result.failure
    yield* holds(law, kind === "terminal" && sent === "answered", `they are ${kind}, sent: ${sent}`)
    yield* holds(law, !world.usesHttp || requests.length === 1, `they were sent ${requests.length} times`)
  })
}

const unknownToken: Rule = {
  name: "a refresh token that nobody issued is refused",
  needsHttp: true,
  keeps: Effect.fnUntraced(function*(world) {
    const law = "unknown refresh token"
    const { refresh } = world.provider
    if (refresh === undefined) return
    const { tokens } = yield* world.signIn(law)
    const { requests, result } = yield* world.outcome(law, refresh(Redacted.make("never-issued-0123456789"), tokens))
    if (Result.isSuccess(result)) return yield* fails(law, "it was taken")
    const { kind, sent } = result.failure
    const isRefusal = kind === "terminal" || kind === "refused"
    yield* holds(law, isRefusal && sent === "answered", `it is ${kind}, sent: ${sent}`)
    yield* holds(law, requests.length === 1, `it was sent ${requests.length} times`)
  })
}

const places: Rule = {
  name: "no secret is in a URL, and no request goes over plain http",
  needsHttp: true,
  keeps: (world) =>
    each(
      world,
      operations,
      Effect.fnUntraced(function*({ call, operation, secrets }) {
        const { requests } = yield* world.outcome(operation, call)
        for (const { url, urlParams } of requests) {
          const at = Result.getOrElse(
            Url.make(url, urlParams, Option.getOrUndefined(Option.none())),
            () => new URL("x:")
          )
          yield* holds(operation, isOrigin(at.origin), `a request went to ${at.origin}`)
          yield* holds(operation, Redaction.findSecret(at.href, secrets) === undefined, "a secret is in the URL")
        }
      })
    )
}

export const laws: ReadonlyArray<Rule> = [
  itself,
  rotation,
  rejection,
  fingerprint,
  oneRequest,
  chain,
  repeatable,
  revocation,
  wrongCredentials,
  unknownToken,
  places
]
