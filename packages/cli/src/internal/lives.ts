/** How long a token lives. */
import type { AccessToken } from "@effect-auth/core/AccessToken"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** In seconds, as token endpoints do; `null`: no end is known. */
export const described = (token: Pick<AccessToken, "expiresAt">) =>
  Effect.map(Clock.currentTimeMillis, (now) => ({
    expiresAt: Number.isFinite(token.expiresAt) ? token.expiresAt : null,
    expiresIn: Number.isFinite(token.expiresAt) ? Math.floor((token.expiresAt - now) / 1000) : null
  }))
