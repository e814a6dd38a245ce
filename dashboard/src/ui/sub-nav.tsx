/** The pages of one area, over each of them. */
import { Link, useLocation } from 'wouter'

export interface SubNavProps {
  label: string
  places: { to: string; label: string }[]
}

/** Links side by side; the one that is open is marked. */
export function SubNav({ label, places }: SubNavProps) {
  const [location] = useLocation()
  // The area's own address shows the first of its pages.
  const open = places.find(({ to }) => to === location) ?? places[0]
  return (
    <nav className="sub-nav" aria-label={label}>
      {places.map((place) => (
        <Link key={place.to} href={place.to} aria-current={place === open ? 'page' : undefined}>
          {place.label}
        </Link>
      ))}
    </nav>
  )
}
