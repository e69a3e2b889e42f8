/**
 * A session's state in a React component.
 */
// #region hook
import type * as AuthService from "@effect-auth/core/AuthService"
import type * as SessionState from "@effect-auth/core/SessionState"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { useSyncExternalStore } from "react"

export interface SessionStore {
  readonly subscribe: (listener: () => void) => () => void
  readonly getSnapshot: () => SessionState.SessionState | undefined
}

/** Make it once for a session, outside of every component. It listens while a component is shown. */
export const makeSessionStore = (auth: AuthService.Any): SessionStore => {
  const listeners = new Set<() => void>()
  let snapshot: SessionState.SessionState | undefined
  let fiber: Fiber.RuntimeFiber<void, unknown> | undefined
  // After each event, and now and then: a token grows old without an event.
  const follow = Stream.merge(auth.events, Stream.tick("10 seconds")).pipe(
    Stream.mapEffect(() => auth.state),
    Stream.changesWith((one, other) => JSON.stringify(one) === JSON.stringify(other)),
    Stream.runForEach((state) =>
      Effect.sync(() => {
        snapshot = state
        for (const listener of listeners) listener()
      })
    )
  )
  return {
    getSnapshot: () => snapshot,
    subscribe: (listener) => {
      listeners.add(listener)
      fiber ??= Effect.runFork(follow)
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0 || fiber === undefined) return
        Effect.runFork(Fiber.interrupt(fiber))
        fiber = undefined
      }
    }
  }
}

export const useSession = (store: SessionStore) =>
  useSyncExternalStore(store.subscribe, store.getSnapshot, () => undefined)
// #endregion

// #region component
export interface Props {
  readonly store: SessionStore
  readonly signIn: () => void
  readonly signOut: () => void
}

export const SessionButton = ({ signIn, signOut, store }: Props) => {
  const state = useSession(store)
  if (state === undefined) return <p>Loading</p>
  if (state._tag !== "Active") {
    return (
      <p>
        {state._tag === "Ended" ? "Your session has ended. " : ""}
        <button onClick={signIn}>Sign in</button>
      </p>
    )
  }
  return (
    <p>
      Signed in{state.refreshing ? ", refreshing" : ""}. <button onClick={signOut}>Sign out</button>
    </p>
  )
}
// #endregion
