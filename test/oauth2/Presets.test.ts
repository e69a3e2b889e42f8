import * as Authorization from "@effect-auth/oauth2/Authorization"
import * as ClientAuthentication from "@effect-auth/oauth2/ClientAuthentication"
import * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as PendingStore from "@effect-auth/oauth2/PendingStore"
import * as Presets from "@effect-auth/oauth2/Presets"
import * as RefreshToken from "@effect-auth/oauth2/RefreshToken"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { readFileSync } from "node:fs"

const origins = ["https://api.example.com"]

const all: ReadonlyArray<Presets.Preset> = [
  Presets.google,
  Presets.github,
  Presets.microsoft("common"),
  Presets.microsoft("consumers"),
  Presets.microsoft("9122040d-6c67-4c5b-b112-36a304b66dad"),
  Presets.auth0("example.eu.auth0.com", { origins }),
  Presets.okta("example.okta.com", { origins }),
  Presets.keycloak("https://sso.example.com/auth/", "staff", { origins }),
  Presets.slack("bot"),
  Presets.slack("person"),
  Presets.notion,
  Presets.xero,
  Presets.shopify("example"),
  Presets.spotify,
  Presets.atlassian
]

const secret = Redacted.make("the-client-secret")

/** A client of a preset, at a server that answers everything alike. */
const clientOf = (preset: Presets.Preset, answer: unknown = {}, status = 200) =>
  Effect.gen(function*() {
    const sent: Array<{ readonly url: string; readonly headers: Headers; readonly body: string }> = []
    const httpClient = HttpClient.make((request) =>
      Effect.sync(() => {
        const { body } = request
        sent.push({
          url: request.url,
          headers: new Headers({ ...request.headers }),
          body: body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""
        })
        return HttpClientResponse.fromWeb(request, Response.json(answer, { status }))
      })
    )
    const client = yield* Effect.flatMap(Presets.options(preset, { clientId: "client", secret }), OAuth2Client.make)
      .pipe(
        Effect.provideService(HttpClient.HttpClient, httpClient)
      )
    const refreshed = RefreshToken.provider({ ...client, rotation: "rotating" }).signIn({
      refreshToken: Redacted.make("r-1")
    })
    return { client, sent, refreshed }
  })

