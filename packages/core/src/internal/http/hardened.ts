/** A client for requests with secrets in their headers. */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"

/**
 * Headers that logs and spans must not show: all except those whose values are numbers or words of the protocol. A
 * server may repeat a secret in any header.
 */
const hiddenHeaders =
  /^(?!(?:accept(?:-\w+)?|age|allow|b3|cache-control|connection|content-(?:encoding|language|length|type)|date|host|retry-after|server|traceparent|transfer-encoding|user-agent|vary|x-b3-\w+|x-request-id)$)/i

export const hardened = <E, R>(self: HttpClient.HttpClient.With<E, R>): HttpClient.HttpClient.With<E, R> =>
  HttpClient.transformResponse(self, (effect) =>
    Effect.serviceOption(FetchHttpClient.RequestInit).pipe(
      Effect.flatMap((init): typeof effect =>
        Effect.provideService(effect, FetchHttpClient.RequestInit, {
          ...(init._tag === "Some" ? init.value : {}),
          redirect: "manual"
        })
      ),
      Effect.locallyWith(Headers.currentRedactedNames, (names) => [...names, hiddenHeaders])
    ))
