/**
 * A Placewise server on a loopback socket that punishes reuse, in the process of the test, so that no kill takes its log
 * away. It notes who presented which refresh token when, and can hold an answer back.
 */
import * as PlacewiseSandbox from "@effect-auth/testing/PlacewiseSandbox"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import type { ReusePolicy } from "@effect-auth/testing/TokenAuthority"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Http from "node:http"
import { headers } from "./protocol.ts"

/** One presentation of a refresh token. */
export interface Spend {
  /** Which pair the token belongs to: each refresh token of a rotating server has a number of its own. */
  readonly token: number
  readonly worker: string
  readonly exchange: string
  /** By the clock of the worker, when it made the request. */
  readonly sentAt: number
  /** When the server looked at the token. */
  readonly at: number
  /** The number of the pair that was issued for it. */
  issued?: number
}

export interface Pair {
  readonly number: number
  readonly member: string
  /** When its request was sent, by the client's clock: from then on the client counts its life. */
  readonly askedAt: number
  readonly issuedAt: number
  /** The pair before, if it was refreshed. */
  readonly from: number | undefined
}

export interface StrictServer {
  readonly url: string
  readonly sandbox: PlacewiseSandbox.Service
  readonly spends: ReadonlyArray<Spend>
  readonly pairs: ReadonlyMap<number, Pair>
  /** Milliseconds. */
  readonly lifetime: () => number
  /** Of tokens that are issued from now on; seconds. */
  readonly setLifetime: (seconds: number) => Effect.Effect<void>
  /** Called at each refresh once the server has decided, before the answer leaves; may hold it back. */
  readonly onRefresh: (react: (spend: Spend) => Effect.Effect<void>) => Effect.Effect<void>
  /** Milliseconds that an exchange takes at most, before and after the server looks at the token. */
  readonly slowDown: (before: number, after: number) => Effect.Effect<void>
}

const numberOf = (described: string): number => Number(described.split(" ")[1] ?? 0)

const textOf = (response: HttpServerResponse.HttpServerResponse): string =>
  response.body._tag === "Uint8Array" ? new TextDecoder().decode(response.body.body) : ""

const fieldOf = (text: string, name: string): string | undefined => {
  try {
    const value = (JSON.parse(text) as Record<string, unknown>)[name]
    return typeof value === "string" ? value : undefined
  } catch {
    return undefined
  }
}

const random = (most: number) => Effect.sleep(Math.random() * most)

export const members = (count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => `member-${index + 1}`)

export const startServer = Effect.fnUntraced(function*(options: {
  readonly accounts: ReadonlyArray<string>
  /** Seconds. */
  readonly lifetime: number
  readonly reuse: ReusePolicy
}) {
  const sandbox = yield* PlacewiseSandbox.make({
    members: options.accounts.map((account) => ({
      id: Number(account.replace("member-", "")),
      password: "correct horse",
      balance: 1
    })),
    tokens: { accessLifetime: options.lifetime * 1000, reuse: options.reuse }
  })
  let lifetime = options.lifetime * 1000
  const spends: Array<Spend> = []
  const pairs = new Map<number, Pair>()
  let react: (spend: Spend) => Effect.Effect<void> = () => Effect.void
  let slow = { before: 0, after: 0 }

  const note = (response: HttpServerResponse.HttpServerResponse, askedAt: number, from: number | undefined) => {
    const access = fieldOf(textOf(response), "access_token")
    if (response.status !== 200 || access === undefined) return undefined
    const number = numberOf(sandbox.authority.describe(access))
    const owner = /"resource_owner_id":(\d+)/.exec(textOf(response))?.[1] ?? ""
    pairs.set(number, { number, member: `member-${owner}`, askedAt, issuedAt: Date.now(), from })
    return number
  }

  const app: HttpApp.Default = Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    if (!request.url.endsWith("/oauth/token")) return yield* sandbox.app
    const sentAt = Number(request.headers[headers.sentAt])
    const refreshToken = fieldOf(yield* Effect.orElseSucceed(request.text, () => ""), "refresh_token")
    if (refreshToken === undefined) {
      return yield* Effect.tap(sandbox.app, (response) => note(response, sentAt, undefined))
    }
    yield* random(slow.before)
    const spend: Spend = {
      token: numberOf(sandbox.authority.describe(refreshToken)),
      worker: request.headers[headers.worker] ?? "",
      exchange: request.headers[headers.exchange] ?? "",
      sentAt,
      at: Date.now()
    }
    spends.push(spend)
    // A client that leaves does not undo what it asked for.
    const response = yield* Effect.uninterruptible(Effect.map(sandbox.app, (response) => {
      const issued = note(response, sentAt, spend.token)
      if (issued !== undefined) spend.issued = issued
      return response
    }))
    yield* react(spend)
    yield* random(slow.after)
    return response
  })

  const server = yield* Layer.build(NodeHttpServer.layerServer(Http.createServer, { port: 0, host: "127.0.0.1" }))
  const url = yield* Effect.provide(Sandbox.serve({ app }), server)
  return {
    url,
    sandbox,
    spends,
    pairs,
    lifetime: () => lifetime,
    setLifetime: (seconds) => {
      lifetime = seconds * 1000
      return sandbox.authority.configure({ accessLifetime: lifetime })
    },
    onRefresh: (next) =>
      Effect.sync(() => {
        react = next
      }),
    slowDown: (before, after) =>
      Effect.sync(() => {
        slow = { before, after }
      })
  } satisfies StrictServer as StrictServer
})
