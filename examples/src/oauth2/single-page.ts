/**
 * A single-page application: the page goes to the OAuth 2 server and comes back, and the session stays in the browser.
 *
 * Any script on the page can read the tokens. If there is a server behind the page, let it keep the session instead:
 * `web-application.ts`.
 */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as AuthService from "@effect-auth/core/AuthService"
import * as BrowserTokenStore from "@effect-auth/core/BrowserTokenStore"
import * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
import * as BrowserRedirect from "@effect-auth/oauth2/BrowserRedirect"
import * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** What the page was built or served with. */
export interface Settings {
  readonly issuer: string
  readonly clientId: string
  readonly api: string
}

// #region program
const program = Effect.fn("page")(function*({ api, clientId, issuer }: Settings) {
  const client = yield* OAuth2Client.make({
    name: "example",
    server: yield* OAuth2Server.discovered(issuer),
    // A page keeps no secret: the client is a public one.
    clientId,
    scopes: ["openid", "offline_access"],
    origins: [new URL(api).origin],
    api: { baseUrl: api }
  })
  const auth = yield* AuthService.make(AuthorizationCode.provider(client))
  const http = yield* AuthHttpClient.fromSession(auth)

  const signIn = BrowserRedirect.leave(client, {
    redirectUri: `${location.origin}/`,
    parameters: { prompt: "consent" }
  })
  const profile = Effect.flatMap(http.get("/me"), (response) => response.text)

  yield* listen("sign-in", signIn)
  yield* listen("sign-out", Effect.zipRight(auth.signOut, show("Signed out")))
  yield* listen("profile", Effect.flatMap(profile, show))

  // Every load of the page: the person may just have come back, or be signed in from before.
  yield* BrowserRedirect.comeBack(auth, client).pipe(Effect.zipRight(profile), Effect.flatMap(show), told)
  yield* Effect.never
})
// #endregion

// #region page
const show = (text: string) =>
  Effect.sync(() => {
    document.querySelector("output")!.textContent = text
  })

/** What the person reads when it did not work. */
const told = Effect.catchAll(({ _tag }: { readonly _tag: string }) =>
  show(_tag === "SignInRequired" ? "Signed out" : `That did not work: ${_tag}`)
)

const listen = <E extends { readonly _tag: string }>(id: string, effect: Effect.Effect<void, E>) =>
  Effect.flatMap(
    Effect.runtime(),
    (runtime) =>
      Effect.sync(() =>
        document.getElementById(id)!.addEventListener("click", () => {
          Effect.runFork(Effect.provide(told(effect), runtime))
        })
      )
  )
// #endregion

/** Runs for as long as the page is there. */
export const main = (settings: Settings) =>
  program(settings).pipe(
    Effect.scoped,
    Effect.provide(Layer.merge(FetchHttpClient.layer, BrowserTokenStore.layer()))
  )
