/** The meaning of a failed write. */

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined

/** Whether the reader has gone (`| head`), or the stream is closed (`>&-`). Neither is an error of the command. */
export const isClosed = (error: unknown): boolean => /^(EPIPE|EBADF|ERR_STREAM_DESTROYED)$/.test(codeOf(error) ?? "")

const words: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file is too large",
  EIO: "the device failed"
}

/** In one line, without a stack trace. */
export const sentenceOf = (error: unknown): string => {
  const code = codeOf(error) ?? "unknown"
  return `standard output can't be written: ${words[code] ?? "the write failed"} (${code})`
}
