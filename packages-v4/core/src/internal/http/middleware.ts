/** One request through the middleware: its destination, its token, and the handling of a rejection. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { type AccessToken, belongsTo, isSame } from "../../AccessToken.ts"
import { type AccessTokenError, AccessTokenRejected, AuthMisconfigured } from "../../AuthError.ts"
import type { AuthService } from "../../AuthService.ts"
import * as counts from "../counts.ts"
import * as causes from "../seams/causes.ts"
import { clockOf } from "../seams/fiberClock.ts"
import { sameMethod, urlOf } from "../seams/requests.ts"
import { isAboutScope } from "./challenge.ts"
import { cleaned, HandedResponse } from "./handedResponse.ts"
import * as httpErrors from "./httpErrors.ts"
import type { Origins } from "./origins.ts"
import { Drain, keep } from "./rejectedBody.ts"
import * as replay from "./replay.ts"
import { secretsOf } from "./secretTexts.ts"

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
  /** Whether the request was sent before, with this token or another one. */
  readonly isSecond?: boolean
  readonly redirects: number
}

/** An answer that rejects the token, and the error of the inner client if it had already failed. */
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
    Effect.withFiber<Response, E | MiddlewareError, R>((fiber) => middleware.start(request, fiber))
  return HttpClient.makeWith<never, never, E | MiddlewareError, R>(
    // If no step is outside the middleware, the request is already available, and one operation is enough.
    (request) => isThere(request) ? start(request.value) : Effect.flatMap(request, start),
    Effect.succeed
  )
}

const isThere = (request: Effect.Effect<Request>): request is Exit.Success<Request, never> =>
  Exit.isExit(request) && Exit.isSuccess(request)

/** The origins that have accepted a token. All clients share it, because some programs make a client for each request. */
const accepted = new WeakMap<Redacted.Redacted<string>, Set<string>>()

const originOf = (request: Request): string => urlOf(request)?.origin ?? ""

class Middleware<E, R> {
  private readonly self: HttpClient.HttpClient.With<E, R>
  private readonly auth: AuthService<never>
  private readonly settings: Settings
  private readonly statuses: ReadonlyArray<number>
  private readonly drain = new Drain()
  /**
   * The last header value, because the next request probably sends the same. A private field, so that it is never
   * printed.
   */
  #value: Redacted.Redacted<string> | undefined
  #header = ""
  /** The token that the API accepted last through this client. */
  #accepted: Redacted.Redacted<string> | undefined
  /** The last token from `refreshFirst`. If a new token is already too short, it is not refreshed for each request. */
  private brought: AccessToken | undefined

  constructor(self: HttpClient.HttpClient.With<E, R>, auth: AuthService<never>, settings: Settings) {
    this.self = self
    this.auth = auth
    this.settings = settings
    this.statuses = auth.rejection.statuses
  }

  /** The fast path, with few allocations and look-ups. Unusual requests take the slow path. */
  start(
    request: Request,
    fiber: Fiber.Fiber<unknown, unknown>
  ): Effect.Effect<Response, E | MiddlewareError, R> {
    const token = this.auth.unsafePeek(clockOf(fiber))
    const { settings } = this
    return token !== undefined && settings.origins.isPlain(request.url) && !hasAuthorization(request) &&
        hostOf(request) === undefined &&
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
    // A server uses the Host header, and not the address of the connection.
    const host = hostOf(request)
    if (host !== undefined && !isHostOf(request.url, host)) {
      return Effect.fail(new AuthMisconfigured({ ...this.subject, reason: "origin" }))
    }
    const bearerless = own || host !== undefined ? withoutHeaders(request, ["authorization", "host"]) : request
    return Effect.flatMap(
      this.tokenFor(bearerless),
      (token) => this.send({ request: bearerless, token, isReplay: false, redirects })
    )
  }

  /** Sends the request with the caller's own header. The response hides secrets like every other response. */
  private asItIs(request: Request): Effect.Effect<Response, E, R> {
    return Effect.map(
      causes.mapCause(this.self.execute(request), (cause) => silenced(cause, request, [])),
      (response) => new HandedResponse(response, request)
    )
  }

