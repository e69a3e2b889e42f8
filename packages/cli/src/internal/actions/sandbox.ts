import { PitchpointApi } from "@effect-auth/pitchpoint/PitchpointApi"
import { PlacewiseApi } from "@effect-auth/placewise/PlacewiseApi"
import { PriavaApi } from "@effect-auth/priava/PriavaApi"
import * as PitchpointSandbox from "@effect-auth/testing/PitchpointSandbox"
import * as PlacewiseSandbox from "@effect-auth/testing/PlacewiseSandbox"
import * as PriavaSandbox from "@effect-auth/testing/PriavaSandbox"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import type * as TokenAuthority from "@effect-auth/testing/TokenAuthority"
import * as WalletAppSandbox from "@effect-auth/testing/WalletAppSandbox"
import { WalletAppApi } from "@effect-auth/wallet-app/WalletAppApi"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type * as HttpApi from "@effect/platform/HttpApi"
import type * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSwagger from "@effect/platform/HttpApiSwagger"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Http from "node:http"
import { UsageError } from "../failures.ts"
import * as Output from "../output.ts"
import type { ProviderName } from "../providers/registry.ts"

export interface Options {
  /** The first of four ports; 0: any that are free. */
  readonly port: number
  /** How long access tokens live, in seconds. */
  readonly accessLifetime: Option.Option<number>
  readonly json: boolean
}

interface Served {
  readonly provider: ProviderName
  readonly sandbox: Pick<Sandbox.Sandbox, "app">
  readonly contract: ReturnType<typeof contractOf>
  readonly flags: Readonly<Record<string, string>>
  /** The input of `sign-in --stdin`, in its order. All values are made up. */
  readonly secrets: Readonly<Record<string, string>>
  /** A call to try. */
  readonly call: string
}

/** The page sends its requests to the sandbox that served it. */
const contractOf = <Id extends string, Groups extends HttpApiGroup.HttpApiGroup.Any, E, R>(
  api: HttpApi.HttpApi<Id, Groups, E, R>
) => {
  const local = api.annotate(OpenApi.Servers, [{ url: "/" }])
  return {
    document: OpenApi.fromApi(local),
    // A router of its own: the memory of layers is shared, and with it all pages would be routes of one router.
    page: HttpLayerRouter.toHttpEffect(HttpApiSwagger.layerHttpLayerRouter({ api: local, path: "/docs" })).pipe(
      Effect.provideServiceEffect(Layer.CurrentMemoMap, Layer.makeMemoMap)
    )
  }
}

const sandboxes = Effect.fnUntraced(function*(tokens: TokenAuthority.Options) {
  const { clients: [client], ...priava } = PriavaSandbox.defaults
  const { members: [member], ...placewise } = PlacewiseSandbox.defaults
  const [service] = PitchpointSandbox.defaults.users
  const [user] = WalletAppSandbox.defaults.users
  const served: ReadonlyArray<Served> = [
    {
      provider: "placewise",
      sandbox: yield* PlacewiseSandbox.make({ tokens }),
      contract: contractOf(PlacewiseApi),
      flags: { club: placewise.club, "product-name": placewise.productNames[0], email: member.email },
      secrets: { "client-token": placewise.clientToken, password: member.password },
      call: "GET /members/me/rewards-program/status"
    },
    {
      provider: "priava",
      sandbox: yield* PriavaSandbox.make({ tokens: { ...priava.tokens, ...tokens } }),
      contract: contractOf(PriavaApi),
      flags: { region: priava.region, "client-id": client.id, "redirect-uri": client.redirectUri },
      secrets: { "client-secret": client.secret, code: client.codes[0] },
      call: "POST /v2/contact/get --data '{}'"
    },
    {
      provider: "pitchpoint",
      sandbox: yield* PitchpointSandbox.make({ tokens }),
      contract: contractOf(PitchpointApi),
      flags: { username: service.username },
      secrets: { password: service.password },
      call: "POST /riskinsight-services-ws/resources/v1/orders/query"
    },
    {
      provider: "wallet-app",
      sandbox: yield* WalletAppSandbox.make({ tokens }),
      contract: contractOf(WalletAppApi),
      flags: { email: user.email, permissions: "brands.get,members.get" },
      secrets: { password: user.password },
      call: "GET /brands"
    }
  ]
  return served
})

/** The sandbox, and beside it the page (`/docs`) and the document (`/openapi.json`) of its contract. */
const withDocs = Effect.fnUntraced(function*({ contract, sandbox }: Served) {
  const page = yield* contract.page
  const document = HttpServerResponse.unsafeJson(contract.document)
  const app: HttpApp.Default = Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
    switch (request.method === "GET" ? request.url.split("?")[0] : undefined) {
      case "/docs":
        return Effect.orElseSucceed(Effect.scoped(page), () => HttpServerResponse.empty({ status: 404 }))
      case "/openapi.json":
        return Effect.succeed(document)
      default:
        return sandbox.app
    }
  })
  return { app }
})

const serve = Effect.fnUntraced(function*(served: Served, port: number) {
  const server = yield* Layer.build(NodeHttpServer.layerServer(Http.createServer, { port, host: "127.0.0.1" })).pipe(
    Effect.mapError(() => new UsageError({ message: `port ${port} of 127.0.0.1 can't be used` }))
  )
  return yield* Effect.provide(Sandbox.serve(yield* withDocs(served)), server)
})

const quoted = (text: string): string => /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

const signInLine = ({ flags, provider, secrets }: Served, url: string): string => {
  const lines = Object.values(secrets).map(quoted).join(" ")
  const all = Object.entries({ host: url, ...flags }).map(([name, value]) => `--${name} ${quoted(value)}`).join(" ")
  return `printf '%s\\n' ${lines} | effect-auth sign-in ${provider} ${all} --stdin`
}

const asText = (served: Served, url: string): string =>
  [
    `${served.provider.padEnd(10)}  ${url}   API: ${url}/docs   OpenAPI: ${url}/openapi.json`,
    ...Object.entries(served.secrets).map(([name, secret]) => `            ${name}: ${secret}`),
    `            ${signInLine(served, url)}`,
    `            effect-auth call ${served.provider} ${served.call}`
  ].join("\n")

const asJson = (served: Served, url: string) => ({
  provider: served.provider,
  url,
  docs: `${url}/docs`,
  openapi: `${url}/openapi.json`,
  flags: { host: url, ...served.flags },
  secrets: served.secrets,
  signIn: signInLine(served, url),
  call: `effect-auth call ${served.provider} ${served.call}`
})

const tokensOf = (lifetime: Option.Option<number>): TokenAuthority.Options =>
  Option.match(lifetime, {
    onNone: () => ({}),
    onSome: (seconds) => ({ accessLifetime: Duration.seconds(seconds) })
  })

/** Serves the four sandboxes until it is interrupted. */
export const run = (options: Options) =>
  Effect.scoped(Effect.gen(function*() {
    const all = yield* sandboxes(tokensOf(options.accessLifetime))
    const addresses = yield* Effect.forEach(all, (served, index) =>
      Effect.map(
        serve(served, options.port === 0 ? 0 : options.port + index),
        (url) => ({ served, url })
      ))
    yield* Output.print({
      text: addresses.map(({ served, url }) => asText(served, url)).join("\n\n"),
      json: addresses.map(({ served, url }) => asJson(served, url))
    }, options.json)
    yield* Output.say("Four servers for trying things out; all names and secrets are made up. Ctrl-C ends them.")
    return yield* Effect.never
  }))
