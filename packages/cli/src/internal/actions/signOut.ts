import * as Effect from "effect/Effect"
import * as accounts from "../accounts.ts"
import type * as Output from "../output.ts"
import { withProgress } from "../progress.ts"
import * as session from "../session.ts"

const words = {
  revoked: "signed out, and the tokens are revoked",
  failed: "signed out here; the server could not be told, so its tokens live on to their end",
  unsupported: "signed out here; the provider can't be told, so its tokens live on to their end",
  "nothing-to-revoke": "signed out"
} as const

export const run = (which: session.Which & { readonly forget: boolean }) =>
  session.use(which, "sign-out", ({ account, auth, home }) =>
    Effect.gen(function*() {
      const revocation = yield* auth.signOut.pipe(withProgress(`${account.provider}: signing out`))
      if (which.forget) yield* accounts.remove(home, account)
      const result: Output.Result = {
        text: `${account.provider} ${account.account}: ${words[revocation]}`,
        json: { provider: account.provider, account: account.account, revocation, forgotten: which.forget }
      }
      return result
    }))
