/**
 * The four providers have one anatomy: the same modules, the same names for the same things. What only one of them has is
 * in the list below, with its reason; anything else is a deviation, and so is a line of the list that is not true any more.
 */
import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"

const providers = { placewise: "Placewise", priava: "Priava", pitchpoint: "Pitchpoint", "wallet-app": "WalletApp" }

type Provider = keyof typeof providers

/** What is special, as `module.name` with the provider's name written as X, or a file. */
const special: { readonly [P in Provider]: { readonly [what: string]: string } } = {
  placewise: {
    "XAuth.Identifier": "a member can be named in three ways",
    "XAuth.TokenInfo": "a token can be asked about",
    "XAuth.OneTimePasswordRequest": "passwords can be sent to a member",
    "XAuth.RegistrationPasswordRequest": "passwords can be sent to a member",
    "XAuth.SendError": "passwords can be sent to a member",
    "internal/calls.ts": "it has more calls than the two of a session"
  },
  priava: {
    "XRateLimit.ts": "a 429 tells the wait in its body",
    "internal/retryDate.ts": "as a date without a zone"
  },
  pitchpoint: {
    "XAuth.refreshExpiresAt": "the refresh token ends at a midnight that no answer tells",
    "XFault.ts": "rejections can hide in a success",
    "internal/refreshDeadline.ts": "the midnight"
  },
  "wallet-app": {
    "XAuth.Options": "keys of former permissions can be deleted",
    "XAuth.make": "keys of former permissions are deleted first",
    "XAuth.TokenInfo": "a key can be asked about",
    "XAuth.retire": "nothing but a deletion ends a key, and permissions are part of the realm",
    "XAuth.scopedToken": "a key for one piece of work",
    "X.scoped": "a key for one piece of work, with its client",
    "XPermission.ts": "the documented permissions",
    "internal/calls.ts": "it has more calls than the two of a session"
  }
}

/** The words of the wire are each provider's own; these have to be among them. */
const ofTheWire: { readonly [module: string]: ReadonlyArray<string> } = {
  XApi: ["XApi", "hosts", "TokenResponse"],
  XError: ["onWire"]
}

const folder = (provider: Provider) => new URL(`../../packages/${provider}/src/`, import.meta.url)

const generic = (provider: Provider, name: string) => name.replace(new RegExp(`^${providers[provider]}`), "X")

const filesOf = (provider: Provider): ReadonlyArray<string> =>
  fs.readdirSync(folder(provider), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => generic(provider, file.split(path.sep).join("/")))

const exportsOf = (provider: Provider, module: string): ReadonlyArray<string> => {
  const file = new URL(module.replace(/^X/, providers[provider]) + ".ts", folder(provider))
  const text = fs.readFileSync(file, "utf8")
  const single = [...text.matchAll(/^export (?:const|class|interface|type|function) (\w+)/gm)].map(([, name]) => name)
  const grouped = [...text.matchAll(/^export const \{([^}]+)\} = /gm)].flatMap(([, group = ""]) =>
    [...group.matchAll(/^ {2}(\w+),?$/gm)].map(([, name]) => name)
  )
  return [...single, ...grouped].map((name) => generic(provider, name ?? ""))
}

const surfaceOf = (provider: Provider): ReadonlySet<string> => {
  const files = filesOf(provider)
  const names = ["X", "XAuth"].flatMap((module) => exportsOf(provider, module).map((name) => `${module}.${name}`))
  return new Set([...files, ...names])
}

/** What the module X is without its comments, with the provider's name written as X, up to what is special. */
const layersOf = (provider: Provider): string => {
  const name = providers[provider]
  const text = fs.readFileSync(new URL(`${name}.ts`, folder(provider)), "utf8")
    .replace(/\/\*\*[^]*?\*\//g, "").replaceAll(name, "X").replaceAll(`@effect-auth/${provider}/`, "@effect-auth/x/")
  const from = text.indexOf("export class XClient")
  // How a long line is broken depends on the length of the name.
  return text.slice(from, text.indexOf("\n})", from)).replace(/\s+/g, "")
}

const all = Object.keys(providers) as ReadonlyArray<Provider>
const shared = [...surfaceOf("placewise")].filter((name) => all.every((provider) => surfaceOf(provider).has(name)))

describe("the anatomy of a provider", () => {
  it("what all four have is what the guide promises", () => {
    assert.includeMembers(shared, [
      "X.ts",
      "XApi.ts",
      "XAuth.ts",
      "XError.ts",
      "index.ts",
      "internal/errors.ts",
      ...["layer", "layerAuth", "layerClient", "layerConfig", "layerSessions", "layerSessionsConfig"].map((name) =>
        `X.${name}`
      ),
      ...["XClient", "XSessions"].map((name) => `X.${name}`),
      ...["XCredentials", "Settings", "Service", "XAuth", "provider"].map((name) => `XAuth.${name}`)
    ])
  })

  it("the layers of all four are made alike, from one text", () => {
    const [first = "", ...others] = all.map((provider) => layersOf(provider).replace(",make:XAuth.make", ""))
    assert.include(first, "exportconst{layer,layerAuth,layerClient,layerConfig,layerSessions,layerSessionsConfig}=")
    for (const other of others) assert.strictEqual(other, first)
  })

  for (const provider of all) {
    it(`${provider} differs from the others only where the list says why`, () => {
      const own = [...surfaceOf(provider)].filter((name) => !shared.includes(name)).sort()
      assert.deepStrictEqual(own, Object.keys(special[provider]).sort())
    })

    it(`${provider} names its wire`, () => {
      for (const [module, names] of Object.entries(ofTheWire)) {
        assert.includeMembers([...exportsOf(provider, module)], [...names])
      }
    })

    it(`${provider}: no module exports what another one holds`, () => {
      for (
        const file of fs.readdirSync(folder(provider)).filter((name) => name.endsWith(".ts") && name !== "index.ts")
      ) {
        assert.notMatch(fs.readFileSync(new URL(file, folder(provider)), "utf8"), /^export \* from/m)
      }
    })
  }
})
