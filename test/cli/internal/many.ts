/** A store of many accounts, written as the program writes it. */
import * as EncryptedTokenStore from "@effect-auth/core/EncryptedTokenStore"
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import { TokenStore } from "@effect-auth/core/TokenStore"
import * as SqliteTokenStore from "@effect-auth/store-sql/SqliteTokenStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as accounts from "../../../packages/cli/src/internal/accounts.ts"
import { locate, prepare } from "../../../packages/cli/src/internal/home.ts"
import * as keys from "../../../packages/cli/src/internal/keys.ts"

/** Signs in that many accounts of pitchpoint, without a server. */
export const fill = (folder: string, count: number) =>
  Effect.gen(function*() {
    const home = yield* locate(Option.some(folder))
    yield* prepare(home)
    const all = yield* keys.all(home)
    const sealed = EncryptedTokenStore.layer(all, { clear: "refuse" }).pipe(
      Layer.provide(SqliteTokenStore.layer({ filename: home.database }))
    )
    const names = Array.from({ length: count }, (_, index) => `account-${String(index).padStart(5, "0")}`)
    yield* Effect.forEach(names, (account) =>
      accounts.write(home, {
        format: 1,
        provider: "pitchpoint",
        account,
        realm: "example.com/service",
        options: { username: "service@example.com" },
        sealed: {},
        signedIn: true
      }), { concurrency: 8 })
    yield* Effect.flatMap(TokenStore, (store) =>
      Effect.forEach(names, (account) => {
        const key = { provider: "pitchpoint", realm: "example.com/service", account }
        return store.compareAndSet(key, 0, {
          ...SessionRecord.empty(key),
          session: account,
          generation: 1,
          state: { _tag: "active" },
          commitId: account,
          tokens: { accessToken: Redacted.make(`token-of-${account}`), obtainedAt: Date.now(), lifetime: 3_600_000 }
        })
      })).pipe(Effect.provide(sealed))
  })
