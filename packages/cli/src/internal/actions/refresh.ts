import * as Effect from "effect/Effect"
import * as Output from "../output.ts"
import { withProgress } from "../progress.ts"
import * as session from "../session.ts"
import { described } from "./token.ts"

export const run = (which: session.Which) =>
  session.use(which, "refresh", ({ account: { account, provider }, auth }) =>
    auth.refresh.pipe(
      withProgress(`${provider}: refreshing`),
      Effect.flatMap(described),
      Effect.map((life): Output.Result => ({
        text: `${provider} ${account}: refreshed, ${Output.left(life.expiresIn)}`,
        json: { provider, account, ...life }
      }))
    ))
