/** The bar over every page: where one can go, and who is signed in. */
import { Link, useLocation } from 'wouter'
import type { User } from '../api/types'
import { session } from '../auth/use-session'
import { NotificationBell } from '../notifications/bell'
import { BrandMark } from './brand'
import { Button } from './button'

interface Place {
  to: string
  label: string
}

const TEACHING: Place[] = [
  { to: '/classes', label: 'Classes' },
  { to: '/quizzes', label: 'Quizzes' },
  { to: '/games', label: 'Games' },
  { to: '/studio', label: 'Studio' },
]

const ANNOUNCEMENTS: Place = { to: '/announcements', label: 'Announcements' }

function placesOf({ role }: User): Place[] {
  if (role === 'parent') return [{ to: '/family', label: 'Your children' }, ANNOUNCEMENTS]
  const school = role === 'admin' ? [{ to: '/school', label: 'School' }] : []
  return [...TEACHING, ...school, ANNOUNCEMENTS]
}

/** Where somebody's day starts. */
export function homeOf({ role }: Pick<User, 'role'>): string {
  return role === 'parent' ? '/family' : '/classes'
}

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
          <Link href={homeOf(user)} className="brand">
            <BrandMark />
            ToolboxAI Edge
          </Link>
          <nav className="site-nav" aria-label="Main">
            {placesOf(user).map(({ to, label }) => (
              <Link key={to} href={to} aria-current={location.startsWith(to) ? 'page' : undefined}>
                {label}
              </Link>
            ))}
          </nav>
          <div className="who">
            <Link
              href="/account"
              className="who-link"
              aria-label={`Your account, ${user.display_name}`}
              aria-current={location.startsWith('/account') ? 'page' : undefined}
            >
              <span className="who-mark" aria-hidden="true">
                {[...user.display_name][0]}
              </span>
              <span className="who-name">{user.display_name}</span>
            </Link>
            {user.role !== 'parent' && <NotificationBell userId={user.id} />}
            <Button variant="quiet" size="small" onPress={() => void session.signOut()}>
              Sign out
            </Button>
          </div>
        </div>
      </header>
    </>
  )
}
