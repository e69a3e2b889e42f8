/** The four providers in the table of answers: what each answer means, written once more and by hand. */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as PitchpointAuth from "@effect-auth/pitchpoint/PitchpointAuth"
import * as PlacewiseAuth from "@effect-auth/placewise/PlacewiseAuth"
import * as PriavaAuth from "@effect-auth/priava/PriavaAuth"
import * as WalletAppAuth from "@effect-auth/wallet-app/WalletAppAuth"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { type Body, common, echo, malformed, type Operation, secrets, type Status, type Subject } from "./answers.ts"
import { type Failure, type Told, told, unreadable } from "./answers.ts"

const given = Redacted.make(secrets.given)

const tokens = { access_token: secrets.access, refresh_token: secrets.refresh, expires_in: 3600 }

type Table = { readonly [status: number]: Told }

const has = (table: Table, status: Status): Failure | undefined => {
  const text = table[status]
  return text === undefined ? undefined : told(text)
}

// ---------------------------------------------------------------------------------------------------------- Placewise

const placewise = {
  club: "infinity-mall",
  clientToken: Redacted.make(secrets.client),
  userAgent: "test/1.0",
  productName: "sandbox"
}

const toAny: Table = {
  400: "config request",
  401: "config client",
  402: "config feature",
  403: "config permission",
  405: "config request",
  406: "config request",
  444: "transient server",
  462: "terminal unknown",
  467: "terminal banned",
  470: "config header",
  471: "config header"
}

const toInput: Table = { 404: "config url", 422: "terminal request", 461: "terminal credentials" }

const toSession: Table = { 404: "config url", 422: "config request", 461: "refused unknown" }

export const Placewise: Subject<PlacewiseAuth.PlacewiseCredentials> = {
  name: "Placewise",
  // What is asked about a token stands here too, so that one success fits every call.
  issued: {
    ...tokens,
    token_type: "bearer",
    resource_owner_id: 42,
    expires_in_seconds: 60,
    created_at: 1,
    scopes: [],
    application: {}
  },
  error: { error: `Something: ${echo}` },
  rejected: [460],
  credentials: () => ({ _tag: "Password", identifier: { email: "ola@example.com" }, password: given }),
  renews: "refresh",
  make: Effect.gen(function*() {
    const provider = yield* PlacewiseAuth.provider(placewise)
    return {
      provider,
      session: (auth) =>
        Effect.map(AuthHttpClient.fromSession(auth), (client) => ({
          auth,
          info: provider.extend(auth, () => auth).tokenInfo,
          call: client.get("/members/me")
        }))
    }
  }),
  expected: (operation, status, body) => {
    if (status === 200) return ofSuccess(operation, body)
    if (operation === "info" && status === 460) return undefined
    // A page is a gateway's, but for the statuses that are Placewise's own.
    if (body === "HTML" && status >= 400 && status < 444 && common(status) === undefined) return malformed
    return common(status) ?? has(toAny, status) ?? has(operation === "signIn" ? toInput : toSession, status) ??
      (body === "documented" ? told("refused unknown") : malformed)
  }
}

/** An empty body is as good as `{}`, which is all that a revocation needs. */
const ofSuccess = (operation: Operation, body: Body): Failure | undefined =>
  body === "documented" || (operation === "revoke" && body === "empty") ? undefined : unreadable

// ------------------------------------------------------------------------------------------------------------- Priava

const priava: PriavaAuth.Settings = {
  region: "EU",
  clientId: "client",
  clientSecret: Redacted.make(secrets.client),
  redirectUri: "https://my.app.com/oauth2callback"
}

const codes = { used: 0 }

export const Priava: Subject<PriavaAuth.PriavaCredentials> = {
  name: "Priava",
  issued: { ...tokens, token_type: "BEARER" },
  error: { error: "error_code", error_description: `A human readable error message: ${echo}` },
  rejected: [401],
  credentials: () => ({ code: Redacted.make(`${secrets.given}-${codes.used++}`) }),
  renews: "refresh",
  make: Effect.map(PriavaAuth.provider(priava), (provider) => ({
    provider,
    session: (auth) =>
      Effect.map(AuthHttpClient.fromSession(auth), (client) => ({
        auth,
        call: client.post("/v2/contact/get")
      }))
  })),
  expected: (operation, status, body) => {
    if (status === 200) return ofSuccess(operation, body)
    const known = common(status) ?? has({ 404: "config url", 405: "config url" }, status)
    if (known !== undefined) return known
    if (body === "documented" && (status === 400 || status === 401 || status === 403)) {
      return told(operation === "signIn" ? "terminal unknown" : "refused unknown")
    }
    // A code that was answered with 400 may be used up.
    return operation === "signIn" && status === 400 ? { ...malformed, sent: "unknown" } : malformed
  }
}

// --------------------------------------------------------------------------------------------------------- Pitchpoint

const pitchpoint: PitchpointAuth.Settings = { username: "service@example.com" }

export const Pitchpoint: Subject<PitchpointAuth.PitchpointCredentials> = {
  name: "Pitchpoint",
  issued: tokens,
  error: { error: "access_denied", error_description: `Invalid username / password combination: ${echo}` },
  rejected: [401],
  credentials: () => ({ password: given }),
  renews: "refresh",
  make: Effect.map(PitchpointAuth.provider(pitchpoint), (provider) => ({
    provider,
    session: (auth) =>
      Effect.map(AuthHttpClient.fromSession(auth), (client) => ({
        auth,
        call: client.post("/riskinsight-services-ws/resources/v1/orders/query")
      }))
  })),
  expected: (operation, status, body) => {
    if (status === 200) return ofSuccess(operation, body)
    const known = common(status)
    if (known !== undefined) return known
    if (body !== "documented") return malformed
    if (status === 400 || status === 403) {
      return told(operation === "signIn" ? "terminal credentials" : "terminal unknown")
    }
    return status === 401 ? told("refused unknown") : malformed
  }
}

// --------------------------------------------------------------------------------------------------------- Wallet App

const walletApp: WalletAppAuth.Settings = { email: "kim@example.com", permissions: ["brands.get"] }

const toRequest: Table = {
  400: "terminal request",
  401: "terminal credentials",
  403: "terminal credentials",
  422: "terminal request"
}

const toAnyKey: Table = { 404: "config url", 405: "config url", 406: "config header", 415: "config header" }

export const WalletApp: Subject<WalletAppAuth.WalletAppCredentials> = {
  name: "Wallet App",
  issued: { success: true, data: { key: secrets.access, permissions: ["brands.get"] }, token: secrets.access },
  // None is documented: this is the shape that its other answers suggest.
  error: { message: `Unauthenticated: ${echo}` },
  rejected: [401],
  credentials: () => ({ password: given }),
  renews: "signIn",
  make: Effect.gen(function*() {
    const provider = yield* WalletAppAuth.provider(walletApp)
    return {
      provider,
      session: (auth) =>
        Effect.map(AuthHttpClient.fromSession(auth), (client) => ({
          auth,
          info: provider.extend(auth, () => auth).tokenInfo,
          call: client.get("/brands")
        }))
    }
  }),
  expected: (operation, status, body) => {
    if (status === 200) return ofSuccess(operation, body)
    const known = common(status)
    if (known !== undefined) return known
    if (body === "HTML") return malformed
    // A key that is refused is dead, and gone.
    if (status === 401 && operation !== "signIn") return undefined
    return (operation === "signIn" ? has(toRequest, status) : undefined) ?? has(toAnyKey, status) ??
      told("refused unknown")
  }
}
