/* eslint-disable no-restricted-imports -- quoted by docs/writing-a-provider.md, where one import a package reads better */
// #region sandbox
import { Sandbox, TokenAuthority } from "@effect-auth/testing"
import { HttpApiBuilder, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { Effect, Layer, Redacted } from "effect"
import { AcmeApi } from "./fifth-provider.ts"

const invalidGrant = HttpServerResponse.unsafeJson({ error: "invalid_grant" }, { status: 400 })

const bodyOf = (issued: TokenAuthority.Issued) => ({
  access_token: Redacted.make(issued.accessToken),
  refresh_token: issued.refreshToken === undefined ? undefined : Redacted.make(issued.refreshToken),
  expires_in: (issued.accessExpiresAt - issued.issuedAt) / 1000
})

/** The token endpoint: the contract's handlers over an authority that issues, rotates and forgets. */
const tokens = (authority: TokenAuthority.TokenAuthority) =>
  HttpApiBuilder.group(AcmeApi, "tokens", (handlers) =>
    handlers
      .handle("create", ({ payload }) => {
        const issued: Effect.Effect<TokenAuthority.Issued, unknown> = payload.grant_type === "refresh_token"
          ? authority.refresh(Redacted.value(payload.refresh_token))
          : Redacted.value(payload.password) === "correct-horse"
          ? authority.issue(payload.username)
          : Effect.fail("wrong password")
        return Effect.match(issued, { onFailure: () => invalidGrant, onSuccess: bodyOf })
      })
      .handle("revoke", ({ payload }) => Effect.as(authority.revoke(Redacted.value(payload.token)), {})))

/** The API behind it: any path, for a token that lives. */
const api = (authority: TokenAuthority.TokenAuthority) =>
  Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    return yield* Effect.match(authority.check(request.headers["authorization"]?.slice("Bearer ".length)), {
      onFailure: () => HttpServerResponse.empty({ status: 401 }),
      onSuccess: () => HttpServerResponse.unsafeJson({ ok: true })
    })
  })

export const make = Effect.gen(function*() {
  const authority = yield* TokenAuthority.make({ accessLifetime: "1 hour" })
  const oauth = yield* Sandbox.fromApi(
    HttpApiBuilder.api(AcmeApi).pipe(Layer.provide(tokens(authority))),
    () => HttpServerResponse.unsafeJson({ error: "invalid_request" }, { status: 400 })
  )
  return yield* Sandbox.make({
    name: "acme",
    authority,
    app: Effect.flatMap(
      HttpServerRequest.HttpServerRequest,
      ({ url }) => url.startsWith("/oauth/") ? oauth : api(authority)
    ),
    // What the faults and the log go by.
    describe: ({ body, url }) => {
      if (url === "/oauth/revoke") return { operation: "revoke" }
      if (url !== "/oauth/token") return { operation: "api" }
      const grant = new URLSearchParams(body).get("grant_type") ?? ""
      return { operation: grant === "refresh_token" ? "refresh" : "sign-in", grant }
    }
  })
})
// #endregion
