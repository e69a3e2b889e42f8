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

  it.scopedLive("each address opens the console, and its API makes new codes", () =>
    Effect.gen(function*() {
      const { env } = yield* place
      const { servers } = yield* start(env)
      for (const { url } of servers) {
        const page = yield* get(`${url}/`)
        expect([page.status, page.type]).toEqual([200, expect.stringContaining("text/html")])
        expect(page.text).toContain("console.js")
      }
      const [, priava] = servers
      const make = (headers: Record<string, string>) =>
        Effect.promise(async () => {
          const response = await fetch(`${priava?.url}/console/api/sandboxes/priava/code`, { method: "POST", headers })
          return { status: response.status, text: await response.text() }
        })
      expect((yield* make({})).status).toBe(403)
      const [one, two] = [yield* make({ "x-effect-auth-console": "1" }), yield* make({ "x-effect-auth-console": "1" })]
      expect(one.text).not.toBe(two.text)
      const { code } = JSON.parse(one.text)
      const listed = JSON.parse((yield* get(`${priava?.url}/console/api/sandboxes/priava/recipes`)).text)
      const curl = String(listed.find((recipe: { readonly title: string }) => recipe.title === "curl").text)
      const answer = yield* Effect.promise(() =>
        new Promise<string>((resolve) => {
          const line = curl.replace("code=sandbox-code", `code=${code}`)
          ChildProcess.execFile("/bin/sh", ["-c", line], (_error, stdout) => resolve(stdout))
        })
      )
      expect(JSON.parse(answer)).toMatchObject({ token_type: "BEARER" })
    }), patience)

  it.scopedLive(
    "--env prints what a program needs, and each request is a line without secrets",
    () =>
      Effect.gen(function*() {
        const { env } = yield* place
        const child = yield* Effect.acquireRelease(
          Effect.sync(() => ChildProcess.spawn(process.execPath, [...program, "sandbox", "--env"], { env })),
          (child) => Effect.sync(() => child.kill("SIGKILL"))
        )
        const printed = { out: "", log: "" }
        child.stdout.on("data", (chunk) => printed.out += String(chunk))
        child.stderr.on("data", (chunk) => printed.log += String(chunk))
        yield* Effect.repeat(Effect.sleep("50 millis"), { until: () => printed.log.includes("Ctrl-C") })
        const settings = Object.fromEntries(
          printed.out.split("\n").filter((line) => /^[A-Z_]+=/.test(line)).map((line) => {
            const at = line.indexOf("=")
            return [line.slice(0, at), line.slice(at + 1).replace(/^'(.*)'$/, "$1")] as const
          })
        )
        const { run } = yield* place
        for (const provider of ["placewise", "priava", "pitchpoint", "wallet-app"]) {
          const token = yield* run(["token", provider], { env: settings })
          expect(token).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\S*[0-9a-f]{40}\n$/) })
          yield* Effect.repeat(Effect.sleep("50 millis"), { until: () => printed.log.includes(` ${provider}`) })
          expect(printed.log).not.toContain(token.stdout.trim())
        }
        expect(printed.log).toMatch(
          /^\d\d:\d\d:\d\d placewise {2}200 POST \S+\/oauth\/token {2}\(grant password, issued pair 1\)$/m
        )
        for (const secret of ["correct horse", "sandbox-client-secret", "sandbox-code", "sandbox-client-token"]) {
          expect(printed.log).not.toContain(secret)
        }
      }),
    patience
  )
})
