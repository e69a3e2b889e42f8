/** The component of docs/guides/react.md in a page, over a sandbox in the same page. */
import * as TokenStore from "@effect-auth/core/TokenStore"
import { makeSessionStore, SessionButton } from "@effect-auth/examples/guides/react"
import * as Placewise from "@effect-auth/placewise/Placewise"
import * as PlacewiseAuth from "@effect-auth/placewise/PlacewiseAuth"
import * as PlacewiseSandbox from "@effect-auth/testing/PlacewiseSandbox"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import { createElement } from "react"
import { createRoot } from "react-dom/client"

const { defaults } = PlacewiseSandbox

const runtime = ManagedRuntime.make(
  Placewise.layer({
    club: defaults.club,
    clientToken: Redacted.make<string>(defaults.clientToken),
    productName: "sandbox",
    userAgent: "test/1.0"
  }).pipe(
    Layer.provide([PlacewiseSandbox.layerHttpClient, TokenStore.layerMemory]),
    Layer.provideMerge(PlacewiseSandbox.layer())
  )
)

const start = Effect.gen(function*() {
  const auth = yield* PlacewiseAuth.PlacewiseAuth
  const sandbox = yield* PlacewiseSandbox.PlacewiseSandbox
  const run = (effect: Effect.Effect<unknown, unknown>) => () => void runtime.runPromise(Effect.ignore(effect))
  const element = createElement(SessionButton, {
    store: makeSessionStore(auth),
    signIn: run(
      auth.signIn({ _tag: "Password", identifier: { id: 42 }, password: Redacted.make("correct horse") })
    ),
    signOut: run(auth.signOut)
  })
  const root = createRoot(document.body.appendChild(document.createElement("main")))
  root.render(element)
  return {
    /** The server forgets the session, and the page asks for a token. */
    end: () => runtime.runPromise(Effect.ignore(Effect.zipRight(sandbox.revokeAll, auth.refresh))),
    unmount: () => root.unmount()
  }
})

export type ReactPage = Effect.Effect.Success<typeof start>

runtime.runPromise(start).then((page) => Object.assign(globalThis, { page }))
