import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as ProviderLayers from "@effect-auth/core/ProviderLayers"
import { TenantRegion } from "@effect-auth/priava/PriavaApi"
import * as PriavaAuth from "@effect-auth/priava/PriavaAuth"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { UsageError } from "../failures.ts"
import { type Connect, onDemand } from "./connection.ts"

const isRegion = Schema.is(TenantRegion)

export const connect: Connect = Effect.fnUntraced(
  function*({ account, credential, options, refresh = onDemand, secrets }) {
    const region = options["region"]
    if (!isRegion(region)) return yield* new UsageError({ message: "--region is APAC, EU or US" })
    const settings: PriavaAuth.Settings = {
      host: options["host"],
      region,
      clientId: options["client-id"] ?? "",
      clientSecret: secrets["client-secret"] ?? Redacted.make(""),
      redirectUri: options["redirect-uri"] ?? "",
      tokenUrl: options["token-url"]
    }
    const auth = yield* ProviderLayers.makeSession(PriavaAuth.provider, settings, {
      account,
      refresh,
      credentials: credential === undefined ? undefined : Effect.succeed({ code: credential })
    })
    return {
      auth,
      client: yield* AuthHttpClient.fromSession(auth, { redirects: 5 }),
      signIn: (code) => auth.signIn({ code })
    }
  }
)
