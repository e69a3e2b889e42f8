/** Planted: a file that does not load. */
throw new Error("a file that does not load")
