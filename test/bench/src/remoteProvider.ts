/** A provider without a network, whose tokens are as long as those of real servers. */
import type { AuthProvider, TokenResponse } from "@effect-auth/core/AuthProvider"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

export const makeProvider = (): AuthProvider<string> => {
  let issued = 0
  const issue = Effect.sync((): TokenResponse => {
    issued++
    return {
      accessToken: Redacted.make(`${process.pid}-${issued}-${"a".repeat(800)}`),
      refreshToken: Redacted.make(`${process.pid}-${issued}-${"r".repeat(200)}`),
      expiresIn: 3_600
    }
  })
  return {
    name: "bench",
    realm: "remote",
    origins: ["https://api.example.com"],
    rotation: "rotating",
    rejection: { statuses: [401] },
    signIn: () => issue,
    refresh: () => issue
  }
}
