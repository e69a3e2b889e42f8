/** How much later than asked for this process gets to run: what a busy machine, or a SIGSTOP, takes away from it. */
const every = 20

/** So late is worth telling: many of them in a row are as good as a pause. */
const stall = 100

export const watchLateness = (onStall: (from: number, to: number) => void) => {
  let last = Date.now()
  let sum = 0
  const timer = setInterval(() => {
    const now = Date.now()
    sum += Math.max(0, now - last - every - 2)
    if (now - last > stall) onStall(last, now)
    last = now
  }, every)
  return {
    /** Milliseconds since the beginning, up to now. */
    sum: () => sum + Math.max(0, Date.now() - last - every - 2),
    stop: () => clearInterval(timer)
  }
}
