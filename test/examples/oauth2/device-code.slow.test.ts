/** The command line of the examples that signs in on another device, as a process, against oidc-provider. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { visit } from "../../oauth2/person.ts"
import { serve } from "../../support/oidcProvider.ts"
import { run } from "./programs.ts"

it.scopedLive(
  "a code typed in elsewhere signs the user in, and the session is given back at the end",
  () =>
    Effect.gen(function*() {
      const { issuer, requests } = yield* serve([{
        client_id: "cli",
        application_type: "native",
        token_endpoint_auth_method: "none",
        grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
        response_types: [],
        redirect_uris: []
      }])
      const said = yield* Effect.promise(() =>
        run("device-code", { ISSUER: issuer, API_URL: issuer, CLIENT_ID: "cli" }, (line) => {
          const [, url, code] = /^Open (\S+) and type (\S+)$/.exec(line) ?? []
          if (url !== undefined) void visit(url, { login: "ola", password: "any", user_code: code ?? "" })
        })
      )
      assert.match(said, /^Open \S+ and type \S+\n\{"sub":"ola"\}\nrevoked\n$/)
      assert.isAtLeast(requests.filter((one) => one === "POST /token").length, 1)
    }),
  120_000
)
