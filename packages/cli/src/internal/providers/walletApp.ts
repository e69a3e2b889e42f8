import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as WalletAppAuth from "@effect-auth/wallet-app/WalletAppAuth"
import * as Effect from "effect/Effect"
import { type Connect, onDemand } from "./connection.ts"

export const connect: Connect = Effect.fnUntraced(function*({ account, credential, options, refresh = onDemand }) {
  const settings: WalletAppAuth.Settings = {
    host: options["host"],
    email: options["email"] ?? "",
    permissions: (options["permissions"] ?? "").split(",").map((one) => one.trim()).filter((one) => one !== "")
  }
  const auth = yield* WalletAppAuth.make(settings, {
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
