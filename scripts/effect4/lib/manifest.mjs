/** A package's package.json and tsconfig.json for Effect 4. */

/** What Effect 4 brings itself, and drivers that it has no stable release of. */
const gone = /^(@effect\/(platform|sql|experimental|cluster|rpc|workflow|sql-libsql|sql-mysql2)|mysql2)$/

const peers = {
  effect: "~4.1.0",
  "@effect/platform-node": "~4.1.0",
  "@effect/sql-pg": "^4.0.5",
  "@effect/vitest": "^4.0.5",
  vitest: "^5.0.0"
}

/** 1.x is for Effect 3, and 2.x for Effect 4. What is 0.x for Effect 3 has its forerunner here. */
const version = (of3) => {
  const [major, minor, patch] = of3.split(".")
  return major === "0" ? `2.0.0-pre.${minor}.${patch}` : `2.${minor}.${patch}`
}

const kept = (dependencies, change = (_name, range) => range) => {
  if (dependencies === undefined) return undefined
  const entries = Object.entries(dependencies).filter(([name]) => !gone.test(name))
  return Object.fromEntries(entries.map(([name, range]) => [name, change(name, range)]))
}

const json = (value) => `${JSON.stringify(value, undefined, 2)}\n`

export const manifest = (of3) =>
  json({
    ...of3,
    version: version(of3.version),
    engines: { node: ">=22.19" },
    dependencies: kept(of3.dependencies),
    peerDependencies: kept(
      of3.peerDependencies,
      (name, range) => peers[name] ?? (range.startsWith("workspace:") ? "workspace:^" : range)
    ),
    devDependencies: kept(of3.devDependencies),
    peerDependenciesMeta: kept(of3.peerDependenciesMeta)
  })

export const tsconfig = (of3) => json({ ...of3, extends: "../tsconfig.base.json" })
