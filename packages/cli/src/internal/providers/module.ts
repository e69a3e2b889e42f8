/** A provider that the user wrote. */
import { type AuthMisconfigured, isAuthError } from "@effect-auth/core/AuthError"
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Path from "node:path"
import { pathToFileURL } from "node:url"
import type * as ProviderModule from "../../ProviderModule.ts"
import { UsageError } from "../failures.ts"
import { type Connect, type Given, onDemand } from "./connection.ts"
import { moduleFile } from "./moduleFile.ts"

type Module = ProviderModule.ProviderModule<object>

const isModule = (value: unknown): value is Module =>
  Predicate.hasProperty(value, "provider") && typeof value.provider === "function" &&
  Predicate.hasProperty(value, "credentials") && typeof value.credentials === "function"

const isProvider = (value: unknown): value is AuthProvider<object> =>
  Predicate.hasProperty(value, "name") && typeof value.name === "string" &&
  Predicate.hasProperty(value, "realm") && typeof value.realm === "string" &&
  Predicate.hasProperty(value, "origins") && Array.isArray(value.origins) &&
  Predicate.hasProperty(value, "rejection") && Predicate.hasProperty(value, "signIn") &&
  typeof value.signIn === "function"

const isMisconfigured = (error: unknown): error is AuthMisconfigured =>
  isAuthError(error) && error._tag === "AuthMisconfigured"

/** The module may quote a secret in its errors. */
const wordsOf = (error: unknown, secrets: ReadonlyArray<Redacted.Redacted<string>>): string => {
  const text = Predicate.hasProperty(error, "message") && Predicate.isString(error.message) && error.message !== ""
    ? error.message
    : "its error has no message"
  return secrets.reduce((words, secret) => words.replaceAll(Redacted.value(secret), "<redacted>"), text)
}

const load = (file: string, secrets: ReadonlyArray<Redacted.Redacted<string>>): Effect.Effect<Module, UsageError> =>
  Effect.gen(function*() {
    const name = Path.basename(file)
    const found: unknown = yield* Effect.tryPromise({
      try: () => import(pathToFileURL(file).href),
      catch: (error) => new UsageError({ message: `${name} can't be loaded: ${wordsOf(error, secrets)}` })
    })
    if (isModule(found)) return found
    if (Predicate.hasProperty(found, "default") && isModule(found.default)) return found.default
    return yield* new UsageError({ message: `${name} must export the functions provider and credentials` })
  })

const settingsOf = (text: string): Effect.Effect<object, UsageError> => {
  const wrong = new UsageError({ message: "--settings is a JSON object: '{\"host\":\"https://api.example.com\"}'" })
  return Effect.try({ try: (): unknown => JSON.parse(text), catch: () => wrong }).pipe(
    Effect.filterOrFail((value) => Predicate.isRecord(value), () => wrong)
  )
}

const failed = (name: string, secrets: ReadonlyArray<Redacted.Redacted<string>>) => (error: unknown) =>
  new UsageError({ message: `${name} failed: ${wordsOf(error, secrets)}` })

/** `use` is a function of the module. It may throw. */
const called = <A>(name: string, secrets: ReadonlyArray<Redacted.Redacted<string>>, use: () => A) =>
  Effect.try({ try: use, catch: failed(name, secrets) })

/**
 * The name is that of the accounts here; the realm keeps two modules with an account of the same name apart. The provider may
 * be of a class: its functions find their own object.
 */
const renamed = (provider: AuthProvider<object>): AuthProvider<object> => {
  const own = { name: "module", realm: `${provider.name} ${provider.realm}` }
  return new Proxy<AuthProvider<object>>(Object.create(provider), {
    get: (_, key) => {
      const value: unknown = Reflect.get(Object.hasOwn(own, key) ? own : provider, key)
      return typeof value === "function" ? value.bind(provider) : value
    }
  })
}

const givenOf = Effect.fnUntraced(function*({ options, secrets }: Given) {
  const given: ProviderModule.Given = {
    settings: yield* settingsOf(options["settings"] ?? "{}"),
    clientSecret: secrets["client-secret"]
  }
  return given
})

export const connect: Connect = Effect.fnUntraced(function*(options) {
  const { account, credential, refresh = onDemand } = options
  const secrets = [...Object.values(options.secrets), ...credential === undefined ? [] : [credential]]
  const file = yield* moduleFile(options.options["module"] ?? "")
  const name = Path.basename(file)
  const module = yield* load(file, secrets)
  const given = yield* givenOf(options)
  const made = yield* called(name, secrets, () => module.provider(given))
  const provider: unknown = Effect.isEffect(made)
    ? yield* Effect.mapError(made, (error: unknown) => isMisconfigured(error) ? error : failed(name, secrets)(error))
    : made
  if (!isProvider(provider)) return yield* new UsageError({ message: `${name}: its provider is no AuthProvider` })
  const credentialsOf = (secret: Redacted.Redacted<string>) =>
    called(name, [...secrets, secret], () => module.credentials({ ...given, secret }))
  const own = credential === undefined ? undefined : yield* credentialsOf(credential)
  const auth = yield* AuthService.make(renamed(provider), {
    account,
    refresh,
    credentials: own === undefined ? undefined : Effect.succeed(own)
  })
  return {
    auth,
    client: yield* AuthHttpClient.fromSession(auth, { redirects: 5 }),
    signIn: (secret) => Effect.flatMap(credentialsOf(secret), auth.signIn)
  }
})
