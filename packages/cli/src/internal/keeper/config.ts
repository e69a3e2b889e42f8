/** The configuration of `serve`: a file of JSON, and options that come before it. */
import * as Callers from "@effect-auth/remote/Callers"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Fs from "node:fs/promises"
import { UsageError } from "../failures.ts"
import { files, type Home, prepare, variable, writePrivate } from "../home.ts"
import * as place from "./place.ts"

const Caller = Schema.Struct({
  name: Schema.String,
  sha256: Schema.Array(Schema.String.pipe(Schema.pattern(/^[0-9a-f]{64}$/i))),
  /** A name that ends with `*` stands for all that begin with the rest. */
  accounts: Schema.Union(Schema.Literal("all"), Schema.Array(Schema.String)),
  /** The further APIs (RFC 8707), in the same way. */
  resources: Schema.optional(Schema.Union(Schema.Literal("all"), Schema.Array(Schema.String))),
  operations: Schema.optional(Schema.Array(Schema.Literal("read", "refresh", "signOut"))),
  providers: Schema.optional(Schema.Array(Schema.String))
})

const File = Schema.Struct({
  socket: Schema.optional(Schema.String),
  http: Schema.optional(Schema.Struct({
    host: Schema.optional(Schema.String),
    port: Schema.Int.pipe(Schema.between(0, 65_535)),
    cert: Schema.optional(Schema.String),
    key: Schema.optional(Schema.String),
    /** Clients need a certificate that this authority signed. */
    clientCa: Schema.optional(Schema.String)
  })),
  callers: Schema.optional(Schema.Array(Caller))
})

const decode = Schema.decodeUnknown(Schema.parseJson(File), { onExcessProperty: "error" })

export interface Given {
  readonly config: Option.Option<string>
  readonly socket: Option.Option<string>
  readonly port: Option.Option<number>
}

const matching = (patterns: ReadonlyArray<string>) => (account: string): boolean =>
  patterns.some((pattern) => pattern.endsWith("*") ? account.startsWith(pattern.slice(0, -1)) : account === pattern)

const allowed = (names: "all" | ReadonlyArray<string>) => names === "all" ? names : matching(names)

const callerOf = (
  { accounts, name, operations, providers, resources, sha256 }: typeof Caller.Type
): Callers.Caller => ({
  name,
  bearers: sha256,
  accounts: allowed(accounts),
  resources: allowed(resources ?? []),
  operations,
  providers
})

const readFile = Effect.fnUntraced(function*(path: string | undefined) {
  if (path === undefined) return {}
  const text = yield* files(path, () => Fs.readFile(path, "utf8"))
  if (text === undefined) return yield* new UsageError({ message: `--config: there is no file ${path}` })
  // The error would quote the file.
  return yield* Effect.mapError(
    decode(text),
    () => new UsageError({ message: `--config: ${path} is not as serve --help says` })
  )
})

/** The caller that can read the bearer of this store. */
const own = Effect.fnUntraced(function*(home: Home) {
  const file = place.bearerFileOf(home)
  yield* prepare(home)
  yield* files(file, () => Fs.mkdir(place.folderOf(home), { recursive: true, mode: 0o700 }))
  yield* writePrivate(file, `${Redacted.value((yield* Callers.makeBearer).bearer)}\n`, false)
  const bearer = (yield* files(file, () => Fs.readFile(file, "utf8"))) ?? ""
  const caller: Callers.Caller = {
    name: "this store",
    bearers: [yield* Callers.digest(Redacted.make(bearer.trim()))],
    accounts: "all"
  }
  return caller
})

export const read = Effect.fnUntraced(function*(home: Home, given: Given) {
  const file = yield* readFile(
    Option.getOrUndefined(given.config) ?? (yield* variable("EFFECT_AUTH_KEEPER_CONFIG"))
  )
  const port = Option.getOrUndefined(given.port) ?? file.http?.port
  return {
    socket: Option.getOrUndefined(given.socket) ?? file.socket ?? place.socketOf(home),
    http: port === undefined ? undefined : { ...file.http, host: file.http?.host ?? "127.0.0.1", port },
    callers: file.callers === undefined ? [yield* own(home)] : file.callers.map(callerOf)
  }
})

export type Settings = Effect.Effect.Success<ReturnType<typeof read>>
