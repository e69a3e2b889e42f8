/** The four sandboxes, and what a person needs to use each one. All names and secrets are made up. */
import { PitchpointApi } from "@effect-auth/pitchpoint/PitchpointApi"
import { PlacewiseApi } from "@effect-auth/placewise/PlacewiseApi"
import { PriavaApi } from "@effect-auth/priava/PriavaApi"
import * as PitchpointSandbox from "@effect-auth/testing/PitchpointSandbox"
import * as PlacewiseSandbox from "@effect-auth/testing/PlacewiseSandbox"
import * as PriavaSandbox from "@effect-auth/testing/PriavaSandbox"
import type * as Sandbox from "@effect-auth/testing/Sandbox"
import type * as TokenAuthority from "@effect-auth/testing/TokenAuthority"
import * as WalletAppSandbox from "@effect-auth/testing/WalletAppSandbox"
import { WalletAppApi } from "@effect-auth/wallet-app/WalletAppApi"
import * as Effect from "effect/Effect"
import type { ProviderName } from "../providers/registry.ts"
import { type Contract, contractOf } from "./contract.ts"

export interface Served {
  readonly provider: ProviderName
  readonly sandbox: Sandbox.Sandbox
  readonly contract: Contract
  readonly flags: Readonly<Record<string, string>>
  /** The input of `sign-in --stdin`, in its order. */
  readonly secrets: Readonly<Record<string, string>>
  /** A call to try. */
  readonly call: string
  /** The request that gets the first tokens, for programs in other languages. */
  readonly tokenRequest: TokenRequest
  /** Makes a new one-time code, where the provider has such codes. */
  readonly makeCode?: Effect.Effect<string> | undefined
}

export interface TokenRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const json = { "content-type": "application/json" }

const placewise = Effect.fnUntraced(function*(tokens: TokenAuthority.Options) {
  const { clientToken, club, members: [member], productNames: [productName] } = PlacewiseSandbox.defaults
  const { email, password } = member
  const headers = {
    "x-client-authorization": clientToken,
    "x-user-agent": "my-app/1.0",
    "x-product-name": productName
  }
  const body = { grant_type: "password", identifier_type: "email", identifier: email, password }
  const served: Served = {
    provider: "placewise",
    sandbox: yield* PlacewiseSandbox.make({ tokens }),
    contract: contractOf(PlacewiseApi, {
      parameters: { ...headers, slug: club, email: member.email, msisdn: member.msisdn },
      bodies: { "tokens.createToken": body }
    }),
    flags: { club, "product-name": productName, email },
    secrets: { "client-token": clientToken, password },
    call: "GET /members/me/rewards-program/status",
    tokenRequest: {
      path: `/v3/${club}/members/oauth/token`,
      headers: { ...json, ...headers },
      body: JSON.stringify(body)
    }
  }
  return served
})

const priava = Effect.fnUntraced(function*(tokens: TokenAuthority.Options) {
  const { clients: [client], region, tokenPath, tokens: documented } = PriavaSandbox.defaults
  const sandbox = yield* PriavaSandbox.make({ tokens: { ...documented, ...tokens } })
  const [code] = client.codes
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    client_id: client.id,
    client_secret: client.secret,
    redirect_uri: client.redirectUri
  }).toString()
  const served: Served = {
    provider: "priava",
    sandbox,
    contract: contractOf(PriavaApi, {
      parameters: { tenantregion: region },
      bodies: {
        "tokens.createToken": body,
        "searches.contacts": {},
        "searches.venueGroups": {},
        "searches.organisations": {},
        "webhooks.subscribe": { subscription_url: "https://my.app.com/hook", event: "ContactUpdated" }
      }
    }),
    flags: { region, "client-id": client.id, "redirect-uri": client.redirectUri },
    secrets: { "client-secret": client.secret, code },
    call: "POST /v2/contact/get --data '{}'",
    tokenRequest: {
      path: tokenPath,
      headers: { "content-type": "application/x-www-form-urlencoded;charset=utf-8", tenantregion: region },
      body
    },
    makeCode: sandbox.makeCode(client.id)
  }
  return served
})

const pitchpoint = Effect.fnUntraced(function*(tokens: TokenAuthority.Options) {
  const [{ password, username }] = PitchpointSandbox.defaults.users
  const served: Served = {
    provider: "pitchpoint",
    sandbox: yield* PitchpointSandbox.make({ tokens }),
    contract: contractOf(PitchpointApi, {
      parameters: { transactionId: "1" },
      bodies: { "authentication.signInWithPassword": { username, password }, "orders.query": { limit: 10 } }
    }),
    flags: { username },
    secrets: { password },
    call: "POST /riskinsight-services-ws/resources/v1/orders/query",
    tokenRequest: {
      path: "/user-management-services-ws/oauth2/002/signInWithPassword",
      headers: json,
      body: JSON.stringify({ username, password })
    }
  }
  return served
})

const walletApp = Effect.fnUntraced(function*(tokens: TokenAuthority.Options) {
  const [{ email, password }] = WalletAppSandbox.defaults.users
  const permissions = ["brands.get", "members.get"]
  const body = { email, password, permissions }
  const served: Served = {
    provider: "wallet-app",
    sandbox: yield* WalletAppSandbox.make({ tokens }),
    contract: contractOf(WalletAppApi, {
      parameters: { accept: "application/json", brand_id: "brand-1", email },
      bodies: { "tokens.createToken": body }
    }),
    flags: { email, permissions: permissions.join(",") },
    secrets: { password },
    call: "GET /brands",
    tokenRequest: {
      path: "/oauth/token",
      headers: { ...json, accept: "application/json" },
      body: JSON.stringify(body)
    }
  }
  return served
})

export const make = (tokens: TokenAuthority.Options): Effect.Effect<ReadonlyArray<Served>> =>
  Effect.all([placewise(tokens), priava(tokens), pitchpoint(tokens), walletApp(tokens)])