describe("Presets", () => {
  it.effect("each one makes a client", () =>
    Effect.gen(function*() {
      for (const preset of all) {
        const { client, sent } = yield* clientOf(preset)
        assert.strictEqual(client.name, preset.name)
        assert.strictEqual(sent.length, 0, "nothing is sent for it")
      }
    }))

  it("each one has its facts in the guide, and each fact has a page or is assumed", () => {
    const page = readFileSync(new URL("../../docs/oauth2/presets.md", import.meta.url), "utf8")
    const [, ...parts] = page.split("\n## ")
    const facts = new Map(parts.map((part) => {
      const [title = "", ...lines] = part.split("\n")
      const name = title.split(" ")[0]?.toLowerCase() ?? ""
      return [name, lines.filter((line) => line.startsWith("|")).slice(2)] as const
    }))
    for (const { name } of all) assert.isNotEmpty(facts.get(name) ?? [], name)
    assert.strictEqual(facts.size, new Set(all.map(({ name }) => name)).size)
    for (const line of Array.from(facts.values()).flat()) {
      assert.match(line, /^\| \S.* \| (\[documented\]\(https:\/\/\S+\)|assumed) \|$/)
    }
  })

  it.effect("what is given beside a preset comes first", () =>
    Effect.gen(function*() {
      const options = yield* Presets.options(Presets.spotify, {
        clientId: "client",
        rotation: "static",
        authentication: ClientAuthentication.post(secret)
      }).pipe(Effect.provideService(HttpClient.HttpClient, HttpClient.make(() => Effect.never)))
      assert.strictEqual(options.rotation, "static")
      assert.strictEqual(options.authentication?.method, "client_secret_post")
    }))

  it.effect("Slack: a refusal in a 200; a bot's token; a person's token", () =>
    Effect.gen(function*() {
      const dead = yield* clientOf(Presets.slack("bot"), { ok: false, error: "invalid_refresh_token" })
      assert.deepInclude(yield* Effect.flip(dead.refreshed), { kind: "terminal", error: "invalid_refresh_token" })
      const strange = yield* clientOf(Presets.slack("bot"), { ok: false, error: "something_new" })
      assert.deepInclude(yield* Effect.flip(strange.refreshed), { kind: "refused" })
      const answer = {
        ok: true,
        access_token: "xoxb-1",
        token_type: "bot",
        expires_in: 43200,
        authed_user: {
          id: "U1",
          access_token: "xoxp-1",
          refresh_token: "xoxe-1",
          token_type: "user",
          expires_in: 43200
        }
      }
      for (const [whose, token] of [["bot", "xoxb-1"], ["person", "xoxp-1"]] as const) {
        const issued = yield* (yield* clientOf(Presets.slack(whose), answer)).refreshed
        assert.strictEqual(Redacted.value(issued.accessToken), token)
        assert.isUndefined(issued.tokenType)
      }
    }))

  it.effect("Slack: a person's session takes no token of the bot, and a refresh of the person's own token", () =>
    Effect.gen(function*() {
      const bot = { ok: true, access_token: "xoxb-1", token_type: "bot", authed_user: { id: "U1" } }
      const none = yield* Effect.flip((yield* clientOf(Presets.slack("person"), bot)).refreshed)
      assert.strictEqual(none.reason, "malformed")
      const person = { ok: true, access_token: "xoxp-2", token_type: "user", refresh_token: "xoxe-2" }
      const issued = yield* (yield* clientOf(Presets.slack("person"), person)).refreshed
      assert.strictEqual(Redacted.value(issued.accessToken), "xoxp-2")
    }))

  it.effect("Slack and Shopify: commas separate the scopes of an answer", () =>
    Effect.gen(function*() {
      for (const preset of [Presets.slack("bot"), Presets.shopify("example")]) {
        const answer = { ok: true, access_token: "a-1", scope: "chat:write,users:read" }
        const issued = yield* (yield* clientOf(preset, answer)).refreshed
        assert.deepStrictEqual(issued.scopes, ["chat:write", "users:read"], preset.name)
      }
    }))

  it.effect("GitHub: its issuer in the response is the one that is expected", () =>
    Effect.gen(function*() {
      const { client } = yield* clientOf(Presets.github, { access_token: "ghu-1", token_type: "bearer" })
      const begun = yield* Authorization.begin(client, { redirectUri: "https://app.example.com/callback" })
      const state = new URL(begun.url).searchParams.get("state") ?? ""
      const parameters = new URLSearchParams({ code: "c", state, iss: "https://github.com/login/oauth" })
      const { tokens } = yield* Authorization.complete(client, { parameters, browser: begun.browser })
      assert.strictEqual(Redacted.value(tokens.accessToken), "ghu-1")
    }).pipe(Effect.provide(PendingStore.layerMemory())))

  it.effect("Microsoft: the document of personal accounts has one issuer, that of shared tenants a template", () =>
    Effect.gen(function*() {
      const at = (tenant: string, named: string) => {
        const issuer = `https://login.microsoftonline.com/${named}/v2.0`
        return Effect.flatMap(
          clientOf(Presets.microsoft(tenant), { issuer, token_endpoint: "https://login.microsoftonline.com/token" }),
          ({ client }) => Effect.map(client.server.metadata, (metadata) => assert.strictEqual(metadata.issuer, issuer))
        )
      }
      yield* at("consumers", "9188040d-6c67-4c5b-b112-36a304b66dad")
      yield* at("common", "{tenantid}")
      yield* at("organizations", "{tenantid}")
    }))

  it.effect("Microsoft: a refresh that needs the person ends the session", () =>
    Effect.gen(function*() {
      const { dialect } = Presets.microsoft("common")
      for (const error of ["interaction_required", "login_required", "consent_required"]) {
        const { refreshed } = yield* clientOf({ ...Presets.spotify, dialect }, { error }, 400)
        assert.deepInclude(yield* Effect.flip(refreshed), { kind: "terminal", reason: "credentials", error })
      }
    }))

  it.effect("Auth0: the audience is in the authorization request and in token requests", () =>
    Effect.gen(function*() {
      const audience = "https://api.example.com"
      const { client, refreshed, sent } = yield* clientOf(
        Presets.auth0("example.eu.auth0.com", { origins, audience }),
        {
          issuer: "https://example.eu.auth0.com/",
          token_endpoint: "https://example.eu.auth0.com/oauth/token",
          authorization_endpoint: "https://example.eu.auth0.com/authorize",
          access_token: "a-1"
        }
      )
      const { url } = yield* Authorization.begin(client, { redirectUri: "https://app.example.com/callback" })
      assert.strictEqual(new URL(url).searchParams.get("audience"), audience)
      yield* refreshed
      assert.strictEqual(new URLSearchParams(sent.at(-1)?.body).get("audience"), audience)
    }).pipe(Effect.provide(PendingStore.layerMemory())))

  it.effect("GitHub: its own codes, under status 200 and 400", () =>
    Effect.gen(function*() {
      for (const status of [200, 400]) {
        const { refreshed } = yield* clientOf(Presets.github, { error: "bad_refresh_token" }, status)
        assert.deepInclude(yield* Effect.flip(refreshed), { kind: "terminal", sent: "answered" })
        const client = yield* clientOf(Presets.github, { error: "incorrect_client_credentials" }, status)
        assert.deepInclude(yield* Effect.flip(client.refreshed), { kind: "config", reason: "client" })
      }
    }))

  it.effect("Notion and Atlassian are asked in JSON, Notion with Basic and its version", () =>
    Effect.gen(function*() {
      const answer = { access_token: "a", token_type: "bearer", refresh_token: null }
      const notion = yield* clientOf(Presets.notion, answer)
      yield* notion.refreshed
      assert.deepStrictEqual(JSON.parse(notion.sent[0]?.body ?? ""), {
        grant_type: "refresh_token",
        refresh_token: "r-1"
      })
      assert.match(notion.sent[0]?.headers.get("authorization") ?? "", /^Basic /)
      assert.match(notion.sent[0]?.headers.get("notion-version") ?? "", /^\d{4}-\d\d-\d\d$/)
      const atlassian = yield* clientOf(Presets.atlassian, answer)
      yield* atlassian.refreshed
      assert.deepInclude(JSON.parse(atlassian.sent[0]?.body ?? ""), {
        client_id: "client",
        client_secret: "the-client-secret"
      })
    }))
})
