/** A client that sends each request only once, even if the inner client retries. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import { hardened } from "./hardened.ts"

type Request = HttpClientRequest.HttpClientRequest

/**
 * An inner client tried to send the request a second time and was stopped. The outcome of the first send is not known.
 */
export class AlreadySent extends Data.TaggedError("AlreadySent")<{ readonly call: symbol }> {}

/**
 * A refresh token that is sent twice may end its session, and only the session machine knows when it may be sent again.
 * A retry of an inner client is found in two ways. First, the platform's retries run the preparation of a request
 * again; the second run becomes a defect, because a retry repeats only failures. Second, `fetch` reads its options for
 * each send, after the client has checked whether the request is traced.
 */
export const execute = (
  self: HttpClient.HttpClient,
  request: Request
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError | AlreadySent> =>
  Effect.suspend(() => {
    const call = Symbol("call")
    const again = new AlreadySent({ call })
    const isAgain = (thrown: unknown): boolean => thrown instanceof AlreadySent && thrown.call === call
    const once = () => {
      let isDone = false
      return () => {
        if (isDone) throw again
        isDone = true
      }
    }
    const prepared = once()
    const fetched = once()
    let isOurs = false
    return self.pipe(
      HttpClient.mapRequestInputEffect((input) => Effect.as(Effect.sync(prepared), input)),
      HttpClient.transformResponse(Effect.provideService(HttpClient.TracerDisabledWhen, (asked) => {
        isOurs = request.body._tag === "Empty" ? asked.url === request.url : asked.body === request.body
        return true
      })),
      HttpClient.transformResponse(withOptionsRead(() => {
        if (isOurs) fetched()
      })),
      hardened
    ).execute(request).pipe(
      Effect.ensuring(Effect.sync(() => isOurs = false)),
      Effect.mapError((error) => isAgain(error.cause) ? again : error),
      // Inside a span the defect is a proxy of the thrown value.
      Effect.catchDefect((defect) => isAgain(defect) ? Effect.fail(again) : Effect.die(defect))
    )
  })

/** Options of `fetch` that call `onRead` when they are read. */
const withOptionsRead = (onRead: () => void) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(Effect.serviceOption(FetchHttpClient.RequestInit), (init) => {
    const options = init._tag === "Some" ? init.value : {}
    return Effect.provideService(effect, FetchHttpClient.RequestInit, {
      ...options,
      get redirect() {
        onRead()
        return options.redirect ?? "manual"
      }
    })
  })
