/** The key in a real Secret Service: GNOME Keyring on a bus of its own. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as ChildProcess from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { patience, pitchpoint, place } from "./program.ts"

const has = (program: string) => ChildProcess.spawnSync(program, ["--version"]).status === 0
const isThere = process.platform === "linux" && has("dbus-daemon") && has("gnome-keyring-daemon")

/** A process that ends with the scope. */
const started = (program: string, args: ReadonlyArray<string>, env: NodeJS.ProcessEnv) =>
  Effect.acquireRelease(
    Effect.sync(() => ChildProcess.spawn(program, args, { env, stdio: ["pipe", "pipe", "ignore"] })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

const isOnBus = (bus: string): boolean => {
  const asked = "org.freedesktop.DBus.NameHasOwner"
  const to = ["--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"]
  const { stdout } = ChildProcess.spawnSync("dbus-send", [
    `--bus=${bus}`,
    ...to,
    asked,
    "string:org.freedesktop.secrets"
  ])
  return String(stdout).includes("true")
}

/** What the program needs to find a bus with an open keyring. */
const keyring = (home: string) =>
  Effect.gen(function*() {
    const env = { PATH: process.env["PATH"], HOME: home, XDG_RUNTIME_DIR: home }
    const daemon = yield* started("dbus-daemon", ["--session", "--nofork", "--print-address"], env)
    const bus = yield* Effect.async<string>((resume) => {
      daemon.stdout.once("data", (text) => resume(Effect.succeed(String(text).trim())))
    })
    const onBus = { ...env, DBUS_SESSION_BUS_ADDRESS: bus }
    const { stdin } = yield* started(
      "gnome-keyring-daemon",
      ["--foreground", "--unlock", "--components=secrets"],
      onBus
    )
    stdin.end("pw")
    yield* Effect.repeat(Effect.delay(Effect.sync(() => isOnBus(bus)), "100 millis"), { until: (isThere) => isThere })
    return { DBUS_SESSION_BUS_ADDRESS: bus }
  })

describe.skipIf(!isThere)("the key in the system's keychain", () => {
  it.scopedLive("a new key goes there, moves to a file and back, and nothing is lost", () =>
    Effect.gen(function*() {
      const { home, printed, run } = yield* place
      const { flags, sandbox, secrets } = yield* pitchpoint()
      const bus = yield* keyring(Path.dirname(home))
      const env = { ...bus, EFFECT_AUTH_KEY_STORE: "" }
      const signedIn = yield* run(["sign-in", "pitchpoint", ...flags, "--stdin"], { env, stdin: secrets })
      assert.strictEqual(signedIn.code, 0, signedIn.stderr)
      const file = Path.join(home, "key")
      assert.match(Fs.readFileSync(file, "utf8"), /^keychain [0-9a-f-]{36}\n$/)
      const token = yield* run(["token", "pitchpoint"], { env })
      assert.deepStrictEqual([token.code, token.stdout], [0, "pitchpoint-access-1-c0ffee\n"])

      // Without the keychain nothing is opened, and the message says where the key is.
      const away = yield* run(["token", "pitchpoint"], { env: { EFFECT_AUTH_KEY_STORE: "" } })
      assert.strictEqual(away.code, 17)
      assert.match(away.stderr, /keychain can't be used/)

      const toFile = yield* run(["key", "--to", "file"], { env })
      assert.strictEqual(toFile.stdout, `file: ${file}\n`)
      const key = Fs.readFileSync(file, "utf8").trim()
      assert.strictEqual(Buffer.from(key, "base64").length, 32)
      assert.strictEqual((yield* run(["token", "pitchpoint"])).stdout, token.stdout)

      const back = yield* run(["key", "--to", "keychain", "--json"], { env })
      assert.match(back.stdout, /^\{"place":"keychain","service":"effect-auth","name":"[0-9a-f-]{36}"\}\n$/)
      assert.notInclude(Fs.readFileSync(file, "utf8"), key)
      assert.strictEqual((yield* run(["token", "pitchpoint"], { env })).stdout, token.stdout)
      assert.notInclude(printed(), key)
      assert.strictEqual((yield* sandbox.counters).exchanges["password"]?.granted, 1)

      // The entry is deleted behind our back: nothing new is made over what is sealed.
      yield* run(["key", "--to", "file"], { env })
      yield* run(["key", "--to", "keychain"], { env })
      Fs.writeFileSync(file, "keychain 00000000-0000-4000-8000-000000000000\n")
      const gone = yield* run(["token", "pitchpoint"], { env })
      assert.strictEqual(gone.code, 17)
      assert.match(gone.stderr, /is not there. Set EFFECT_AUTH_KEY/)
    }), patience)

  it.scopedLive("six first uses at once make one key, in the keychain", () =>
    Effect.gen(function*() {
      const { home, run } = yield* place
      const { flags, secrets } = yield* pitchpoint()
      const bus = yield* keyring(Path.dirname(home))
      const env = { ...bus, EFFECT_AUTH_KEY_STORE: "keychain" }
      const all = yield* Effect.forEach(
        Array.from({ length: 6 }, (_, index) => ["--account", `a${index}`]),
        (account) => run(["sign-in", "pitchpoint", ...flags, ...account, "--stdin"], { env, stdin: secrets }),
        { concurrency: 6 }
      )
      assert.deepStrictEqual(all.map(({ code, stderr }) => code === 0 ? "" : stderr), Array.from(all, () => ""))
      for (let index = 0; index < 6; index++) {
        assert.strictEqual((yield* run(["token", "pitchpoint", "--account", `a${index}`], { env })).code, 0)
      }
    }), patience)

  it.scopedLive("asked for and not there, it fails; not asked for, a file has the key", () =>
    Effect.gen(function*() {
      const { home, run } = yield* place
      const { flags, secrets } = yield* pitchpoint()
      const signIn = (store: string) =>
        run(["sign-in", "pitchpoint", ...flags, "--stdin"], { env: { EFFECT_AUTH_KEY_STORE: store }, stdin: secrets })
      const refused = yield* signIn("keychain")
      assert.deepStrictEqual([refused.code, refused.stdout], [17, ""])
      assert.match((yield* signIn("vault")).stderr, /EFFECT_AUTH_KEY_STORE is file or keychain/)
      assert.isFalse(Fs.existsSync(Path.join(home, "key")))
      assert.strictEqual((yield* signIn("")).code, 0)
      assert.match(Fs.readFileSync(Path.join(home, "key"), "utf8"), /^[A-Za-z0-9+/]{43}=\n$/)
    }), patience)
})
