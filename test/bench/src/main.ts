/** Every figure of `docs/performance.md`. `--json` prints one object a line; further arguments pick parts by name. */
import * as endToEnd from "./endToEnd.ts"
import * as fastPath from "./fastPath.ts"
import * as faults from "./faults.ts"
import * as growth from "./growth.ts"
import * as peers from "./peers.ts"
import * as remote from "./remote.ts"
import { finish } from "./report.ts"
import * as rows from "./rows.ts"
import * as sessions from "./sessions.ts"
import * as stores from "./stores.ts"
import * as storm from "./storm.ts"

const parts: Record<string, () => Promise<void>> = {
  "fast-path": fastPath.run,
  "loopback": endToEnd.run,
  "storm": storm.run,
  "faults": faults.run,
  "sessions": sessions.run,
  "stores": stores.run,
  "growth": growth.run,
  "rows": rows.run,
  "remote": remote.run,
  "peers": peers.run
}

/** Small enough for the tests, which run it by name: what must be so on any machine. */
const checks = async (): Promise<void> => {
  await storm.check()
  await sessions.check()
}

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("-"))

for (const [name, run] of Object.entries(parts)) {
  if (wanted.length === 0 || wanted.includes(name)) await run()
}
if (wanted.includes("checks")) await checks()
finish()
process.exit(0)
