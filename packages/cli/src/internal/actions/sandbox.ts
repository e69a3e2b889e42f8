import * as Console from "@effect-auth/console/Console"
import * as SandboxSource from "@effect-auth/console/SandboxSource"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import type * as TokenAuthority from "@effect-auth/testing/TokenAuthority"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Http from "node:http"
import { UsageError } from "../failures.ts"
import * as Output from "../output.ts"
import * as recipes from "../sandbox/recipes.ts"
import { follow } from "../sandbox/requestLog.ts"
import * as sandboxes from "../sandbox/served.ts"

type Served = sandboxes.Served

export interface Options {
  /** The first of four ports; 0: any that are free. */
  readonly port: number
  /** How long access tokens live, in seconds. */
  readonly accessLifetime: Option.Option<number>
  /** Print an env file, and nothing else, on standard output. */
  readonly env: boolean
  /** Print no line for each request. */
  readonly quiet: boolean
  readonly json: boolean
}

const consolePath = "/console"

/**
 * The sandbox, and beside it the console (`/`), the page (`/docs`) and the document (`/openapi.json`) of its contract.
 * No provider has these paths.
 */
const withPages = ({ contract, sandbox }: Served, console: Deferred.Deferred<HttpApp.Default>): HttpApp.Default =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
    const [path = ""] = request.url.split("?")
    if (path === consolePath || path.startsWith(`${consolePath}/`)) {
      const below = request.modify({ url: request.url.slice(consolePath.length) || "/" })
      return Effect.provideService(
        Effect.flatten(Deferred.await(console)),
        HttpServerRequest.HttpServerRequest,
        below
      )
    }
    switch (request.method === "GET" ? path : undefined) {
      case "/":
        return Effect.succeed(HttpServerResponse.redirect(`${consolePath}/`))
      case "/docs":
        return contract.page
      case "/openapi.json":
        return Effect.sync(() => HttpServerResponse.unsafeJson(contract.document()))
      case "/favicon.ico":
        return Effect.succeed(HttpServerResponse.empty({ status: 404 }))
      default:
        return sandbox.app
    }
  })

const serve = Effect.fnUntraced(function*(app: HttpApp.Default, port: number) {
  const server = yield* Layer.build(NodeHttpServer.layerServer(Http.createServer, { port, host: "127.0.0.1" })).pipe(
    Effect.mapError(() => new UsageError({ message: `port ${port} of 127.0.0.1 can't be used` }))
  )
  return yield* Effect.provide(Sandbox.serve({ app }), server)
})

interface Address {
  readonly served: Served
  readonly url: string
}

const asText = ({ served, url }: Address): string =>
  [
    `${served.provider.padEnd(10)}  ${url}   API: ${url}/docs   OpenAPI: ${url}/openapi.json`,
    ...Object.entries(served.secrets).map(([name, secret]) => `            ${name}: ${secret}`),
    `            ${recipes.signIn(served, url)}`,
    `            ${recipes.call(served)}`
  ].join("\n")

const asJson = ({ served, url }: Address) => ({
  provider: served.provider,
  url,
  console: `${url}${consolePath}/`,
  docs: `${url}/docs`,
  openapi: `${url}/openapi.json`,
  flags: { host: url, ...served.flags },
  secrets: served.secrets,
  signIn: recipes.signIn(served, url),
  call: recipes.call(served)
})

const tokensOf = (lifetime: Option.Option<number>): TokenAuthority.Options =>
  Option.match(lifetime, {
    onNone: () => ({}),
    onSome: (seconds) => ({ accessLifetime: Duration.seconds(seconds) })
  })

const textOf = (addresses: ReadonlyArray<Address>, options: Options): string =>
  options.env
    ? addresses.map(({ served, url }) => `# ${served.provider}\n${recipes.env(served, url)}`).join("\n\n")
    : [...addresses.map(asText), `console     ${addresses[0]?.url ?? ""}/`].join("\n\n")

/** Serves the four sandboxes until it is interrupted. */
export const run = (options: Options) =>
  Effect.scoped(Effect.gen(function*() {
    const all = yield* sandboxes.make(tokensOf(options.accessLifetime))
    const console = yield* Deferred.make<HttpApp.Default>()
    const addresses = yield* Effect.forEach(all, (served, index) =>
      Effect.map(
        serve(withPages(served, console), options.port === 0 ? 0 : options.port + index),
        (url): Address => ({ served, url })
      ))
    const sources = addresses.map(({ served, url }) =>
      SandboxSource.make(served.sandbox, { url, recipes: recipes.all(served, url), makeCode: served.makeCode })
    )
    yield* Deferred.succeed(console, yield* Console.make(sources))
    if (!options.quiet) yield* Effect.forEach(all, ({ sandbox }) => Effect.forkScoped(follow(sandbox)))
    yield* Output.print({ text: textOf(addresses, options), json: addresses.map(asJson) }, options.json)
    yield* Output.say(
      `Four servers for trying things out; all names and secrets are made up. Look at them: ${
        addresses[0]?.url ?? ""
      }/\n` +
        "Ctrl-C ends them."
    )
    return yield* Effect.never
  }))
