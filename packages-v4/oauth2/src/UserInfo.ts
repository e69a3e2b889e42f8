/**
 * Asking the server who the person is whose access token this is.
 *
 * @see OpenID Connect Core section 5.3: https://openid.net/specs/openid-connect-core-1_0.html#UserInfo
 * @since 0.1.0
 */
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as Redacted from "effect/Redacted"
import { call, type CallError } from "./internal/publicCall.ts"
import * as tokenCall from "./internal/tokenCall.ts"
import type { OAuth2Client } from "./OAuth2Client.ts"

/**
 * What the server says of a person.
 *
 * @since 0.1.0
 * @category models
 */
export interface UserInfo {
  readonly sub: string
  readonly [name: string]: unknown
}

const isUserInfo = (body: unknown): body is UserInfo =>
  typeof body === "object" && body !== null && "sub" in body && typeof body.sub === "string" && body.sub !== ""

/**
 * Asks with the access token of a session. `subject` is the `sub` of the ID token: an answer about anybody else is refused,
 * because the access token may have been swapped (OpenID Connect Core section 5.3.2). Signed answers are not read.
 *
 * @since 0.1.0
 * @category combinators
 */
export const userInfo = (
  client: OAuth2Client,
  accessToken: Redacted.Redacted<string>,
  subject: string
): Effect.Effect<UserInfo, CallError> =>
  call(
    client,
    "userInfo",
    Effect.gen(function*() {
      const url = yield* tokenCall.endpoint(yield* client.server.metadata, "userinfoEndpoint")
      const http = TokenEndpoint.client(client.httpClient, {
        classify: (answer) =>
          TokenEndpoint.common(answer) ??
            TokenEndpoint.failure(answer, {
              kind: "terminal",
              reason: answer.status === 401 ? "credentials" : "unknown"
            })
      })
      const request = HttpClientRequest.get(url).pipe(
        HttpClientRequest.bearerToken(accessToken),
        HttpClientRequest.setHeader("accept", "application/json")
      )
      const body = yield* TokenEndpoint.exchange(
        Effect.flatMap(http.execute(request), (response) => response.json)
      )
      if (isUserInfo(body) && body.sub === subject) return body
      return yield* new ExchangeFailure({
        kind: "terminal",
        sent: "answered",
        reason: "unknown",
        error: "other_subject"
      })
    })
  )
