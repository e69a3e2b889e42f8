import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import type { AuthProvider, Extended } from "@effect-auth/core/AuthProvider"
import type * as AuthService from "@effect-auth/core/AuthService"
import type { AuthSessions } from "@effect-auth/core/AuthSessions"
import * as RemoteSessions from "@effect-auth/remote/RemoteSessions"
import * as SessionServer from "@effect-auth/remote/SessionServer"
import type * as RpcServer from "@effect/rpc/RpcServer"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { expect, test } from "tstyche"

interface Credentials {
  readonly password: string
}

declare const provider: AuthProvider<Credentials>
declare const extended: Extended<Credentials, AuthService.AuthService<Credentials> & { readonly more: 1 }>
declare const sessions: AuthSessions<AuthService.AuthService<Credentials>>

const options = { endpoints: [] }

test("remote sessions have the type of local ones", () => {
  expect(RemoteSessions.make(provider, options)).type.toBe<
    Effect.Effect<AuthSessions<AuthService.AuthService<Credentials>>, AuthMisconfigured, Scope.Scope>
  >()
})

test("members that a provider adds stay", () => {
  expect(RemoteSessions.make(extended, options)).type.toBe<
    Effect.Effect<
      AuthSessions<AuthService.AuthService<Credentials> & { readonly more: 1 }>,
      AuthMisconfigured,
      Scope.Scope
    >
  >()
})

test("a keeper needs a protocol, and its callers have to be named", () => {
  expect(SessionServer.layer([], { callers: [] })).type.toBe<
    Layer.Layer<never, AuthMisconfigured, RpcServer.Protocol>
  >()
  expect(SessionServer.layer).type.not.toBeCallableWith([], {})
  expect(SessionServer.fromSessions).type.toBeCallableWith(sessions)
})
