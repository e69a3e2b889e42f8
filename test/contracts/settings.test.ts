/** Settings of the wrong kind, as plain JavaScript and configurations give them: each provider refuses them, typed, and sends nothing. */
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Pitchpoint from "@effect-auth/pitchpoint/Pitchpoint"
import * as Placewise from "@effect-auth/placewise/Placewise"
import * as Priava from "@effect-auth/priava/Priava"
import * as WalletApp from "@effect-auth/wallet-app/WalletApp"
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { inspect } from "node:util"

const secret = "hunter2-secret"

type Settings = { readonly [name: string]: unknown }

/** The layer of each provider without the types that keep callers from this, and settings that are right. */
const providers: ReadonlyArray<{
  readonly name: string
  readonly right: Settings
  readonly optional: ReadonlyArray<string>
  readonly layer: (settings: never) => Layer.Layer<never, unknown, HttpClient.HttpClient | TokenStore.TokenStore>
}> = [
  {
    name: "Placewise",
    right: { club: "mall", clientToken: Redacted.make("token"), userAgent: "test/1.0", productName: "sandbox" },
    optional: ["host", "origins", "allowInsecure", "locale"],
    layer: Placewise.layer
  },
  {
    name: "Priava",
    right: { region: "EU", clientId: "id", clientSecret: Redacted.make("s"), redirectUri: "https://app.test/back" },
    optional: ["host", "origins", "allowInsecure", "tokenUrl", "sendRegion"],
    layer: Priava.layer
  },
  {
    name: "Pitchpoint",
    right: { username: "service@example.com" },
    optional: ["host", "origins", "allowInsecure", "alias"],
    layer: Pitchpoint.layer
  },
  {
    name: "Wallet App",
    right: { email: "kim@example.com", permissions: ["brands.get"] },
    optional: ["host", "origins", "allowInsecure"],
    layer: WalletApp.layer
  }
]

const wrong: ReadonlyArray<unknown> = [
  undefined,
  null,
  5,
  {},
  [],
  "",
  " ",
  `${secret}\n`,
  `${secret}\0`,
  Redacted.make(""),
  Redacted.make(5),
  Redacted.make(`${secret}\n`)
]

describe("settings of the wrong kind", () => {
  for (const { layer, name, optional, right } of providers) {
    const open = (settings: unknown) => {
      const sent: Array<string> = []
      const client = HttpClient.make((request) => Effect.die(sent.push(request.url)))
      const built = Layer.build(layer(settings as never)).pipe(
        Effect.provideService(HttpClient.HttpClient, client),
        Effect.provide(TokenStore.layerMemory),
        Effect.scoped,
        Effect.exit
      )
      return Effect.map(built, (exit) => ({ exit, sent }))
    }

    it.effect(`${name}: what is right is taken`, () =>
      Effect.map(open(right), ({ exit }) => {
        assert.strictEqual(exit._tag, "Success")
      }))

    const isRefused = (settings: unknown) =>
      Effect.map(open(settings), ({ exit, sent }) => {
        const shown = inspect(exit, { depth: 12, showHidden: true })
        assert.match(shown, /_tag: 'Fail'/, inspect(settings))
        assert.match(shown, /AuthMisconfigured/, inspect(settings))
        assert.notInclude(shown, secret)
        assert.deepStrictEqual(sent, [])
      })

    it.effect(`${name}: no settings at all`, () => Effect.forEach(wrong, isRefused))

    for (const field of Object.keys(right)) {
      it.effect(`${name}: ${field}`, () => Effect.forEach(wrong, (value) => isRefused({ ...right, [field]: value })))
    }

    for (const field of optional) {
      it.effect(`${name}: ${field}, which may be left out`, () =>
        Effect.forEach([null, 5, {}, Redacted.make(secret)], (value) => isRefused({ ...right, [field]: value })))
    }
  }
})
