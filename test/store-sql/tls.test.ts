/** What is sent to a server with a certificate for another name: nothing that is secret. */
import * as MysqlTokenStore from "@effect-auth/store-sql/MysqlTokenStore"
import * as PostgresTokenStore from "@effect-auth/store-sql/PostgresTokenStore"
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { execFileSync, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Tls from "node:tls"

const isInstalled = spawnSync("openssl", ["version"]).status === 0
const root = Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-auth-tls-"))
afterAll(() => Fs.rmSync(root, { recursive: true, force: true }))

/** A certificate that is its own authority. */
const certificateFor = (name: string) => {
  const [key, cert] = [Path.join(root, `${name}.key`), Path.join(root, `${name}.crt`)]
  const made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
  execFileSync("openssl", [
    ...made,
    "-keyout",
    key,
    "-out",
    cert,
    "-subj",
    `/CN=${name}`,
    "-addext",
    `subjectAltName=DNS:${name}`
  ], {
    stdio: "ignore"
  })
  return { key: Fs.readFileSync(key, "utf8"), cert: Fs.readFileSync(cert, "utf8") }
}

type Certificate = ReturnType<typeof certificateFor>

const listening = (server: Net.Server, socketPath?: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const place = socketPath === undefined ? { port: 0, host: "127.0.0.1" } : { path: socketPath }
      await once(server.listen(place), "listening")
      const address = server.address()
      return typeof address === "object" && address !== null ? address.port : 0
    }),
    () => Effect.sync(() => void server.close())
  )

const secured = (socket: Net.Socket, certificate: Certificate, seen: Array<string>) =>
  new Tls.TLSSocket(socket, { isServer: true, ...certificate })
    .on("error", () => {})
    .on("data", (data) => void seen.push(data.toString("latin1")))

/** The greeting of MySQL 8 with TLS, and nothing more. It keeps what clients send after the handshake. */
const mysqlWith = (certificate: Certificate, seen: Array<string>, socketPath?: string) =>
  listening(
    Net.createServer((socket) => {
      socket.on("error", () => {})
      const flags = 0x001f_8a09
      const greeting = Buffer.concat([
        Buffer.from([10]),
        Buffer.from("8.0.36\0\x01\0\0\0abcdefgh\0", "latin1"),
        Buffer.from([flags & 255, (flags >> 8) & 255, 45, 2, 0, (flags >> 16) & 255, 0, 21]),
        Buffer.alloc(10),
        Buffer.from("ijklmnopqrst\0caching_sha2_password\0")
      ])
      socket.write(Buffer.concat([Buffer.from([greeting.length, 0, 0, 0]), greeting]))
      socket.once("data", (request) => {
        socket.pause()
        if (request.length > 36) socket.unshift(request.subarray(36))
        secured(socket, certificate, seen)
      })
    }),
    socketPath
  )

/** It answers the request for TLS with yes, or no. */
const postgresWith = (certificate: Certificate | undefined, seen: Array<string>) =>
  listening(Net.createServer((socket) => {
    socket.on("error", () => {})
    socket.once("data", (request) => {
      if (request.readInt32BE(4) !== 80_877_103) return void seen.push(`in clear: ${request.toString("latin1")}`)
      socket.write(certificate === undefined ? "N" : "S")
      if (certificate === undefined) return
      socket.pause()
      secured(socket, certificate, seen)
    })
  }))

describe.skipIf(!isInstalled)("TLS", () => {
  const options = { host: "localhost", username: "app", database: "db", password: Redacted.make("pass-secret") }

  it.scopedLive(
    "MySQL: a trusted certificate for another name gets no user and no password",
    () =>
      Effect.gen(function*() {
        const seen: Array<string> = []
        const other = certificateFor("other.example")
        const port = yield* mysqlWith(other, seen)
        for (const ssl of [true, { ca: other.cert }] as const) {
          const error = yield* Effect.flip(
            MysqlTokenStore.make({ ...options, port, ssl, connectTimeout: "2 seconds" })
          )
          assert.strictEqual(error._tag, "TokenStoreError")
        }
        assert.deepStrictEqual(seen, [])
      }),
    20_000
  )

  it.scopedLive("MySQL: a trusted certificate for the right name gets the user", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const right = certificateFor("localhost")
      const port = yield* mysqlWith(right, seen)
      yield* Effect.flip(
        MysqlTokenStore.make({ ...options, port, ssl: { ca: right.cert }, connectTimeout: "1 second" })
      )
      assert.match(seen.join(), /app/)
    }), 20_000)

  it.scopedLive(
    "MySQL: over a socket there is no name to check, so a trusted certificate for any name gets the user",
    () =>
      Effect.gen(function*() {
        const seen: Array<string> = []
        const other = certificateFor("other.example")
        const socketPath = Path.join(root, "mysql.sock")
        yield* mysqlWith(other, seen, socketPath)
        const { host: _, ...more } = options
        const make = (ssl: MysqlTokenStore.Options["ssl"]) =>
          Effect.flip(MysqlTokenStore.make({ ...more, socketPath, ssl, connectTimeout: "1 second" }))
        yield* make(true)
        assert.deepStrictEqual(seen, [])
        yield* make({ ca: other.cert })
        assert.match(seen.join(), /app/)
      }),
    20_000
  )

  it.scopedLive(
    "PostgreSQL: a trusted certificate for another name gets no user and no password",
    () =>
      Effect.gen(function*() {
        const seen: Array<string> = []
        const other = certificateFor("other.example")
        const port = yield* postgresWith(other, seen)
        for (const ssl of [true, { ca: other.cert }] as const) {
          const error = yield* Effect.flip(
            PostgresTokenStore.make({ ...options, port, ssl, connectTimeout: "2 seconds" })
          )
          assert.strictEqual(error._tag, "TokenStoreError")
        }
        assert.deepStrictEqual(seen, [])
      }),
    20_000
  )

  it.scopedLive(
    "PostgreSQL: ssl=no-verify in the url does not check the certificate, and is not sent in clear",
    () =>
      Effect.gen(function*() {
        const seen: Array<string> = []
        const port = yield* postgresWith(certificateFor("any.example"), seen)
        const url = Redacted.make(`postgres://app:pass-secret@localhost:${port}/db?ssl=no-verify`)
        yield* Effect.flip(PostgresTokenStore.make({ url, connectTimeout: "1 second" }))
        assert.match(seen.join(), /app/)
        assert.notMatch(seen.join(), /in clear/)
      }),
    20_000
  )
})
