/** Reads and checks all settings before connecting. An error never quotes the wrong value. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { RedisOptions } from "ioredis"
import type { Options } from "../RedisTokenStore.ts"
import { misconfigured } from "./failures.ts"
import * as redisUrl from "./redisUrl.ts"

export interface Settings {
  /** Options of ioredis: the server and the user. */
  readonly client: RedisOptions
  readonly database: number
  readonly prefix: string
  readonly eviction: "refuse" | "warn"
  /** Milliseconds; so are the two below. Absent: for ever. */
  readonly timeToLive: number | undefined
  readonly commandTimeout: number
  readonly connectTimeout: number
}

type Checked<A> = Result.Result<A, string>

const names: { readonly [K in keyof Required<Options>]: true } = {
  url: true,
  host: true,
  port: true,
  username: true,
  password: true,
  database: true,
  prefix: true,
  eviction: true,
  timeToLive: true,
  commandTimeout: true,
  connectTimeout: true
}

/** An optional setting that must satisfy `isRight`. */
const optional = <A>(name: string, value: unknown, isRight: (value: unknown) => value is A, words: string) =>
  value === undefined || isRight(value) ? Result.succeed(value) : Result.fail(`${name}: ${words}`)

const isText = (value: unknown): value is string => typeof value === "string" && value !== ""

/** A secret: a text in a Redacted. An empty text counts as absent. */
const hidden = (name: string, value: unknown): Checked<string | undefined> => {
  if (value === undefined) return Result.succeed(undefined)
  const text: unknown = Redacted.isRedacted(value) ? Redacted.value(value) : undefined
  if (typeof text !== "string") {
    return Result.fail(`${name}: give a text in a Redacted (Redacted.make, Config.Redacted)`)
  }
  return Result.succeed(text === "" && name === "password" ? undefined : text)
}

/** A day: nothing here needs longer, and a timer of more than 2^31 milliseconds would fire at once. */
const longest = Duration.toMillis("1 day")

const millis = (name: keyof Options, value: unknown, otherwise: number, most = longest): Checked<number> => {
  if (value === undefined) return Result.succeed(otherwise)
  const length = Option.map(Duration.fromInput(value as Duration.Input), Duration.toMillis)
  return Option.isSome(length) && length.value >= 1 && length.value <= most
    ? Result.succeed(length.value)
    : Result.fail(
      `${name}: give a length such as "2 seconds", at least a millisecond${most === longest ? ", at most a day" : ""}`
    )
}

/** The prefix of every key. Braces would change the hash tag. */
const isPrefix = (value: unknown): value is string =>
  typeof value === "string" && /^[^\s\p{C}{}]{1,200}$/u.test(value) && !value.includes("://")

const isEviction = (value: unknown): value is "refuse" | "warn" => value === "refuse" || value === "warn"

const wrongHost = "give a host name or an address; a URL goes into url, a port into port"
const wrongPort = "give a whole number from 1 to 65535"
const wrongDatabase = "give a whole number, 0 or more"

const isSocket = (value: unknown): value is string => isText(value) && value.startsWith("/")

const isOneOfSentinels = (value: unknown): boolean =>
  Predicate.isObject(value) && redisUrl.isHost(value.host ?? "127.0.0.1") && redisUrl.isPort(value.port ?? 26_379)

const isSentinels = (value: unknown): value is NonNullable<RedisOptions["sentinels"]> =>
  Array.isArray(value) && value.length > 0 && value.every(isOneOfSentinels)

/** Checks the driver's own options that name the server and the user. */
const ofDriver = (client: RedisOptions) =>
  Result.gen(function*() {
    if (!Predicate.isObject(client)) yield* Result.fail("client: give an object of options of ioredis")
    const { db, host, name, password, path, port, sentinels, username } = client
    yield* optional("client.host", host, redisUrl.isHost, wrongHost)
    yield* optional("client.port", port, redisUrl.isPort, wrongPort)
    yield* optional("client.db", db, redisUrl.isDatabase, wrongDatabase)
    yield* optional("client.username", username ?? undefined, isText, "not a text")
    yield* optional("client.password", password ?? undefined, Predicate.isString, "not a text")
    yield* optional("client.path", path, isSocket, "give the absolute path of a socket")
    yield* optional("client.sentinels", sentinels, isSentinels, "give at least one { host, port }")
    if (sentinels !== undefined && !isText(name)) yield* Result.fail("client.name: give the name of the primary")
    return { isElsewhere: path !== undefined || sentinels !== undefined }
  })

const read = (options: Options, client: RedisOptions): Checked<Settings> =>
  Result.gen(function*() {
    if (!Predicate.isObject(options)) yield* Result.fail("options: give an object of settings")
    if (Object.keys(options).some((name) => !Object.hasOwn(names, name))) {
      yield* Result.fail(`options: one of the names is not known; the known names are ${Object.keys(names).join(", ")}`)
    }
    const { isElsewhere } = yield* ofDriver(client)
    const text = yield* hidden("url", options.url)
    const url = text === undefined
      ? undefined
      : yield* Result.mapError(redisUrl.read(text), (wrong) => `url: ${wrong}`)
    const host = yield* optional("host", options.host, redisUrl.isHost, wrongHost)
    const port = yield* optional("port", options.port, redisUrl.isPort, wrongPort)
    const username = (yield* optional("username", options.username, isText, "give a text that is not empty")) ??
      url?.username
    const password = (yield* hidden("password", options.password)) ?? url?.password
    const database = yield* optional("database", options.database, redisUrl.isDatabase, wrongDatabase)
    if ((username ?? client.username ?? undefined) !== undefined && (password ?? client.password ?? "") === "") {
      yield* Result.fail(
        "username: a user needs a password; without a user, give only password, or redis://:password@host"
      )
    }
    if (isElsewhere && (host ?? port ?? url?.host ?? url?.port) !== undefined) {
      yield* Result.fail("client: give either a socket or Sentinels, or a host and port")
    }
    if (url !== undefined && !isElsewhere && (host ?? url.host ?? client.host) === undefined) {
      yield* Result.fail("url: it has no host")
    }
    const prefix = yield* optional(
      "prefix",
      options.prefix,
      isPrefix,
      "give 1 to 200 characters without spaces and braces, and not a URL"
    )
    const eviction = yield* optional("eviction", options.eviction, isEviction, "give refuse or warn")
    const chosen = database ?? url?.database ?? client.db ?? 0
    return {
      client: {
        ...client,
        ...(isElsewhere ? {} : {
          host: host ?? url?.host ?? client.host ?? "127.0.0.1",
          port: port ?? url?.port ?? client.port ?? 6379
        }),
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
        ...(url?.isTls === true && client.tls === undefined ? { tls: {} } : {}),
        db: chosen
      },
      database: chosen,
      prefix: prefix ?? "effect-auth",
      eviction: eviction ?? "refuse",
      timeToLive: options.timeToLive === undefined
        ? undefined
        : yield* millis("timeToLive", options.timeToLive, Infinity, Infinity),
      commandTimeout: yield* millis("commandTimeout", options.commandTimeout, 2_000),
      connectTimeout: yield* millis("connectTimeout", options.connectTimeout, 5_000)
    }
  })

export const check = (options: Options, client: RedisOptions): Effect.Effect<Settings, TokenStoreError> =>
  Effect.suspend(() => Effect.fromResult(Result.mapError(read(options, client), (detail) => misconfigured(detail))))
