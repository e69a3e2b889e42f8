/** Example programs as processes of their own, and the person who reads what they print. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

const folder = fileURLToPath(new URL("../../../examples/src/oauth2/", import.meta.url))

/** Runs a program to its end, and gives all that it printed. `read` is told each line. */
export const run = async (
  name: string,
  environment: Readonly<Record<string, string>>,
  read: (line: string) => void = () => {}
): Promise<string> => {
  const child = spawn(process.execPath, ["--import", "tsx", `${folder}${name}.ts`], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...environment },
    timeout: 60_000,
    killSignal: "SIGKILL"
  })
  let said = ""
  let told = 0
  child.stdout.on("data", (text) => {
    said += text
    const lines = said.split("\n")
    for (; told < lines.length - 1; told++) read(lines[told] ?? "")
  })
  await once(child, "close")
  return said
}
