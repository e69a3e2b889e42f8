/** Where a keeper is, and the bearer that this program shows it. */
import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import type * as Endpoint from "@effect-auth/remote/Endpoint"
import type { HttpClient } from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { SecretMissing } from "../failures.ts"
import { files, type Home, variable } from "../home.ts"

/** The folder of a keeper that serves this store: its socket, and the bearer of those who may read it. */
export const folderOf = (home: Home): string => Path.join(home.folder, "keeper")

export const socketOf = (home: Home): string => Path.join(folderOf(home), "keeper.sock")

export const bearerFileOf = (home: Home): string => Path.join(folderOf(home), "bearer")

const read = (path: string) => files(path, () => Fs.readFile(path, "utf8"))

/** The keeper that a command is to ask: `--keeper`, else `EFFECT_AUTH_KEEPER`. */
export const asked = (given: Option.Option<string>): Effect.Effect<string | undefined> =>
  Option.isSome(given) ? Effect.succeed(given.value) : variable("EFFECT_AUTH_KEEPER")

const bearerOf = Effect.fnUntraced(function*(home: Home) {
  const given = yield* variable("EFFECT_AUTH_KEEPER_BEARER")
  if (given !== undefined) return Redacted.make(given)
  const file = (yield* variable("EFFECT_AUTH_KEEPER_BEARER_FILE")) ?? bearerFileOf(home)
  const text = (yield* read(file))?.trim() ?? ""
  if (text === "") {
    return yield* new SecretMissing({ secret: "bearer of the keeper", variable: "EFFECT_AUTH_KEEPER_BEARER" })
  }
  return Redacted.make(text)
})

/** A path, or a URL. Several are separated by commas. */
export const endpointsOf = (home: Home, place: string) =>
  Effect.gen(function*() {
    const bearer = yield* bearerOf(home)
    const Remote = yield* Effect.promise(() => import("@effect-auth/remote/Endpoint"))
    const UnixSocket = yield* Effect.promise(() => import("@effect-auth/remote/UnixSocket"))
    return yield* Effect.forEach(
      place.split(","),
      (one): Effect.Effect<Endpoint.Endpoint, AuthMisconfigured, HttpClient> =>
        /^https?:|^[a-z]+:\/\//i.test(one)
          ? Remote.http(one, bearer)
          : Effect.succeed(UnixSocket.endpoint(Path.resolve(one), bearer))
    )
  })
