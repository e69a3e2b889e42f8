/** The keeper as an entity of @effect/cluster, for programs that run a cluster already. */
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import * as Callers from "@effect-auth/remote/Callers"
import * as Rpcs from "@effect-auth/remote/SessionRpcs"
import * as SessionServer from "@effect-auth/remote/SessionServer"
import * as Entity from "@effect/cluster/Entity"
import * as Headers from "@effect/platform/Headers"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

// #region entity
/** One entity for each account. Never annotate these calls as `Persisted`: the cluster would write tokens to its database. */
export const Sessions = Entity.fromRpcGroup(
  "Sessions",
  RpcGroup.make(Rpcs.AccessToken, Rpcs.Renew, Rpcs.Refresh, Rpcs.GetState)
)

/** Every member of a cluster can send to every entity, so the members are one caller. */
export const layer = <Credentials>(provider: AuthProvider<Credentials>) =>
  Sessions.toLayer(
    Effect.gen(function*() {
      const sessions = yield* AuthSessions.make(provider)
      const { bearer, digest } = yield* Callers.makeBearer
      const member: Callers.Caller = {
        name: "the cluster",
        bearers: [digest],
        accounts: "all",
        operations: ["read", "refresh"]
      }
      const kept = yield* SessionServer.fromSessions(sessions)
      // Its caller is made here, so nothing of its settings can be wrong.
      const keeper = yield* Effect.orDie(SessionServer.handlers([kept], { callers: [member] }))
      const asked = { headers: Headers.fromInput({ authorization: `Bearer ${Redacted.value(bearer)}` }) }
      return Sessions.of({
        AccessToken: ({ payload }) => keeper.AccessToken(payload, asked),
        Renew: ({ payload }) => keeper.Renew(payload, asked),
        Refresh: ({ payload }) => keeper.Refresh(payload, asked),
        State: ({ payload }) => keeper.State(payload, asked)
      })
    }),
    { concurrency: "unbounded" }
  )
// #endregion entity
