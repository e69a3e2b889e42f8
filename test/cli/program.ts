/**
 * Runs the command line as people do: a process of its own, against sandboxes that this process serves on sockets.
 */
import * as PitchpointSandbox from "@effect-auth/testing/pitchpoint"
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import type * as TokenAuthority from "@effect-auth/testing/TokenAuthority"
import * as WalletAppSandbox from "@effect-auth/testing/WalletAppSandbox"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ChildProcess from "node:child_process"
import * as Fs from "node:fs"
import * as Http from "node:http"
import { createRequire } from "node:module"
import * as Os from "node:os"
import * as Path from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

const require = createRequire(import.meta.url)

/** Milliseconds: each run starts a process and compiles what it loads. */
export const patience = 240_000

/** What node is given to run the program: from its source, or the bundle that is named (`node scripts/bundle-cli.mjs`). */
const bundle = process.env["EFFECT_AUTH_BUNDLE"]

export const program: ReadonlyArray<string> = bundle !== undefined ? [Path.resolve(bundle)] : [
  "--import",
  pathToFileURL(require.resolve("tsx")).href,
  fileURLToPath(new URL("../../packages/cli/src/bin.ts", import.meta.url))
]

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** The folder that it runs in. Default: that of this process. */
  readonly cwd?: string
  readonly stdin?: string | Uint8Array
  /** The pipe of standard input stays open after that. */
  readonly isPipeLeftOpen?: boolean
  /** Called with each text on standard error, while the program runs. */
  readonly onStderr?: (text: string) => void
}

export interface Place {
  readonly home: string
  readonly env: Readonly<Record<string, string>>
  /** Runs the program to its end. */
  readonly run: (args: ReadonlyArray<string>, options?: RunOptions) => Effect.Effect<Ended>
  /** Everything that any run printed. */
  readonly printed: () => string
}

/** An empty folder for everything that the program keeps, and no settings of the machine's own. */
export const place = Effect.gen(function*() {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-auth-cli-"))),
    (folder) => Effect.sync(() => Fs.rmSync(folder, { recursive: true, force: true }))
  )
  const home = Path.join(folder, "home")
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder, EFFECT_AUTH_HOME: home, EFFECT_AUTH_KEY_STORE: "file" }
  const all: Array<string> = []
  const run = (args: ReadonlyArray<string>, options: RunOptions = {}) =>
    Effect.async<Ended>((resume) => {
      const child = ChildProcess.spawn(process.execPath, [...program, ...args], {
        cwd: options.cwd,
        env: { ...env, ...options.env }
      })
      const out: Array<Buffer> = []
      const err: Array<Buffer> = []
      child.stdout.on("data", (chunk) => out.push(chunk))
      child.stderr.on("data", (chunk) => {
        err.push(chunk)
        options.onStderr?.(String(chunk))
      })
      child.on("close", (code) => {
        const ended = { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }
        all.push(ended.stdout, ended.stderr)
        resume(Effect.succeed(ended))
      })
      child.stdin.on("error", () => {})
      if (options.isPipeLeftOpen === true) child.stdin.write(options.stdin ?? "")
      else child.stdin.end(options.stdin ?? "")
      return Effect.sync(() => child.kill("SIGKILL"))
    })
  const result: Place = { home, env, run, printed: () => all.join("\n") }
  return result
})

/** Serves a sandbox on a free port. */
export const serve = (sandbox: Pick<Sandbox.Sandbox, "app">) =>
  Effect.gen(function*() {
    const server = yield* Layer.build(NodeHttpServer.layerServer(Http.createServer, { port: 0, host: "127.0.0.1" }))
    return yield* Effect.provide(Sandbox.serve(sandbox), server)
  })

/** Tokens that a test can look for. */
const named = (prefix: string) => {
  let count = 0
  return (kind: "access" | "refresh") => `${prefix}-${kind}-${++count}-c0ffee`
}

export const placewise = Effect.fnUntraced(function*(tokens?: TokenAuthority.Options) {
  const sandbox = yield* PlacewiseSandbox.make({ tokens: { tokenText: named("placewise"), ...tokens } })
  const url = yield* serve(sandbox)
  const flags = ["--host", url, "--club", "infinity-mall", "--product-name", "sandbox", "--email", "ola@example.com"]
  return { sandbox, url, flags, secrets: "sandbox-client-token\ncorrect horse\n" }
})

export const pitchpoint = Effect.fnUntraced(function*(tokens?: TokenAuthority.Options) {
  const sandbox = yield* PitchpointSandbox.make({ tokens: { tokenText: named("pitchpoint"), ...tokens } })
  const url = yield* serve(sandbox)
  return { sandbox, url, flags: ["--host", url, "--username", "service@example.com"], secrets: "correct horse\n" }
})

export const walletApp = Effect.fnUntraced(function*(tokens?: TokenAuthority.Options) {
  const sandbox = yield* WalletAppSandbox.make({ tokens: { tokenText: named("wallet-app"), ...tokens } })
  const url = yield* serve(sandbox)
  const flags = ["--host", url, "--email", "kim@example.com", "--permissions", "brands.get"]
  return { sandbox, url, flags, secrets: "correct horse\n" }
})

/** Every file below a folder. */
export const filesOf = (folder: string): ReadonlyArray<string> =>
  Fs.readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => Path.join(entry.parentPath, entry.name))
