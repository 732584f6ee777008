// How long ago a day was, in words. No VS Code here.

const DAY = 86_400_000;

/** How long ago a day (`YYYY-MM-DD`, in UTC) was at a moment (milliseconds since 1970), in the words
 * of the language server's hovers. */
export function ago(day: string, now: number): string {
  const days = Math.floor((now - Date.parse(`${day}T00:00:00Z`)) / DAY);
  if (!(days > 0)) return 'today';
  if (days === 1) return 'yesterday';
  if (days <= 60) return `${days} days ago`;
  if (days <= 730) return `${Math.floor((days * 12) / 365)} months ago`;
  return `${Math.floor((days * 100) / 36_525)} years ago`;
}

/** The day of a moment in seconds since 1970, in UTC: `YYYY-MM-DD`. */
export function dayOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
