/** The bar over every page: where one can go, and who is signed in. */
import { Link, useLocation } from 'wouter'
import type { User } from '../api/types'
import { session } from '../auth/use-session'
import { NotificationBell } from '../notifications/bell'
import { BrandMark } from './brand'
import { Button } from './button'

const PLACES = [
  { to: '/classes', label: 'Classes' },
  { to: '/quizzes', label: 'Quizzes' },
]

/** The header with the navigation. */
export function SiteHeader({ user }: { user: User }) {
  const [location] = useLocation()
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <header className="site-header">
        <div className="site-header-inner">
          <Link href="/classes" className="brand">
            <BrandMark />
            ToolboxAI Edge
          </Link>
          <nav className="site-nav" aria-label="Main">
            {PLACES.map(({ to, label }) => (
              <Link key={to} href={to} aria-current={location.startsWith(to) ? 'page' : undefined}>
                {label}
              </Link>
            ))}
          </nav>
          <div className="who">
            <span className="who-name muted">{user.display_name}</span>
            <NotificationBell />
            <Button variant="quiet" size="small" onPress={() => void session.signOut()}>
              Sign out
            </Button>
          </div>
        </div>
      </header>
    </>
  )
}
