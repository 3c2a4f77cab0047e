// Numbers as the status documents have them: times in ISO 8601, durations in seconds with at most three decimals, and
// null for what cannot be told. Pure.

/** `ms`: since 1970. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** Never below 0: the wall clock may jump. */
export function seconds(ms: number): number {
  return Math.max(0, Math.round(ms) / 1000);
}

/** Free and total bytes of a file system, which may be gone or hang together with its disk. */
export function spaceOf(root: { space(): { readonly free: number; readonly total: number } }): {
  readonly free_bytes: number | null;
  readonly size_bytes: number | null;
} {
  try {
    const { free, total } = root.space();
    return { free_bytes: free, size_bytes: total };
  } catch {
    return { free_bytes: null, size_bytes: null };
  }
}
