/**
 * The keychain of the system: Keychain of macOS, Credential Manager of Windows, elsewhere a Secret Service on D-Bus (GNOME
 * Keyring, KWallet). The library's texts are not shown, because nobody knows what they quote.
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import type { AsyncEntry } from "@napi-rs/keyring"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { storeError } from "./home.ts"

/** The name under which the keychain's own program lists the entries. */
export const service = "effect-auth"

const unusable = () =>
  storeError(
    "unavailable",
    "the system's keychain can't be used. Unlock it, or set EFFECT_AUTH_KEY to the key " +
      "(a Linux needs a Secret Service, such as GNOME Keyring, and DBUS_SESSION_BUS_ADDRESS)"
  )

/** `patience`: the longest wait. A locked keychain asks the person, and a broken one does not answer. */
const use = <A>(
  id: string,
  patience: Duration.DurationInput,
  work: (entry: AsyncEntry, signal: AbortSignal) => Promise<A>
): Effect.Effect<A, TokenStoreError> =>
  Effect.tryPromise({
    try: async (signal) => {
      const keyring = await import("@napi-rs/keyring")
      // Without this the kernel's keyring may be taken, which forgets at the next start of the machine.
      return work(new keyring.AsyncEntry(service, id, { linux: { store: "secret-service" } }), signal)
    },
    catch: unusable
  }).pipe(Effect.disconnect, Effect.timeoutFail({ duration: patience, onTimeout: unusable }))

/** `undefined`: there is no such entry. */
export const read = (id: string): Effect.Effect<string | undefined, TokenStoreError> =>
  Effect.map(use(id, "30 seconds", (entry, signal) => entry.getPassword(signal)), (text) => text ?? undefined)

/** Fails if the entry can't be read back. */
export const write = (
  id: string,
  text: string,
  patience: Duration.DurationInput
): Effect.Effect<void, TokenStoreError> =>
  use(id, patience, async (entry, signal) => {
    await entry.setPassword(text, signal)
    return entry.getPassword(signal)
  }).pipe(
    Effect.flatMap((kept) => kept === text ? Effect.void : Effect.fail(unusable()))
  )

export const remove = (id: string): Effect.Effect<void> =>
  Effect.ignore(use(id, "3 seconds", (entry, signal) => entry.deleteCredential(signal)))
