import type { AccessTokenError, SignInError } from "@effect-auth/core/AuthError"
import type * as AuthError from "@effect-auth/core/AuthError"
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import type * as AuthSessions from "@effect-auth/core/AuthSessions"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { expect, test } from "tstyche"

interface Password {
  readonly password: string
}

declare const provider: AuthProvider<Password>

test("a session needs a store and a scope", () => {
  expect<Effect.Effect.Context<ReturnType<typeof AuthService.make<Password>>>>().type.toBe<TokenStore | Scope.Scope>()
  expect<Effect.Effect.Success<ReturnType<typeof AuthService.make<Password>>>>().type.toBe<
    AuthService.AuthService<Password>
  >()
  expect<Effect.Effect.Context<ReturnType<typeof AuthSessions.make<Password>>>>().type.toBe<TokenStore | Scope.Scope>()
})

test("methods need nothing, and fail only with public errors", () => {
  type Service = AuthService.AuthService<Password>
  expect<Effect.Effect.Context<ReturnType<Service["signIn"]>>>().type.toBe<never>()
  expect<Effect.Effect.Context<Service["accessToken"]>>().type.toBe<never>()
  expect<SignInError>().type.toBeAssignableTo<AuthError.AuthError>()
  expect<AccessTokenError>().type.toBeAssignableTo<AuthError.AuthError>()
})

test("the credentials of the options are those of the provider", () => {
  expect(AuthService.make).type.toBeCallableWith(provider, {})
  expect(AuthService.make).type.not.toBeCallableWith(provider, { credentials: {} as Effect.Effect<{ code: string }> })
})
