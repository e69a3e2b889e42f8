/** Signing in at an OAuth 2 server that we did not write, with a browser here or on another device. */
import { assert, describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"
import * as Net from "node:net"
import { visit } from "../oauth2/person.ts"
import { serve } from "../support/oidcProvider.ts"
import { filesOf, patience, place } from "./program.ts"

const ola = { login: "ola", password: "any" }

const server = (client: object) =>
  serve([{
    client_id: "cli",
    application_type: "native",
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
    response_types: ["code"],
    redirect_uris: ["http://127.0.0.1/callback"],
    ...client
  }], {
    // The test looks for the port in the address that the person opens.
    settings: {
      features: {
        devInteractions: { enabled: true },
        deviceFlow: { enabled: true },
        revocation: { enabled: true },
        pushedAuthorizationRequests: { enabled: false }
      }
    }
  })

const setup = (client: object = {}) =>
  Effect.gen(function*() {
    const { issuer, requests } = yield* server(client)
    const flags = ["--issuer", issuer, "--client-id", "cli", "--api", issuer, "--scopes", "openid,offline_access"]
    return { ...(yield* place), flags, issuer, requests, signIn: ["sign-in", "oauth2", ...flags] }
  })

/** A browser that opens a connection to the program in advance, sends nothing on it and keeps it. */
const spareConnection = (text: string) => {
  const [, url] = /browser on this machine: (\S+)/.exec(text) ?? []
  if (url === undefined) return undefined
  const { port } = new URL(new URL(url).searchParams.get("redirect_uri") ?? "")
  return Net.connect(Number(port), "127.0.0.1").on("error", () => {})
}

/** A person who opens the page that is named and signs in there. */
const person = (text: string): void => {
  const [, url] = /open this page in a browser on this machine: (\S+)/.exec(text) ?? []
  if (url !== undefined) void visit(url, ola)
}

describe("effect-auth sign-in oauth2", () => {
  it.scopedLive(
    "waits for the browser, keeps the session, refreshes it and gives it back",
    () =>
      Effect.gen(function*() {
        const { requests, run, signIn } = yield* setup()
        const spare = yield* Effect.makeLatch()
        const signedIn = yield* run(signIn, {
          onStderr: (text) =>
            spareConnection(text)?.on("connect", () => person(text)).on("close", () => Effect.runSync(spare.open))
        })
        yield* spare.await
        expect(signedIn).toMatchObject({ code: 0, stdout: expect.stringMatching(/^oauth2 default: signed in, /) })
        const token = (yield* run(["token", "oauth2"])).stdout.trim()
        assert.isAbove(token.length, 10)
        expect(JSON.parse((yield* run(["call", "oauth2", "GET", "/me"])).stdout)).toEqual({ sub: "ola" })
        const refreshed = yield* run(["refresh", "oauth2"])
        expect(refreshed).toMatchObject({ code: 0, stderr: "" })
        assert.notStrictEqual((yield* run(["token", "oauth2"])).stdout.trim(), token)
        const status = JSON.parse((yield* run(["status", "--json"])).stdout)
        expect(JSON.stringify(status)).toContain("oauth2")
        expect((yield* run(["sign-out", "oauth2"])).code).toBe(0)
        assert.include(requests, "POST /token/revocation")
        const out = yield* run(["token", "oauth2"])
        expect(out).toMatchObject({ code: 10, stderr: expect.stringContaining("effect-auth sign-in oauth2") })
        expect(out.stderr).not.toContain("undefined")
      }),
    patience
  )

  it.scopedLive("shows a code for another device, and remembers the way", () =>
    Effect.gen(function*() {
      const { run, signIn } = yield* setup()
      const device = (text: string): void => {
        const [, url, code = ""] = /open (\S+) and type (\S+)/.exec(text) ?? []
        if (url !== undefined) void visit(url, { ...ola, user_code: code })
      }
      expect(yield* run([...signIn, "--with", "device"], { onStderr: device })).toMatchObject({ code: 0 })
      expect((yield* run(["token", "oauth2"])).code).toBe(0)
      expect((yield* run(["sign-out", "oauth2"])).code).toBe(0)
      expect(yield* run(["sign-in", "oauth2"], { onStderr: device })).toMatchObject({ code: 0 })
    }), patience)

  it.scopedLive(
    "a client secret comes from its variable at the sign-in, and is kept sealed with its account",
    () =>
      Effect.gen(function*() {
        const { home, printed, run, signIn } = yield* setup({
          client_secret: "not-for-disks",
          token_endpoint_auth_method: "client_secret_basic"
        })
        const env = { EFFECT_AUTH_OAUTH2_CLIENT_SECRET: "not-for-disks" }
        expect(yield* run(signIn, { env, onStderr: person })).toMatchObject({ code: 0 })
        expect((yield* run(["refresh", "oauth2"])).code).toBe(0)
        // The variable may be another account's by now.
        const others = { EFFECT_AUTH_OAUTH2_CLIENT_SECRET: "another-one" }
        expect((yield* run(["refresh", "oauth2"], { env: others })).code).toBe(0)
        for (const file of filesOf(home)) expect(readFileSync(file, "latin1")).not.toContain("not-for-disks")
        expect(printed()).not.toContain("not-for-disks")
      }),
    patience
  )

  it.scopedLive("says what is wrong before a browser is opened", () =>
    Effect.gen(function*() {
      const { issuer, run } = yield* setup()
      const at = (...flags: ReadonlyArray<string>) => run(["sign-in", "oauth2", "--client-id", "cli", ...flags])
      const cases: ReadonlyArray<readonly [ReadonlyArray<string>, number, string]> = [
        [["--api", issuer], 2, "--issuer (or EFFECT_AUTH_OAUTH2_ISSUER) is needed"],
        [["--issuer", issuer, "--api", "api"], 2, "--api is the URL of the API"],
        [["--issuer", "nowhere", "--api", issuer], 15, "issuer is not a URL"],
        [["--issuer", "http://login.example.com", "--api", issuer], 15, "neither https nor on this machine"],
        [["--issuer", issuer, "--api", "http://api.example.com"], 15, "neither https nor on this machine"],
        [["--issuer", issuer, "--api", issuer, "--with", "phone"], 2, "--with is one of browser, device"],
        [["--issuer", "http://127.0.0.1:9", "--api", issuer], 16, "127.0.0.1:9"]
      ]
      for (const [flags, code, text] of cases) {
        expect(yield* at(...flags)).toMatchObject({ code, stderr: expect.stringContaining(text) })
      }
    }), patience)
})
