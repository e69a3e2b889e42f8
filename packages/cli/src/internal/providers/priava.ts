import { TenantRegion } from "@effect-auth/priava/PriavaApi"
import * as PriavaAuth from "@effect-auth/priava/PriavaAuth"
import * as PriavaClient from "@effect-auth/priava/PriavaClient"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { UsageError } from "../failures.ts"
import { type Connect, refresh } from "./connection.ts"

const isRegion = Schema.is(TenantRegion)

export const connect: Connect = Effect.fnUntraced(function*({ account, credential, options, secrets }) {
  const region = options["region"]
  if (!isRegion(region)) return yield* new UsageError({ message: "--region is APAC, EU or US" })
  const data: PriavaAuth.Data = {
    host: options["host"],
    region,
    clientId: options["client-id"] ?? "",
    clientSecret: secrets["client-secret"] ?? Redacted.make(""),
    redirectUri: options["redirect-uri"] ?? "",
    tokenUrl: options["token-url"]
  }
  const auth = yield* PriavaAuth.make({
    ...data,
    account,
    refresh,
    credentials: credential === undefined ? undefined : Effect.succeed({ code: credential })
  })
  return {
    auth,
    client: yield* PriavaClient.fromAuthService(auth, data, { redirects: 5 }),
    signIn: (code) => auth.signIn({ code })
  }
})
