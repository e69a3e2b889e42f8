/** G55 at each of the four providers: nobody's request is carried out as somebody else, wherever it is when they sign in. */
import * as Pitchpoint from "@effect-auth/pitchpoint/Pitchpoint"
import { PitchpointAuth } from "@effect-auth/pitchpoint/PitchpointAuth"
import * as Placewise from "@effect-auth/placewise/Placewise"
import { PlacewiseAuth } from "@effect-auth/placewise/PlacewiseAuth"
import * as Priava from "@effect-auth/priava/Priava"
import { PriavaAuth } from "@effect-auth/priava/PriavaAuth"
import * as WalletApp from "@effect-auth/wallet-app/WalletApp"
import { WalletAppAuth } from "@effect-auth/wallet-app/WalletAppAuth"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { type Ended, opens, type Provider, secretOf, type TakeOver, world } from "./belonging.ts"

const host = "https://api.test"
const options = { refresh: { mode: "onDemand" }, client: { redirects: 1 } } as const

const placewise = {
  host,
  club: "infinity-mall",
  clientToken: Redacted.make("client-token"),
  userAgent: "test/1.0",
  productName: "sandbox"
}

const priava = {
  host,
  region: "EU",
  clientId: "client",
  clientSecret: Redacted.make("client-secret"),
  redirectUri: "https://my.app.com/oauth2callback"
} as const

/** Each code works once. */
const codes = { made: 0 }

const pitchpoint = { host, username: "service@example.com" }

const walletApp = { host, email: "kim@example.com", permissions: ["brands.get"] } as const

/** Nothing refreshes a key, so the session signs in by itself, as Ann. */
const asAnn = Effect.succeed({ password: secretOf("ann") })

const providers: ReadonlyArray<Provider> = [
  {
    name: "Placewise",
    rejected: 460,
    exchange: "refresh",
    open: opens({
      auth: PlacewiseAuth,
      client: Placewise.PlacewiseClient,
      sessions: Placewise.PlacewiseSessions,
      layer: Placewise.layer(placewise, options),
      layerSessions: Placewise.layerSessions(placewise, options),
      signIn: (auth, password) => auth.signIn({ _tag: "Password", identifier: { id: 42 }, password })
    })
  },
  {
    name: "Priava",
    rejected: 401,
    exchange: "refresh",
    open: opens({
      auth: PriavaAuth,
      client: Priava.PriavaClient,
      sessions: Priava.PriavaSessions,
      layer: Priava.layer(priava, options),
      layerSessions: Priava.layerSessions(priava, options),
      signIn: (auth, code) => auth.signIn({ code: Redacted.make(`${Redacted.value(code)}-${++codes.made}`) })
    })
  },
  {
    name: "Pitchpoint",
    rejected: 401,
    exchange: "refresh",
    open: opens({
      auth: PitchpointAuth,
      client: Pitchpoint.PitchpointClient,
      sessions: Pitchpoint.PitchpointSessions,
      layer: Pitchpoint.layer(pitchpoint, options),
      layerSessions: Pitchpoint.layerSessions(pitchpoint, options),
      signIn: (auth, password) => auth.signIn({ password })
    })
  },
  {
    name: "Wallet App",
    rejected: 401,
    exchange: "sign-in",
    open: opens({
      auth: WalletAppAuth,
      client: WalletApp.WalletAppClient,
      sessions: WalletApp.WalletAppSessions,
      layer: WalletApp.layer(walletApp, { ...options, credentials: asAnn }),
      layerSessions: WalletApp.layerSessions(walletApp, { ...options, credentials: () => asAnn }),
      signIn: (auth, password) => auth.signIn({ password })
    })
  }
]

const takeovers: { readonly [how: string]: TakeOver } = {
  "signs in over the session": (here) => here.signIn("bob"),
  "signs in after a sign-out": (here) => Effect.zipRight(here.signOut, here.signIn("bob")),
  "signs in in another process": (_, there) => there.signIn("bob"),
  "signs in in another process, after a sign-out there": (_, there) =>
    Effect.zipRight(there.signOut, there.signIn("bob"))
}

const changed = "AccessTokenRejected session-changed"

/** From here on Ann's own new token may be there already, and the request may go on with that. */
const mayGoOn = ({ at, sent }: Ended): boolean => at === "tokens were written" || sent.length === 3

describe("belonging, at each provider", () => {
  for (const provider of providers) {
    for (const layer of ["its layer", "its layer of sessions"] as const) {
      for (const [how, takeOver] of Object.entries(takeovers)) {
        it.scoped(`${provider.name}, over ${layer}: a request goes on as nobody who ${how}`, () =>
          Effect.gen(function*() {
            const request = yield* world(provider, layer)
            const whole = yield* request(Infinity, () => Effect.void)
            assert.strictEqual(whole.outcome, "done")
            assert.deepStrictEqual(whole.sent, ["DELETE as ann", "DELETE as ann", "DELETE as ann"])
            assert.includeMembers([...whole.steps], [
              "send 1",
              "send 2",
              "claim are written",
              `${provider.exchange} is sent`,
              `${provider.exchange} is answered`,
              "tokens are written",
              "send 3"
            ])
            for (const [step, name] of whole.steps.entries()) {
              const ended = yield* request(step, takeOver)
              const where = `held at step ${step}, "${name}": ${JSON.stringify(ended)}`
              assert.strictEqual(ended.at, name, where)
              assert.notInclude(ended.sent, "DELETE as bob", where)
              if (!mayGoOn(ended)) assert.strictEqual(ended.outcome, changed, where)
              else assert.include([changed, "done"], ended.outcome, where)
            }
          }))
      }
    }
  }
})
