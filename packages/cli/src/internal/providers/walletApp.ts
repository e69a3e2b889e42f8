import * as WalletAppAuth from "@effect-auth/wallet-app/WalletAppAuth"
import * as WalletAppClient from "@effect-auth/wallet-app/WalletAppClient"
import * as Effect from "effect/Effect"
import { type Connect, refresh } from "./connection.ts"

export const connect: Connect = Effect.fnUntraced(function*({ account, credential, options }) {
  const data: WalletAppAuth.Data = {
    host: options["host"],
    email: options["email"] ?? "",
    permissions: (options["permissions"] ?? "").split(",").map((one) => one.trim()).filter((one) => one !== "")
  }
  const auth = yield* WalletAppAuth.make({
    ...data,
    account,
    refresh,
    credentials: credential === undefined ? undefined : Effect.succeed({ password: credential })
  })
  return {
    auth,
    client: yield* WalletAppClient.fromAuthService(auth, data, { redirects: 5 }),
    signIn: (password) => auth.signIn({ password })
  }
})
