/** panva's oidc-provider on a loopback port: rotation, and the whole grant revoked when a refresh token comes twice. */
import * as Effect from "effect/Effect"
import * as Http from "node:http"
import Provider from "oidc-provider"
import { listen } from "../support/loopback.ts"
import { headers } from "../support/processes/protocol.ts"
import type { Pair, Spend } from "../support/processes/strictServer.ts"

/** What the test uses of it; the package brings no types. */
interface Issuer {
  readonly Grant: new(
    of: object
  ) => { readonly addOIDCScope: (scope: string) => void; readonly save: () => Promise<string> }
  readonly RefreshToken: new(of: object) => { readonly save: () => Promise<string> }
  readonly AccessToken: new(of: object) => { readonly save: () => Promise<string> }
  readonly Client: { readonly find: (id: string) => Promise<object> }
  readonly callback: () => Http.RequestListener
  readonly on: (event: string, heard: (...of: ReadonlyArray<unknown>) => void) => void
  readonly use: (layer: (context: Context, next: () => Promise<void>) => Promise<void>) => void
}

interface Context {
  readonly path: string
  readonly body: { readonly refresh_token?: string } | undefined
  readonly oidc: { readonly params?: { readonly refresh_token?: string } }
  readonly get: (header: string) => string
}

const random = (most: number) => new Promise((resolve) => setTimeout(resolve, Math.random() * most))

/** Notes who presented which refresh token when, and what was issued for it. Texts become numbers, in their order. */
const makeLedger = () => {
  const spends: Array<Spend> = []
  const pairs = new Map<number, Pair>()
  const numbers = new Map<string, number>()
  const add = (text: string, askedAt: number, from: number | undefined) => {
    const number = numbers.size + 1
    numbers.set(text, number)
    pairs.set(number, { number, member: "default", askedAt, issuedAt: Date.now(), from })
    return number
  }
  const note = (context: Context, at: number): Spend | undefined => {
    const token = numbers.get(context.oidc.params?.refresh_token ?? "")
    if (token === undefined) return undefined
    const spend: Spend = {
      token,
      worker: context.get(headers.worker),
      exchange: context.get(headers.exchange),
      sentAt: Number(context.get(headers.sentAt)),
      at
    }
    const next = context.body?.refresh_token
    if (next !== undefined) spend.issued = add(next, spend.sentAt, token)
    spends.push(spend)
    return spend
  }
  return { spends, pairs, add, note }
}

const scope = "openid offline_access"

export interface Options {
  /** Milliseconds that an exchange takes at most, before and after the server decides. Default: none. */
  readonly slow?: readonly [before: number, after: number]
  /** Told of each refresh once the server has decided, before the answer leaves. */
  readonly onRefresh?: (spend: Spend) => void
}

/** `lifetime`: of access tokens, in seconds. */
export const startOidcServer = (lifetime: number, { onRefresh, slow = [0, 0] }: Options = {}) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = Http.createServer()
      const issuer = await listen(server)
      const provider: Issuer = new Provider(issuer, {
        clients: [{
          client_id: "app",
          token_endpoint_auth_method: "none",
          grant_types: ["authorization_code", "refresh_token"],
          response_types: ["code"],
          redirect_uris: ["http://127.0.0.1/done"]
        }],
        findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
        rotateRefreshToken: true,
        cookies: { keys: ["only for the test"] },
        ttl: { AccessToken: lifetime, RefreshToken: 3_600, Grant: 3_600, IdToken: 60, Session: 3_600, Interaction: 60 }
      })
      const seen = { exchanges: 0, refused: 0, revokedGrants: 0 }
      provider.on("grant.success", () => void seen.exchanges++)
      provider.on("grant.error", () => void seen.refused++)
      provider.on("grant.revoked", () => void seen.revokedGrants++)
      const ledger = makeLedger()
      provider.use(async (context, next) => {
        if (context.path !== "/token") return next()
        await random(slow[0])
        const at = Date.now()
        await next()
        const spend = ledger.note(context, at)
        if (spend !== undefined) onRefresh?.(spend)
        await random(slow[1])
      })
      server.on("request", provider.callback())
      /** What an authorization code would have brought. */
      const mint = Effect.promise(async () => {
        const accountId = "user-1"
        const client = await provider.Client.find("app")
        const grant = new provider.Grant({ accountId, clientId: "app" })
        grant.addOIDCScope(scope)
        const grantId = await grant.save()
        const of = { accountId, client, grantId, gty: "authorization_code", scope }
        const refreshToken = await new provider.RefreshToken(of).save()
        ledger.add(refreshToken, Date.now(), undefined)
        return { accessToken: await new provider.AccessToken(of).save(), refreshToken }
      })
      return { issuer, server, seen, mint, spends: ledger.spends, pairs: ledger.pairs }
    }),
    ({ server }) =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
  )
