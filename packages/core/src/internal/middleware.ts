/** One request through the middleware: where it goes, which token it gets, and what a refusal leads to. */
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as UrlParams from "@effect/platform/UrlParams"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import { type AccessToken, isSame } from "../AccessToken.ts"
import { AccessTokenRejected, AuthMisconfigured } from "../AuthError.ts"
import type { AccessTokenError, AuthService } from "../AuthService.ts"
import * as Telemetry from "../Telemetry.ts"
import { cleaned, HandedResponse } from "./handedResponse.ts"
import * as httpErrors from "./httpErrors.ts"
import type { Origins } from "./origins.ts"
import { secretsOf } from "./redaction.ts"
import { Drain, keep } from "./rejectedBody.ts"
import * as replay from "./replay.ts"

type Request = HttpClientRequest.HttpClientRequest
type Response = HttpClientResponse.HttpClientResponse

export type MiddlewareError = AccessTokenError | AccessTokenRejected

/** The options with every default filled in. */
export interface Settings {
  readonly origins: Origins
  readonly replay: Effect.Effect<replay.ReplayPolicy | undefined>
  readonly isRead: ((request: Request) => boolean) | undefined
  readonly handsOver: boolean
  readonly authorization: "error" | "keep" | "replace"
  readonly redirects: number
  /** Milliseconds. */
  readonly refreshFirst: number
}

/** One send of a request. */
interface Attempt {
  readonly request: Request
  readonly token: AccessToken
  readonly isReplay: boolean
  readonly redirects: number
}

/** An answer that refuses the token, and the error that it already was below, if it was one. */
interface Refused<E> {
  readonly by: replay.RejectedBy
  readonly response: Response
  readonly error: E | undefined
}

export const make = <E, R>(
  self: HttpClient.HttpClient.With<E, R>,
  auth: AuthService<never>,
  settings: Settings
): HttpClient.HttpClient.With<E | MiddlewareError, R> => {
  const middleware = new Middleware(self, auth, settings)
  const start = (request: Request) =>
    Effect.withFiberRuntime<Response, E | MiddlewareError, R>((fiber) => middleware.start(request, fiber))
  return HttpClient.makeWith<never, never, E | MiddlewareError, R>(
    // With nothing put in front of the middleware the request is there already, and one operation does.
    (request) => isThere(request) ? start(request.value) : Effect.flatMap(request, start),
    Effect.succeed
  )
}

const isThere = (request: Effect.Effect<Request>): request is Exit.Success<Request, never> =>
  Exit.isExit(request) && Exit.isSuccess(request)

class Middleware<E, R> {
  private readonly self: HttpClient.HttpClient.With<E, R>
  private readonly auth: AuthService<never>
  private readonly settings: Settings
  private readonly statuses: ReadonlyArray<number>
  private readonly drain = new Drain()
  /** What was sent last, since the next request most likely sends it again. Private in the strict sense: nothing prints it. */
  #value: Redacted.Redacted<string> | undefined
  #header = ""
  /** What `refreshFirst` brought last: a token that is born too short is not refreshed for each request. */
  private brought: AccessToken | undefined

  constructor(self: HttpClient.HttpClient.With<E, R>, auth: AuthService<never>, settings: Settings) {
    this.self = self
    this.auth = auth
    this.settings = settings
    this.statuses = auth.rejection.statuses
  }

  /** The fast path allocates and looks up as little as it can; whatever is out of the ordinary goes the careful way. */
  start(
    request: Request,
    fiber: Fiber.RuntimeFiber<Response, E | MiddlewareError>
  ): Effect.Effect<Response, E | MiddlewareError, R> {
    const token = this.auth.unsafePeek(clockOf(fiber.currentDefaultServices))
    const { settings } = this
    return token !== undefined && settings.origins.isPlain(request.url) && !hasAuthorization(request) &&
        (settings.refreshFirst === 0 || replay.isRepeatable(request.body))
      ? this.send({ request, token, isReplay: false, redirects: settings.redirects })
      : this.carefully(request)
  }

  private carefully(request: Request): Effect.Effect<Response, E | MiddlewareError, R> {
    const { authorization, origins, redirects } = this.settings
    const own = hasAuthorization(request)
    if (own && authorization === "keep") return this.asItIs(request)
    const refusal = own && authorization === "error" ? "authorization-header" : origins.refusal(request.url)
    if (refusal !== undefined) return Effect.fail(new AuthMisconfigured({ ...this.subject, reason: refusal }))
    const cleaned = own ? withoutHeaders(request, ["authorization"]) : request
    return Effect.flatMap(
      this.tokenFor(cleaned),
      (token) => this.send({ request: cleaned, token, isReplay: false, redirects })
    )
  }