  /** For a body that can be sent only once, the token must not expire during the send. */
  private tokenFor(request: Request): Effect.Effect<AccessToken, AccessTokenError> {
    const { refreshFirst } = this.settings
    if (refreshFirst === 0 || replay.isRepeatable(request.body)) return this.auth.accessToken
    return Effect.gen({ self: this }, function*() {
      const token = yield* this.auth.accessToken
      const now = yield* Clock.currentTimeMillis
      const isBrought = this.brought !== undefined && isSame(this.brought, token)
      if (isBrought || token.expiresAt - now >= refreshFirst) return token
      const brought = yield* Effect.orElseSucceed(this.auth.refresh, () => token)
      if (!belongsTo(token, brought)) {
        return yield* new AccessTokenRejected({ ...this.subject, reason: "session-changed" })
      }
      return this.brought = brought
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
    const failure = Cause.findErrorOption(cause)
    if (failure._tag === "Some") {
      const error = failure.value
      const response = httpErrors.filteredResponse(error)
      if (response !== undefined && this.isRejection(response)) {
        return this.refused(attempt, { by: "status", response, error })
      }
    }
    return Effect.failCause(silenced(cause, attempt.request, [Redacted.value(attempt.token.value)]))
  }

  private isRejection(response: Response): boolean {
    if (!this.statuses.includes(response.status)) return false
    const isSomethingElse = this.auth.rejection.challenge ?? isAboutScope
    return !isSomethingElse(response.headers["www-authenticate"])
  }

  private answered(attempt: Attempt, response: Response): Effect.Effect<Response, E | MiddlewareError, R> {
    const { status } = response
    if (this.isRejection(response)) return this.refused(attempt, { by: "status", response, error: undefined })
    if (attempt.redirects > 0 && redirecting.includes(status)) return this.redirect(attempt, response)
    const { value } = attempt.token
    if (value !== this.#accepted && status < 300 && this.auth.rejection.body === undefined) {
      this.#accepted = value
      accepted.set(value, (accepted.get(value) ?? new Set()).add(originOf(attempt.request)))
    }
    const handed = new HandedResponse(response, attempt.request)
    const { body } = this.auth.rejection
    if (body === undefined) return Effect.succeed(handed)
    return Effect.flatMap(
      body(handed),
      (isDead) => isDead ? this.refused(attempt, { by: "body", response, error: undefined }) : Effect.succeed(handed)
    )
  }

  /**
   * Frees the connection during the renewal, because the renewal may need a connection of the same pool. The session is
   * renewed even if the request can't be sent again. The second send is outside of the generator, because the generator
   * would keep the refused response in memory until the next response comes.
   */
  private refused(attempt: Attempt, refused: Refused<E>): Effect.Effect<Response, E | MiddlewareError, R> {
    return Effect.flatten(this.afterRefusal(attempt, refused))
  }

  private afterRefusal(
    attempt: Attempt,
    refused: Refused<E>
  ): Effect.Effect<Effect.Effect<Response, E | MiddlewareError, R>> {
    return Effect.gen({ self: this }, function*() {
      const { handsOver, isRead } = this.settings
      if (!handsOver) yield* this.drain.release(refused.response)
      if (attempt.isReplay) return this.giveUp(attempt, refused, "rejected-again")
      const obstacle = replay.obstacle(attempt.request, yield* this.settings.replay, refused.by, isRead)
      // A rejection in the body means that the body was read. It can be read again, but not streamed.
      const kept = handsOver && refused.by === "status"
        ? { ...refused, response: yield* keep(refused.response, attempt.request) }
        : refused
      // If only the headers were read, the body is freed when the caller surely does not get the response.
      const unread = kept === refused && handsOver ? this.drain.release(refused.response) : Effect.void
      const wasAccepted = accepted.get(attempt.token.value)?.has(originOf(attempt.request)) === true
      const renewed = yield* Effect.result(this.auth.renew(attempt.token, { wasAccepted }))
      if (Result.isFailure(renewed)) {
        const error = renewed.failure
        const isOthers = error._tag === "AccessTokenRejected" && error.reason === "session-changed"
        if (error._tag === "AccessTokenRejected" && !isOthers) return this.giveUp(attempt, kept, error.reason)
        yield* counts.rejected(this.auth.provider, isOthers ? "session-changed" : "not-renewed")
        yield* unread
        return Effect.fail(error)
      }
      if (obstacle !== undefined) return this.giveUp(attempt, kept, obstacle)
      yield* counts.rejected(this.auth.provider, "replayed")
      yield* unread
      // If it is the same token, perhaps the API did not know it yet. Only its next rejection counts.
      const isReplay = attempt.isSecond || !isSame(renewed.success, attempt.token)
      return this.send({ ...attempt, token: renewed.success, isReplay, isSecond: true })
    })
  }

  private giveUp(
    attempt: Attempt,
    refused: Refused<E>,
    reason: AccessTokenRejected["reason"]
  ): Effect.Effect<Response, E | AccessTokenRejected> {
    return Effect.gen({ self: this }, function*() {
      const { error, response } = refused
      yield* counts.rejected(this.auth.provider, reason)
      if (!this.settings.handsOver) {
        return yield* new AccessTokenRejected({ ...this.subject, status: response.status, reason })
      }
      const handed = response instanceof HandedResponse ? response : new HandedResponse(response, attempt.request)
      if (error === undefined) return handed
      return yield* Effect.fail(cleaned(error, attempt.request, [Redacted.value(attempt.token.value)], handed))
    })
  }

  /** Follows one hop to an allowed origin, with the token. Any other redirect is returned to the caller. */
  private redirect(attempt: Attempt, response: Response): Effect.Effect<Response, E | MiddlewareError, R> {
    const next = redirected(attempt.request, response)
    if (next === undefined || this.settings.origins.refusal(next.url) !== undefined) {
      return Effect.succeed(new HandedResponse(response, attempt.request))
    }
    return Effect.andThen(
      this.drain.release(response),
      this.send({ ...attempt, request: next, redirects: attempt.redirects - 1 })
    )
  }

  private get subject() {
    return { provider: this.auth.provider, account: this.auth.account, operation: "call" }
  }
}

/** The failure or defect of an inner client, without the headers and the body that were sent. */
const silenced = <E>(cause: Cause.Cause<E>, asked: Request, secrets: ReadonlyArray<string>): Cause.Cause<E> =>
  causes.changed(cause, {
    onFail: (error) => cleaned(error, asked, secrets),
    onDie: (defect) => {
      const clean = cleaned(defect, asked, secrets)
      return clean === defect ? httpErrors.silentDefect(defect, secretsOf(asked).addAll(secrets)) : clean
    }
  })

/** Headers made by `unsafeFromRecord` may have names in upper case, so both spellings are checked. */
const hasAuthorization = ({ headers }: Request): boolean =>
  headers["authorization"] !== undefined || headers["Authorization"] !== undefined

/** Headers made by `unsafeFromRecord` may have names in upper case. */
const hostOf = ({ headers }: Request): string | undefined => headers["host"] ?? headers["Host"]

const isHostOf = (url: string, host: string): boolean =>
  URL.canParse(url) && new URL(url).host === host.trim().toLowerCase()

const withoutHeaders = (request: Request, names: ReadonlyArray<string>): Request =>
  withHeaders(
    request,
    Object.fromEntries(Object.entries(request.headers).filter(([name]) => !names.includes(name.toLowerCase())))
  )

/** The platform can add headers to a request, but not remove any. */
const withHeaders = (request: Request, headers: Headers.Input): Request =>
  HttpClientRequest.setBody(
    HttpClientRequest.setUrlParams(
      sameMethod(request, request.url, {
        headers,
        hash: request.hash._tag === "Some" ? request.hash.value : undefined
      }),
      request.urlParams
    ),
    request.body
  )

const redirecting: ReadonlyArray<number> = [301, 302, 303, 307, 308]

/** The request that a redirect asks for (RFC 9110 section 15.4); `undefined` if it can't be sent. */
const redirected = (request: Request, response: Response): Request | undefined => {
  const from = urlOf(request)
  const location = response.headers["location"]
  if (location === undefined || from === undefined || !URL.canParse(location, from)) return undefined
  const to = new URL(location, from)
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
