/** `effect-auth sandbox`: four servers, their pages, and lines that can be pasted into a shell. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as ChildProcess from "node:child_process"
import { patience, place, program } from "./program.ts"

interface Served {
  readonly provider: string
  readonly url: string
  readonly docs: string
  readonly openapi: string
  readonly signIn: string
  readonly call: string
}

const start = (env: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const child = ChildProcess.spawn(process.execPath, [...program, "sandbox", "--json"], { env })
      const ended = new Promise<number | null>((resolve) => child.on("close", resolve))
      let text = ""
      for await (const chunk of child.stdout) {
        text += String(chunk)
        if (text.endsWith("\n")) break
      }
      return { child, ended, servers: JSON.parse(text) as ReadonlyArray<Served> }
    }),
    ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
  )

const get = (url: string) =>
  Effect.promise(async () => {
    const response = await fetch(url)
    return { status: response.status, type: response.headers.get("content-type"), text: await response.text() }
  })

describe("effect-auth sandbox", () => {
  it.scopedLive("serves four providers with their pages, and what it prints can be run", () =>
    Effect.gen(function*() {
      const { env } = yield* place
      const { child, ended, servers } = yield* start(env)
      expect(servers.map((server) => server.provider)).toEqual(["placewise", "priava", "pitchpoint", "wallet-app"])
      const titles = new Set<string>()
      for (const server of servers) {
        const page = yield* get(server.docs)
        expect([page.status, page.type]).toEqual([200, expect.stringContaining("text/html")])
        const document = JSON.parse((yield* get(server.openapi)).text)
        expect(document).toMatchObject({ openapi: "3.1.0", servers: [{ url: "/" }] })
        expect(page.text).toContain(document.info.title)
        titles.add(document.info.title)
      }
      expect(titles.size).toBe(4)

      const shell = (line: string) =>
        Effect.promise(() =>
          new Promise<{ readonly failed: boolean; readonly stdout: string; readonly stderr: string }>((resolve) => {
            const itself = [process.execPath, ...program].map((word) => `'${word}'`).join(" ")
            ChildProcess.execFile(
              "/bin/sh",
              ["-c", line.replace("effect-auth", () => itself)],
              { env },
              (error, stdout, stderr) => resolve({ failed: error !== null, stdout, stderr })
            )
          })
        )
      yield* Effect.forEach(servers, (server) =>
        Effect.gen(function*() {
          expect(yield* shell(server.signIn)).toMatchObject({ failed: false, stderr: "" })
          expect(yield* shell(server.call)).toMatchObject({ failed: false, stdout: expect.stringMatching(/^\{/) })
        }), { concurrency: 2 })

      child.kill("SIGINT")
      expect(yield* Effect.promise(() => ended)).toBe(130)
    }), patience)
})