  /** With the caller's own header and nothing of ours; what comes back is as silent as every other answer. */
  private asItIs(request: Request): Effect.Effect<Response, E, R> {
    return Effect.map(
      Effect.mapErrorCause(this.self.execute(request), (cause) => silenced(cause, request, [])),
      (response) => new HandedResponse(response, request)
    )
  }

  /** A body that can be sent only once deserves a token that will not die on the way. */
  private tokenFor(request: Request): Effect.Effect<AccessToken, AccessTokenError> {
    const { refreshFirst } = this.settings
    if (refreshFirst === 0 || replay.isRepeatable(request.body)) return this.auth.accessToken
    return Effect.gen(this, function*() {
      const token = yield* this.auth.accessToken
      const now = yield* Clock.currentTimeMillis
      const isBrought = this.brought !== undefined && isSame(this.brought, token)
      if (isBrought || token.expiresAt - now >= refreshFirst) return token
      return yield* Effect.match(this.auth.refresh, {
        onSuccess: (brought) => this.brought = brought,
        onFailure: () => token
      })
    })
  }

  private send(attempt: Attempt): Effect.Effect<Response, E | MiddlewareError, R> {
    const { value } = attempt.token
    if (value !== this.#value) {
      this.#value = value
      this.#header = `Bearer ${Redacted.value(value)}`
    }
    return Effect.matchCauseEffect(
      this.self.execute(HttpClientRequest.setHeader(attempt.request, "authorization", this.#header)),
      {
        onFailure: (cause) => this.failed(attempt, cause),
        onSuccess: (response) => this.answered(attempt, response)
      }
    )
  }

  private failed(attempt: Attempt, cause: Cause.Cause<E>): Effect.Effect<Response, E | MiddlewareError, R> {
    const failure = Cause.failureOrCause(cause)
    if (Either.isLeft(failure)) {
      const error = failure.left
      const response = httpErrors.filteredResponse(error)
      if (response !== undefined && this.statuses.includes(response.status)) {
        return this.refused(attempt, { by: "status", response, error })
      }
    }
    return Effect.failCause(silenced(cause, attempt.request, [Redacted.value(attempt.token.value)]))
  }

  private answered(attempt: Attempt, response: Response): Effect.Effect<Response, E | MiddlewareError, R> {
    const { status } = response
    if (this.statuses.includes(status)) return this.refused(attempt, { by: "status", response, error: undefined })
    if (attempt.redirects > 0 && redirecting.includes(status)) return this.redirect(attempt, response)
    const handed = new HandedResponse(response, attempt.request)
    const { body } = this.auth.rejection
    if (body === undefined) return Effect.succeed(handed)
    return Effect.flatMap(
      body(handed),
      (isDead) => isDead ? this.refused(attempt, { by: "body", response, error: undefined }) : Effect.succeed(handed)
    )
  }

  /**
   * The connection is freed while the session is renewed: the renewal may need one of the same pool. Whether or not the
   * request can be sent again, the session is renewed. What comes then is no part of the generator, which would hold the
   * refused response until the next one is there.
   */
  private refused(attempt: Attempt, refused: Refused<E>): Effect.Effect<Response, E | MiddlewareError, R> {
    return Effect.flatten(this.afterRefusal(attempt, refused))
  }

  private afterRefusal(
    attempt: Attempt,
    refused: Refused<E>
  ): Effect.Effect<Effect.Effect<Response, E | MiddlewareError, R>> {
    return Effect.gen(this, function*() {
      const { handsOver, isRead } = this.settings
      if (!handsOver) yield* this.drain.release(refused.response)
      if (attempt.isReplay) return this.giveUp(attempt, refused, "rejected-again")
      const obstacle = replay.obstacle(attempt.request, yield* this.settings.replay, refused.by, isRead)
      // Who found the rejection in the body has read it: it can be read once more, but not streamed.
      const kept = handsOver && refused.by === "status"
        ? { ...refused, response: yield* keep(refused.response, attempt.request) }
        : refused
      // Or has looked at its headers only: then it is freed once it is clear that nobody gets it.
      const unread = kept === refused && handsOver ? this.drain.release(refused.response) : Effect.void
      const renewed = yield* Effect.either(this.auth.renew(attempt.token))
      if (Either.isLeft(renewed)) {
        const error = renewed.left
        if (error._tag === "AccessTokenRejected") return this.giveUp(attempt, kept, error.reason)
        yield* Telemetry.rejected(this.auth.provider, "not-renewed")
        yield* unread
        return Effect.fail(error)
      }
      if (obstacle !== undefined) return this.giveUp(attempt, kept, obstacle)
      yield* Telemetry.rejected(this.auth.provider, "replayed")
      yield* unread
      return this.send({ ...attempt, token: renewed.right, isReplay: true })
    })
  }

  private giveUp(
    attempt: Attempt,
    refused: Refused<E>,
    reason: AccessTokenRejected["reason"]
  ): Effect.Effect<Response, E | AccessTokenRejected> {
    return Effect.gen(this, function*() {
      const { error, response } = refused
      yield* Telemetry.rejected(this.auth.provider, reason)
      if (!this.settings.handsOver) {
        return yield* new AccessTokenRejected({ ...this.subject, status: response.status, reason })
      }
      const handed = response instanceof HandedResponse ? response : new HandedResponse(response, attempt.request)
      if (error === undefined) return handed
      return yield* Effect.fail(cleaned(error, attempt.request, [Redacted.value(attempt.token.value)], handed))
    })
  }

  /** Hop by hop: the token goes on only where it may go; any other redirect is the caller's to judge. */
  private redirect(attempt: Attempt, response: Response): Effect.Effect<Response, E | MiddlewareError, R> {
    const next = redirected(attempt.request, response)
    if (next === undefined || this.settings.origins.refusal(next.url) !== undefined) {
      return Effect.succeed(new HandedResponse(response, attempt.request))
    }
    return Effect.zipRight(
      this.drain.release(response),
      this.send({ ...attempt, request: next, redirects: attempt.redirects - 1 })
    )
  }

  private get subject() {
    return { provider: this.auth.provider, account: this.auth.account, operation: "call" }
  }
}

let lastServices: unknown
let lastClock: Clock.Clock | undefined

/** Most requests run under the same services as the one before. */
const clockOf = (services: Context.Context<DefaultServices.DefaultServices>): Clock.Clock => {
  if (lastClock === undefined || services !== lastServices) {
    lastServices = services
    lastClock = Context.get(services, Clock.Clock)
  }
  return lastClock
}

/** What a client below failed with or threw, without what was sent. */
const silenced = <E>(cause: Cause.Cause<E>, asked: Request, secrets: ReadonlyArray<string>): Cause.Cause<E> =>
  Cause.match(cause, {
    onEmpty: Cause.empty as Cause.Cause<E>,
    onFail: (error) => Cause.fail(cleaned(error, asked, secrets)),
    onDie: (defect) => {
      const clean = cleaned(defect, asked, secrets)
      return Cause.die(clean === defect ? httpErrors.silentDefect(defect, [...secretsOf(asked), ...secrets]) : clean)
    },
    onInterrupt: (id) => Cause.interrupt(id),
    onSequential: Cause.sequential,
    onParallel: Cause.parallel
  })

/** Also under the name that headers made by `unsafeFromRecord` may have. */
const hasAuthorization = ({ headers }: Request): boolean =>
  headers["authorization"] !== undefined || headers["Authorization"] !== undefined

const withoutHeaders = (request: Request, names: ReadonlyArray<string>): Request =>
  withHeaders(
    request,
    Object.fromEntries(Object.entries(request.headers).filter(([name]) => !names.includes(name.toLowerCase())))
  )

/** The platform can add headers to a request, but not take any away. */
const withHeaders = (request: Request, headers: Headers.Input): Request =>
  HttpClientRequest.setBody(
    HttpClientRequest.setUrlParams(
      HttpClientRequest.make(request.method)(request.url, {
        headers,
        hash: request.hash._tag === "Some" ? request.hash.value : undefined
      }),
      request.urlParams
    ),
    request.body
  )

const redirecting: ReadonlyArray<number> = [301, 302, 303, 307, 308]

/** RFC 9110 section 15.4: which request a redirect asks for; `undefined` when there is none that can be sent. */
const redirected = (request: Request, response: Response): Request | undefined => {
  const from = UrlParams.makeUrl(request.url, request.urlParams, request.hash)
  const location = response.headers["location"]
  if (location === undefined || Either.isLeft(from) || !URL.canParse(location, from.right)) return undefined
  const to = new URL(location, from.right)
  const asGet = response.status === 303
    ? request.method !== "GET" && request.method !== "HEAD"
    : response.status < 303 && request.method === "POST"
  if (asGet) {
    return HttpClientRequest.get(to, {
      headers: Headers.remove(Headers.remove(request.headers, "content-type"), "content-length")
    })
  }
  return replay.isRepeatable(request.body) ? HttpClientRequest.setUrl(request, to) : undefined
}
