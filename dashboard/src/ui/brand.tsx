/** The mark: three bars, as on a leaderboard. */
export function BrandMark() {
  return (
    <svg className="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <rect x="7" y="16" width="5" height="9" rx="1.5" fill="var(--on-accent)" />
      <rect x="13.5" y="7" width="5" height="18" rx="1.5" fill="var(--on-accent)" />
      <rect x="20" y="12" width="5" height="13" rx="1.5" fill="var(--on-accent)" />
    </svg>
  )
}
