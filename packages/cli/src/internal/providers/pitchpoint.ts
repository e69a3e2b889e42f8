import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as ProviderLayers from "@effect-auth/core/ProviderLayers"
import * as PitchpointAuth from "@effect-auth/pitchpoint/PitchpointAuth"
import * as Effect from "effect/Effect"
import { type Connect, onDemand } from "./connection.ts"

export const connect: Connect = Effect.fnUntraced(function*({ account, credential, options, refresh = onDemand }) {
  const settings: PitchpointAuth.Settings = {
    host: options["host"],
    username: options["username"] ?? "",
    alias: options["alias"]
  }
  const auth = yield* ProviderLayers.makeSession(PitchpointAuth.provider, settings, {
    account,
    refresh,
    credentials: credential === undefined ? undefined : Effect.succeed({ password: credential })
  })
  return {
    auth,
    client: yield* AuthHttpClient.fromSession(auth, { redirects: 5 }),
    signIn: (password) => auth.signIn({ password })
  }
})
