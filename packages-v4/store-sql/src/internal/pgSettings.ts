/**
 * Checks the settings of PostgreSQL. Without this, the driver would use some wrong texts as a host name and look them
 * up in the network.
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { PoolConfig } from "pg"
import type { Options } from "../PostgresTokenStore.ts"
import * as checks from "./checks.ts"
import { ofStore } from "./failures.ts"

export interface Settings {
  readonly pool: PoolConfig
  /** The table with its schema, so that `search_path` is not used. */
  readonly table: string
  /** Milliseconds. */
  readonly statementTimeout: number
}

const names: { readonly [K in keyof Required<Options>]: true } = {
  url: true,
  host: true,
  port: true,
  database: true,
  username: true,
  password: true,
  ssl: true,
  applicationName: true,
  table: true,
  maxConnections: true,
  connectTimeout: true,
  statementTimeout: true
}

const isSocket = (value: unknown): value is string => checks.isText(value) && value.startsWith("/")

const isHost = (value: unknown): value is string => isSocket(value) || checks.isHost(value)

const isSsl = (value: unknown): value is NonNullable<Options["ssl"]> =>
  typeof value === "boolean" || Predicate.isObject(value)

const sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full", "no-verify"]

/** The settings of TLS that the driver knows. */
const tlsNames = ["ssl", "sslmode", "sslcert", "sslkey", "sslrootcert", "sslnegotiation", "uselibpqcompat"]

const isAboutTls = (name: string): boolean => /^(ssl|gss|uselibpqcompat)/i.test(name)

const isEscaped = (text: string): boolean => !/%(?![0-9a-f]{2})/i.test(text)

/** The first fault of an address. */
const faultOf = (text: string, url: URL | undefined): string | undefined => {
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol)) {
    return "not of the form postgres://user:password@host:port/database; escape / ? # @ % : in a password"
  }
  if (!isEscaped(text)) return "a percent sign must be written as %25"
  const host = url.searchParams.get("host") ?? decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, "$1")
  if (!isHost(host)) return "the host is missing or not a valid name"
  const port = url.searchParams.get("port")
  if (url.port === "0" || (port !== null && !checks.isPort(Number(port)))) return "its port must be from 1 to 65535"
  if (url.hash !== "" || /^\/.*\//.test(url.pathname)) {
    return "its path must be the name of one database; escape / and #"
  }
  const given = [...url.searchParams.keys()]
  if (given.length > new Set(given).size) return "after ? each name is allowed once"
  // The driver would ignore a misspelt name, and send everything in clear.
  if (given.some((name) => isAboutTls(name) && !tlsNames.includes(name))) {
    return `after ? only these names of TLS are allowed: ${tlsNames.join(", ")}`
  }
  const is = (name: string, right: ReadonlyArray<string>) => right.includes(url.searchParams.get(name) ?? right[0]!)
  if (!is("sslmode", sslModes)) return `its sslmode must be one of ${sslModes.join(", ")}`
  // The driver would throw while it connects if `ssl` had another text.
  if (!is("ssl", ["true", "1", "0", "no-verify"])) {
    return "its ssl must be true, 1, 0, or no-verify (this does not check the certificate)"
  }
  if (!is("sslnegotiation", ["postgres", "direct"])) return "its sslnegotiation must be postgres or direct"
  return undefined
}

/** `options` complete the address. Two hosts are an error. */
const addressOf = (text: string, options: Options, password: string | undefined): checks.Checked<string> => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const fault = faultOf(text, url)
  if (url === undefined || fault !== undefined) return Result.fail(`url: ${fault}`)
  if (options.host !== undefined || options.port !== undefined) {
    return Result.fail("host, port: the url has them already; give them once")
  }
  // In the driver the settings of the URL would replace the option.
  if (options.ssl !== undefined && [...url.searchParams.keys()].some(isAboutTls)) {
    return Result.fail("ssl: the url has settings of TLS already (ssl…, uselibpqcompat); give them in one place")
  }
  if (options.username !== undefined) url.username = encodeURIComponent(options.username)
  if (password !== undefined) url.password = encodeURIComponent(password)
  if (options.database !== undefined) url.pathname = `/${encodeURIComponent(options.database)}`
  return Result.succeed(url.href)
}

const read = (options: Options): checks.Checked<Settings> =>
  Result.gen(function*() {
    yield* checks.known(options, Object.keys(names))
    const host = yield* checks.optional(
      "host",
      options.host,
      isHost,
      "give a host name, an address or a socket; a URL goes into url"
    )
    const port = yield* checks.optional("port", options.port, checks.isPort, "give a whole number from 1 to 65535")
    const database = yield* checks.optional(
      "database",
      options.database,
      checks.isText,
      "give a text that is not empty"
    )
    const user = yield* checks.optional("username", options.username, checks.isText, "give a text that is not empty")
    const password = yield* checks.hidden("password", options.password)
    const ssl = yield* checks.optional("ssl", options.ssl, isSsl, "give true, false or an object of tls options")
    const max = yield* checks.optional(
      "maxConnections",
      options.maxConnections,
      checks.isCount,
      "give a whole number from 1 to 1000"
    )
    const name = yield* checks.optional(
      "applicationName",
      options.applicationName,
      checks.isText,
      "give a text that is not empty"
    )
    const table = yield* checks.table(options.table)
    const text = yield* checks.hidden("url", options.url)
    const connectionString = text === undefined ? undefined : yield* addressOf(text, options, password)
    return {
      pool: {
        keepAlive: true,
        max: max ?? 4,
        connectionTimeoutMillis: yield* checks.millis("connectTimeout", options.connectTimeout, 5_000),
        application_name: name ?? "@effect-auth/store-sql",
        ...(connectionString === undefined
          ? {
            ...(host === undefined ? {} : { host }),
            ...(port === undefined ? {} : { port }),
            ...(database === undefined ? {} : { database }),
            ...(user === undefined ? {} : { user }),
            ...(password === undefined ? {} : { password })
          }
          : { connectionString }),
        ...(ssl === undefined ? {} : { ssl })
      },
      table: table.includes(".") ? table : `public.${table}`,
      statementTimeout: yield* checks.millis("statementTimeout", options.statementTimeout, 5_000)
    }
  })

export const readSettings = (options: Options): Effect.Effect<Settings, TokenStoreError> =>
  Effect.mapError(
    Effect.fromResult(read(options)),
    (detail) => ofStore("postgresql", "open", { reason: "misconfigured", detail })()
  )
