/** A Redis of our own, that can be stopped, paused and started again with what it had written. */
import * as Effect from "effect/Effect"
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import { createServer } from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"

export const isInstalled = spawnSync("redis-server", ["--version"]).status === 0

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  return typeof address === "object" && address !== null ? address.port : 0
}

const begin = (port: number, folder: string, more: ReadonlyArray<string>): Promise<ChildProcess> =>
  new Promise((resolve, reject) => {
    const settings = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
    const child = spawn("redis-server", [...settings, "--appendonly", "yes", "--appendfsync", "always", ...more], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    let said = ""
    child.stdout.on("data", (text) => {
      said += text
      if (said.includes("Ready to accept connections")) resolve(child)
    })
    child.once("exit", () => reject(new Error(`redis-server ended: ${said}`)))
  })

const end = async (child: ChildProcess) => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, "exit")
  child.kill("SIGKILL")
  await exited
}

/** With more settings, as on the command line of redis-server. */
export const redisServerWith = (...more: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-auth-redis-"))
      const port = await freePort()
      let child = await begin(port, folder, more)
      return {
        port,
        folder,
        url: `redis://127.0.0.1:${port}`,
        start: Effect.promise(async () => {
          child = await begin(port, folder, more)
        }),
        kill: Effect.promise(() => end(child)),
        pause: Effect.sync(() => void child.kill("SIGSTOP")),
        resume: Effect.sync(() => void child.kill("SIGCONT")),
        close: Effect.promise(async () => {
          await end(child)
          Fs.rmSync(folder, { recursive: true, force: true })
        })
      }
    }),
    (server) => server.close
  )

export const redisServer = redisServerWith()
