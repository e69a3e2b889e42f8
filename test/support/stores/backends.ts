/**
 * Where the shared backends are. What is not there is skipped and counted as skipped; under `CI=true` nothing is skipped,
 * so that its tests fail.
 */
import { createConnection } from "node:net"

const isOpen = (url: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const target = new URL(url)
    const socket = createConnection({ host: target.hostname, port: Number(target.port || port), timeout: 2_000 })
    const end = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket.once("connect", () => end(true)).once("error", () => end(false)).once("timeout", () => end(false))
  })

const backend = async (url: string, port: number) => ({
  url,
  isSkipped: process.env.CI !== "true" && !(await isOpen(url, port))
})

export const redis = () => backend(process.env.REDIS_URL ?? "redis://127.0.0.1:6379", 6379)

export const postgres = () => backend(process.env.DATABASE_URL ?? "postgres://postgres@127.0.0.1:5432/test", 5432)

export const mysql = () => backend(process.env.MYSQL_URL ?? "mysql://root@127.0.0.1:3306/test", 3306)

/** What belongs to this run, so that runs at the same time do not meet. */
export const runName = `effect_auth_${process.pid}_${Math.random().toString(36).slice(2, 8)}`
