/** What each provider module makes of an account's options and secrets. */
import type { AccessToken } from "@effect-auth/core/AccessToken"
import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import type { AuthHttpClientError } from "@effect-auth/core/AuthHttpClient"
import type { AuthService, RefreshOptions, SignInError } from "@effect-auth/core/AuthService"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import type * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { UsageError } from "../failures.ts"

export interface Given {
  readonly account: string
  readonly options: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, Redacted.Redacted<string>>>
  /** With it the session signs in by itself when a refresh can't help. */
  readonly credential?: Redacted.Redacted<string> | undefined
}

export interface Connection {
  readonly auth: AuthService<never>
  readonly client: HttpClient.HttpClient.With<HttpClientError | AuthHttpClientError>
  readonly signIn: (credential: Redacted.Redacted<string>) => Effect.Effect<AccessToken, SignInError>
  /** What has to happen before the credential is asked for: sending a one-time password. */
  readonly before?: Effect.Effect<string, SignInError | UsageError> | undefined
}

export type Connect = (
  given: Given
) => Effect.Effect<
  Connection,
  AuthMisconfigured | UsageError,
  HttpClient.HttpClient | TokenStore | Scope.Scope
>

/** A command is short: it refreshes when it is asked to, and not on a schedule. */
export const refresh: RefreshOptions = { mode: "onDemand" }
