/** A call that is no exchange of a session: with a deadline of 15 seconds, and with public errors. */
import type { AuthMisconfigured, ProviderUnavailable, TokenRequestRejected } from "@effect-auth/core/AuthError"
import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import type * as Effect from "effect/Effect"
import type { OAuth2Client } from "../OAuth2Client.ts"

export type CallError = TokenRequestRejected | AuthMisconfigured | ProviderUnavailable

export const call = <A>(
  client: OAuth2Client,
  operation: string,
  effect: Effect.Effect<A, ExchangeFailure>,
  account = "default"
): Effect.Effect<A, CallError> => TokenEndpoint.call(effect, { provider: client.name, account, operation })
