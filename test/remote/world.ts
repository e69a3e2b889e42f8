/** A keeper over a scripted provider, its clients, and a cable between them that is recorded, stalled and cut. */
import type * as AuthService from "@effect-auth/core/AuthService"
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import * as TokenStore from "@effect-auth/core/TokenStore"
import type * as Callers from "@effect-auth/remote/Callers"
import * as RemoteSessions from "@effect-auth/remote/RemoteSessions"
import * as SessionServer from "@effect-auth/remote/SessionServer"
import * as UnixSocket from "@effect-auth/remote/UnixSocket"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Fs from "node:fs/promises"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"

export const bearer = Redacted.make("the-bearer-of-a-good-client")
/** SHA-256 of the bearer above, by another program: `printf '…' | sha256sum`. */
const bearerDigest = "076b6271a011db7594db4c0756f3ff649162f798adcb82892d1464275e50a3a5"

const everything: ReadonlyArray<Callers.Operation> = ["read", "refresh", "signOut", "signIn"]

export const goodCaller: Callers.Caller = {
  name: "good",
  bearers: [bearerDigest],
  accounts: "all",
  operations: everything
}

/** A new folder for a socket; it goes with the scope. */
export const folder = Effect.acquireRelease(
  Effect.promise(() => Fs.mkdtemp(Path.join(Os.tmpdir(), "effect-auth-remote-"))),
  (path) => Effect.promise(() => Fs.rm(path, { recursive: true, force: true }))
)

export const socketPath = Effect.map(folder, (path) => Path.join(path, "keeper.sock"))

/** Credentials travel in this form, where they may. */
export const credentials = Schema.Struct({ password: Schema.Redacted(Schema.String) })

export type Credentials = typeof credentials.Type

export const right: Credentials = { password: Redacted.make("the person's password") }

export interface KeeperOptions extends Partial<SessionServer.Options> {
  readonly provider?: ScriptedProvider.Options
  readonly signIn?: boolean
  readonly sessions?: AuthSessions.Options<Credentials>
}

/** The sessions of a scripted provider over the store of the context. */
export const scripted = (options: KeeperOptions = {}) =>
  Effect.gen(function*() {
    const script = yield* ScriptedProvider.make<Credentials>(options.provider)
    const sessions = yield* AuthSessions.make(script.provider, options.sessions)
    return { script, sessions }
  })

export const serve = Effect.fnUntraced(function*(
  sessions: Parameters<typeof SessionServer.fromSessions<Credentials, unknown>>[0],
  path: string,
  options: KeeperOptions = {}
) {
  const kept = yield* SessionServer.fromSessions(sessions, options.signIn === true ? { credentials } : {})
  yield* Layer.build(
    SessionServer.layer([kept], { callers: [goodCaller], ...options }).pipe(
      Layer.provide(UnixSocket.layerServer(path))
    )
  )
})

/** A keeper with a store of its own. */
export const keeper = (options: KeeperOptions = {}) =>
  Effect.gen(function*() {
    const path = yield* socketPath
    const made = yield* Effect.provide(scripted(options), TokenStore.layerMemory)
    yield* serve(made.sessions, path, options)
    return { ...made, path, endpoint: UnixSocket.endpoint(path, bearer) }
  })

/** A client of it. */
export const client = (
  provider: ScriptedProvider.ScriptedProvider<Credentials>["provider"],
  options: RemoteSessions.Options<Credentials>
) => RemoteSessions.make(provider, options)

/** Uses the session until the client hears of its changes: from then on it serves the token it holds. */
export const watched = (auth: AuthService.AuthService<Credentials>) =>
  Effect.gen(function*() {
    const clock = yield* Effect.clock
    while (true) {
      const token = yield* auth.accessToken
      if (auth.unsafePeek(clock) !== undefined) return token
      yield* Effect.sleep(20)
    }
  })

/** A socket between a client and a keeper. */
export interface Cable {
  readonly path: string
  /** All bytes, in both directions. */
  readonly bytes: () => Buffer
  /** Ends all connections; with `stay`, refuses new ones until `mend`. */
  readonly cut: (stay?: boolean) => void
  readonly mend: () => void
  /** Nothing passes any more, and nobody is told. */
  readonly stall: () => void
}

export const cable = (to: string): Effect.Effect<Cable, never, Scope.Scope> =>
  Effect.gen(function*() {
    const path = yield* socketPath
    const chunks: Array<Buffer> = []
    const open = new Set<Net.Socket>()
    let refuses = false
    let stalls = false
    const server = Net.createServer((near) => {
      if (refuses) {
        near.destroy()
        return
      }
      const far = Net.connect(to)
      for (const [from, into] of [[near, far], [far, near]] as const) {
        open.add(from)
        from.on("data", (chunk) => {
          if (stalls) return
          chunks.push(Buffer.from(chunk))
          into.write(chunk)
        })
        from.on("close", () => {
          open.delete(from)
          into.destroy()
        })
        from.on("error", () => {})
      }
    })
    yield* Effect.acquireRelease(
      Effect.promise(() => new Promise<void>((resolve) => server.listen(path, () => resolve()))),
      () =>
        Effect.promise(() =>
          new Promise<void>((resolve) => {
            for (const one of open) one.destroy()
            server.close(() => resolve())
          })
        )
    )
    return {
      path,
      bytes: () => Buffer.concat(chunks),
      cut: (stay = false) => {
        refuses = stay
        for (const one of open) one.destroy()
      },
      mend: () => {
        refuses = stalls = false
      },
      stall: () => {
        stalls = true
      }
    }
  })
