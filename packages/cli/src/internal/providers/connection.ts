/** The connection that each provider module makes from an account's options and secrets. */
import type { AccessToken } from "@effect-auth/core/AccessToken"
import type { AuthMisconfigured, SignInError } from "@effect-auth/core/AuthError"
import type { Client } from "@effect-auth/core/AuthHttpClient"
import type { Any } from "@effect-auth/core/AuthService"
import type { RefreshOptions } from "@effect-auth/core/RefreshOptions"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import type * as HttpClient from "@effect/platform/HttpClient"
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
  /** Default: on demand. */
  readonly refresh?: RefreshOptions | undefined
}

interface Connected {
  readonly auth: Any
  readonly client: Client
}

/** A secret signs in. */
interface WithCredential extends Connected {
  readonly signIn: (credential: Redacted.Redacted<string>) => Effect.Effect<AccessToken, SignInError | UsageError>
  readonly person?: undefined
  /** The step before the prompt for the credential: it sends a one-time password. */
  readonly before?: Effect.Effect<string, SignInError | UsageError> | undefined
}

/** A person signs in with a browser, so no secret is asked for here. */
interface WithPerson extends Connected {
  readonly person: Effect.Effect<AccessToken, SignInError | UsageError>
  readonly before?: undefined
}

export type Connection = WithCredential | WithPerson

export type Connect = (
  given: Given
) => Effect.Effect<
  Connection,
  AuthMisconfigured | UsageError,
  HttpClient.HttpClient | TokenStore | Scope.Scope
>

/** What most commands do: refresh when a token is needed. */
export { refresh as onDemand } from "../looking.ts"
