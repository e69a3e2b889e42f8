/** Prints what each call of each provider puts on the wire, one line of JSON each: the same program runs on both majors. */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as PitchpointApi from "@effect-auth/pitchpoint/PitchpointApi"
import * as PlacewiseAuth from "@effect-auth/placewise/PlacewiseAuth"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { Subject } from "../contracts/answers.ts"
import * as subjects from "../contracts/subjects.ts"

let answer: object = {}
let call = ""

const fetched: typeof globalThis.fetch = async (input, init) => {
  const request = new Request(input, init)
  // The trace's own ids differ in each run.
  const headers = [...request.headers].filter(([name]) => !/^(traceparent|b3|x-b3-.*)$/.test(name))
  // What was given to fetch, before `Request` writes the URL in its own way.
  const url = input instanceof Request ? input.url : String(input)
  console.log(JSON.stringify({ call, method: request.method, url, headers, body: await request.text() }))
  return Response.json(answer)
}

const named = <A, E, R>(name: string, effect: Effect.Effect<A, E, R>) =>
  Effect.ignore(Effect.suspend(() => {
    call = name
    return effect
  }))

const secret = Redacted.make("s3cret+/= ø%20&")

const ofSubject = (subject: Subject<any>) =>
  Effect.gen(function*() {
    answer = subject.issued
    const { provider, session } = yield* subject.make
    const of = (name: string) => `${subject.name} ${name}`
    const credentials = subject.credentials()
    yield* named(of("signIn"), Effect.suspend(() => provider.signIn(credentials)))
    if (provider.refresh !== undefined) {
      yield* named(of("refresh"), provider.refresh(secret, { accessToken: Redacted.make("access"), obtainedAt: 0 }))
    }
    const tokens = { accessToken: Redacted.make("access"), obtainedAt: 0 }
    for (const held of [tokens, { ...tokens, refreshToken: secret }]) {
      if (provider.revoke !== undefined) {
        yield* named(of("revoke"), provider.revoke(held))
      }
    }
    const auth = yield* AuthService.make(provider, { refresh: { mode: "onDemand" } })
    yield* named(of("session: signIn"), auth.signIn(subject.credentials()))
    const made = yield* session(auth)
    yield* named(of("session: call"), made.call)
    if (made.info !== undefined) yield* named(of("session: info"), made.info)
    const client = yield* AuthHttpClient.fromSession(auth)
    for (const path of ["/a/b", "a b/ø", "?page=2", "/x?q=%2F&r=a+b", ""]) {
      yield* named(
        of(`get ${path}`),
        client.execute(HttpClientRequest.get(path).pipe(HttpClientRequest.setUrlParam("z", "1&ø")))
      )
    }
    yield* named(
      of("post"),
      client.post("/things", { body: yield* Effect.orDie(jsonOf({ a: undefined, b: null, c: Infinity, d: "ø" })) })
    )
  })

const jsonOf = (value: unknown) =>
  Effect.map(HttpClientRequest.bodyJson(HttpClientRequest.post("/"), value), ({ body }) => body)

/** Texts that a path and a query have to encode, and fields that may be left out. */
const placewise = Effect.gen(function*() {
  answer = {}
  const provider = yield* PlacewiseAuth.provider({
    club: "infinity-mall",
    clientToken: Redacted.make("client"),
    userAgent: "test/1.0",
    productName: "sandbox"
  })
  const auth = yield* AuthService.make(provider, { refresh: { mode: "onDemand" } })
  const { sendOneTimePassword, sendRegistrationPassword } = provider.extend(auth, () => auth)
  for (const to of [{ email: "a+b/c%20@ex ample.com" }, { msisdn: "+4712345678" }]) {
    for (const via of ["sms", "email"] as const) {
      yield* named(`Placewise password ${via}`, sendOneTimePassword({ to, via }))
      yield* named(
        `Placewise password ${via} with a page`,
        sendOneTimePassword({ to, via, loginUrl: "https://x.test/?a=b&c=ø" })
      )
    }
    yield* named("Placewise registration", sendRegistrationPassword({ to } as never))
    yield* named("Placewise registration, in a language", sendRegistrationPassword({ to, language: "nb" } as never))
  }
})

/** Optional fields of a contract, given as `undefined`, are not sent. */
const contract = Effect.gen(function*() {
  const httpClient = HttpClient.mapRequest(
    yield* HttpClient.HttpClient,
    HttpClientRequest.prependUrl("https://api.test/v1")
  )
  const { query } = yield* HttpApiClient.group(PitchpointApi.PitchpointApi, { group: "orders", httpClient })
  for (const payload of [{}, { orderIds: undefined }, { OrderIDs: undefined }]) {
    yield* named("Pitchpoint contract query", query({ payload: payload as never }))
  }
})

const program = Effect.gen(function*() {
  for (const subject of Object.values(subjects)) yield* ofSubject(subject)
  yield* placewise
  yield* contract
}).pipe(
  Effect.scoped,
  Effect.provide([
    TokenStore.layerMemory,
    Layer.provide(FetchHttpClient.layer, Layer.succeed(FetchHttpClient.Fetch, fetched)),
    Layer.succeed(FetchHttpClient.Fetch, fetched)
  ])
)

await Effect.runPromise(program as Effect.Effect<void>)
