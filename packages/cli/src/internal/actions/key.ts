import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { UsageError } from "../failures.ts"
import { type Home, locate, variable } from "../home.ts"
import * as keychain from "../keychain.ts"
import * as keys from "../keys.ts"
import type * as Output from "../output.ts"

export interface Options {
  readonly store: Option.Option<string>
  /** Moves the key there. */
  readonly to: Option.Option<keys.Place["_tag"]>
}

const described = (home: Home, place: keys.Place | undefined): Output.Result => {
  if (place === undefined) return { text: `${home.folder}: no key yet`, json: { place: null } }
  return place._tag === "file"
    ? { text: `file: ${home.key}`, json: { place: "file", path: home.key } }
    : {
      text: `keychain: ${keychain.service}, ${place.id}`,
      json: { place: "keychain", service: keychain.service, name: place.id }
    }
}

export const run = Effect.fnUntraced(function*({ store, to }: Options) {
  const home = yield* locate(store)
  if ((yield* variable("EFFECT_AUTH_KEY")) !== undefined) {
    if (Option.isSome(to)) return yield* new UsageError({ message: "EFFECT_AUTH_KEY is set: nothing can be moved" })
    const result: Output.Result = { text: "environment: EFFECT_AUTH_KEY", json: { place: "environment" } }
    return result
  }
  const place = Option.isSome(to) ? yield* keys.move(home, to.value) : yield* keys.find(home)
  return described(home, place)
})
