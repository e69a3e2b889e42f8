/** The command line of the examples that signs in by loopback, as processes, against oidc-provider. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { visit } from "../../oauth2/person.ts"
import { serve } from "../../support/oidcProvider.ts"
import { run } from "./programs.ts"

it.scopedLive("the first run asks for a sign-in, the second one remembers it", () =>
  Effect.gen(function*() {
    const { issuer, requests } = yield* serve([{
      client_id: "cli",
      application_type: "native",
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      redirect_uris: ["http://127.0.0.1/callback"]
    }])
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "effect-auth-loopback-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
    )
    const environment = {
      ISSUER: issuer,
      API_URL: issuer,
      CLIENT_ID: "cli",
      SESSIONS: join(folder, "store", "sessions.db")
    }
    const opened: Array<string> = []
    const example = () =>
      run("loopback", environment, (line) => {
        const [, url] = /^Open (\S+)$/.exec(line) ?? []
        if (url === undefined) return
        opened.push(url)
        void visit(url, { login: "ola", password: "any" })
      })
    const first = yield* Effect.promise(example)
    assert.match(first, /\{"sub":"ola"\}\n$/)
    assert.strictEqual(opened.length, 1)
    assert.strictEqual(yield* Effect.promise(example), `{"sub":"ola"}\n`)
    assert.strictEqual(opened.length, 1)
    assert.strictEqual(requests.filter((one) => one === "POST /token").length, 1)
  }), 120_000)
