/** Decompresses a body that the inner client did not decompress. */
import * as Effect from "effect/Effect"

export type Bytes = Uint8Array<ArrayBuffer>

/** The most nested encodings that are undone. */
const mostLayers = 3

/**
 * Undoes the encodings of `Content-Encoding`. A client that has already decompressed the body keeps the header, so
 * bytes that are plain text are returned unchanged. If a gateway removed the header, gzip is recognised by its first
 * bytes. Fails if the bytes can't be decompressed or become more than `limit`.
 */
export const inflate = (
  bytes: Bytes,
  contentEncoding: string | undefined,
  limit: number
): Effect.Effect<Bytes, "unread"> =>
  Effect.suspend(() => {
    const named = (contentEncoding ?? "").toLowerCase().split(",").map((one) => one.trim()).filter((one) =>
      one !== "" && one !== "identity"
    )
    const encodings = named.length === 0 && isGzip(bytes) ? ["gzip"] : named
    if (encodings.length === 0 || isText(bytes)) return Effect.succeed(bytes)
    if (encodings.length > mostLayers) return Effect.fail("unread" as const)
    return encodings.reduceRight<Effect.Effect<Bytes, "unread">>(
      (inner, encoding) => Effect.flatMap(inner, (bytes) => undo(bytes, encoding, limit)),
      Effect.succeed(bytes)
    )
  })

/** JSON and forms have no control characters except white space. Compressed bytes soon have one, or are not UTF-8. */
const isText = (bytes: Bytes): boolean => {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes)

    return !/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text)
  } catch {
    return false
  }
}

const undo = (bytes: Bytes, encoding: string, limit: number): Effect.Effect<Bytes, "unread"> => {
  switch (encoding) {
    case "gzip":
    case "x-gzip":
      return through("gzip", bytes, limit)
    case "deflate":
      return through(hasZlibHeader(bytes) ? "deflate" : "deflate-raw", bytes, limit)
    case "br":
      return brotli(bytes, limit)
    default:
      return Effect.fail("unread")
  }
}

/** RFC 1952 section 2.3. No text begins like that. */
const isGzip = ([first, second]: Bytes): boolean => first === 0x1f && second === 0x8b

/** RFC 1950 section 2.2. HTTP's `deflate` is this format, but some servers send the raw format of RFC 1951. */
const hasZlibHeader = ([first = 0, second = 0]: Bytes): boolean =>
  (first & 15) === 8 && (first * 256 + second) % 31 === 0

/** Reading stops at the limit, because a few compressed bytes can become gigabytes. */
const through = (format: CompressionFormat, bytes: Bytes, limit: number): Effect.Effect<Bytes, "unread"> =>
  Effect.tryPromise({
    try: async () => {
      const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format)).getReader()
      const chunks: Array<Bytes> = []
      let size = 0
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        chunks.push(next.value)
        size += next.value.byteLength
        if (size <= limit) continue
        await reader.cancel()
        throw new Error("too long")
      }
      return joined(chunks)
    },
    catch: () => "unread" as const
  })

export const joined = (chunks: ReadonlyArray<Uint8Array>): Bytes => {
  const out = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.byteLength, 0))
  let at = 0
  for (const chunk of chunks) {
    out.set(chunk, at)
    at += chunk.byteLength
  }
  return out
}

/** The used part of `node:zlib`. */
interface Zlib {
  readonly brotliDecompress: (
    bytes: Uint8Array,
    options: { readonly maxOutputLength: number },
    done: (error: unknown, out: Uint8Array<ArrayBuffer>) => void
  ) => void
}

/**
 * `DecompressionStream` supports Brotli only in the newest runtimes. Node (20.16 and later), Bun and Deno have it in a
 * built-in module. The module is loaded at run time, because an import would not work in browsers. Browsers decompress
 * Brotli themselves.
 */
const brotli = (bytes: Bytes, limit: number): Effect.Effect<Bytes, "unread"> =>
  Effect.suspend(() => {
    const zlib = builtinZlib()
    if (zlib === undefined) return through("brotli" as CompressionFormat, bytes, limit)
    return Effect.callback<Bytes, "unread">((resume) => {
      zlib.brotliDecompress(bytes, { maxOutputLength: limit }, (error, out) => {
        resume(error === null ? Effect.succeed(out) : Effect.fail("unread"))
      })
    })
  })

const builtinZlib = (): Zlib | undefined => {
  const { process } = globalThis as {
    readonly process?: { readonly getBuiltinModule?: (name: string) => Zlib | undefined }
  }
  try {
    return process?.getBuiltinModule?.("node:zlib")
  } catch {
    return undefined
  }
}
