/**
 * Checks the settings of MySQL. Without this, the driver would use some wrong texts as a host name and look them up in
 * the network.
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import { isIP } from "node:net"
import type { Options } from "../MysqlTokenStore.ts"
import * as checks from "./checks.ts"
import { ofStore } from "./failures.ts"

export interface Settings {
  readonly host: string
  readonly port: number
  readonly socketPath: string | undefined
  readonly database: string
  readonly user: string
  readonly password: string | undefined
  readonly ssl: Options["ssl"]
  readonly maxConnections: number
  readonly table: string
  /** Milliseconds; so are the two below. */
  readonly connectTimeout: number
  readonly statementTimeout: number
  readonly pollInterval: number
}

const names: { readonly [K in keyof Required<Options>]: true } = {
  url: true,
  host: true,
  port: true,
  socketPath: true,
  database: true,
  username: true,
  password: true,
  ssl: true,
  table: true,
  maxConnections: true,
  connectTimeout: true,
  statementTimeout: true,
  pollInterval: true
}

interface Address {
  readonly host: string
  readonly port: number | undefined
  readonly username: string | undefined
  readonly password: string | undefined
  readonly database: string | undefined
}

const unescaped = (text: string): string | undefined => text === "" ? undefined : decodeURIComponent(text)

const form = "not of the form mysql://user:password@host:port/database; escape / ? # @ % : in a password"

const addressOf = (text: string): checks.Checked<Address> => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^(mysql|mariadb):$/.test(url.protocol)) return Either.left(`url: ${form}`)
  if (/%(?![0-9a-f]{2})/i.test(text)) return Either.left("url: a percent sign must be written as %25")
  const host = decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, "$1")
  if (!checks.isHost(host)) return Either.left("url: the host is missing or not a valid name")
  if (url.port === "0") return Either.left("url: its port must be from 1 to 65535")
  if (url.hash !== "" || /^\/.*\//.test(url.pathname)) {
    return Either.left("url: its path must be the name of one database; escape / and #")
  }
  if (url.search !== "") return Either.left("url: settings after ? are not supported; use the options (ssl)")
  return Either.right({
    host,
    port: url.port === "" ? undefined : Number(url.port),
    username: unescaped(url.username),
    password: unescaped(url.password),
    database: unescaped(url.pathname.slice(1))
  })
}

const isSsl = (value: unknown): value is NonNullable<Options["ssl"]> =>
  typeof value === "boolean" || Predicate.isRecord(value)

/** Whether the certificate of the server must have the name of the host. */
const isVerified = (ssl: Options["ssl"]): boolean =>
  ssl === true || (Predicate.isRecord(ssl) && ssl.rejectUnauthorized !== false && ssl.verifyIdentity !== false)

/** An `address` is a host that is perhaps no name. */
const sslOf = (ssl: Options["ssl"], address: string | undefined): checks.Checked<Options["ssl"]> =>
  address !== undefined && isVerified(ssl) && isIP(address) !== 0
    ? Either.left(
      "ssl: the driver can't check a certificate for an address: give the name of the host, or { verifyIdentity: false }"
    )
    : checks.optional("ssl", ssl, isSsl, "give true, false or an object of tls options")

const isSocket = (value: unknown): value is string => checks.isText(value) && value.startsWith("/")

const read = (options: Options): checks.Checked<Settings> =>
  Either.gen(function*() {
    yield* checks.known(options, Object.keys(names))
    const text = yield* checks.hidden("url", options.url)
    const address = text === undefined ? undefined : yield* addressOf(text)
    if (address !== undefined && (options.host !== undefined || options.port !== undefined)) {
      return yield* Either.left("host, port: the url has them already; give them once")
    }
    const host = yield* checks.optional(
      "host",
      options.host,
      checks.isHost,
      "give a host name or an address; a URL goes into url"
    )
    const port = yield* checks.optional("port", options.port, checks.isPort, "give a whole number from 1 to 65535")
    const socketPath = yield* checks.optional("socketPath", options.socketPath, isSocket, "no absolute path")
    if (socketPath !== undefined && (address ?? host ?? port) !== undefined) {
      return yield* Either.left("socketPath: give either socketPath, or host or url")
    }
    const target = host ?? address?.host ?? "127.0.0.1"
    const database = yield* checks.optional(
      "database",
      options.database,
      checks.isText,
      "give a text that is not empty"
    )
    const username = yield* checks.optional(
      "username",
      options.username,
      checks.isText,
      "give a text that is not empty"
    )
    const password = yield* checks.hidden("password", options.password)
    const user = username ?? address?.username
    const chosen = database ?? address?.database
    if (user === undefined) return yield* Either.left("username: give one, here or in the url")
    if (chosen === undefined) return yield* Either.left("database: give one, here or in the url")
    return {
      host: target,
      port: port ?? address?.port ?? 3306,
      socketPath,
      database: chosen,
      user,
      password: password ?? address?.password,
      ssl: yield* sslOf(options.ssl, socketPath === undefined ? target : undefined),
      maxConnections: (yield* checks.optional(
        "maxConnections",
        options.maxConnections,
        checks.isCount,
        "give a whole number from 1 to 1000"
      )) ?? 4,
      table: yield* checks.table(options.table),
      connectTimeout: yield* checks.millis("connectTimeout", options.connectTimeout, 5_000),
      statementTimeout: yield* checks.millis("statementTimeout", options.statementTimeout, 5_000),
      pollInterval: yield* checks.millis("pollInterval", options.pollInterval, 500)
    }
  })

export const readSettings = (options: Options): Effect.Effect<Settings, TokenStoreError> =>
  Effect.mapError(read(options), (detail) => ofStore("mysql", "open", { reason: "misconfigured", detail })())

/**
 * For mysql2, whose `ssl` is an object. It checks the name in the certificate only if it is asked to. A socket has no
 * name; mysql2 would check for `localhost`.
 */
export const driverOptions = (settings: Settings) => {
  const { connectTimeout, database, host, password, port, socketPath, ssl, user } = settings
  return {
    ...(socketPath === undefined ? { host, port } : { socketPath }),
    database,
    user,
    ...(password === undefined ? {} : { password }),
    ...(ssl === undefined || ssl === false
      ? {}
      : { ssl: { verifyIdentity: socketPath === undefined, ...(ssl === true ? {} : ssl) } }),
    connectTimeout,
    charset: "utf8mb4",
    enableKeepAlive: true,
    keepAliveInitialDelay: 10_000
  }
}
