import * as PitchpointAuth from "@effect-auth/pitchpoint/PitchpointAuth"
import * as PitchpointClient from "@effect-auth/pitchpoint/PitchpointClient"
import * as Effect from "effect/Effect"
import { type Connect, refresh } from "./connection.ts"

export const connect: Connect = Effect.fnUntraced(function*({ account, credential, options }) {
  const data: PitchpointAuth.Data = {
    host: options["host"],
    username: options["username"] ?? "",
    alias: options["alias"]
  }
  const auth = yield* PitchpointAuth.make({
    ...data,
    account,
    refresh,
    credentials: credential === undefined ? undefined : Effect.succeed({ password: credential })
  })
  return {
    auth,
    client: yield* PitchpointClient.fromAuthService(auth, data, { redirects: 5 }),
    signIn: (password) => auth.signIn({ password })
  }
})
