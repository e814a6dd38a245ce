/** The school, for its admins: people, invitations, keys, what happened, settings. */
import { lazy, Suspense } from 'react'
import { Page } from '../../ui/page'
import { Skeleton } from '../../ui/states'
import { SubNav } from '../../ui/sub-nav'
import { NotFoundPage } from '../not-found'

const TABS = {
  people: lazy(() => import('./people')),
  invitations: lazy(() => import('./invitations')),
  keys: lazy(() => import('./keys')),
  audit: lazy(() => import('./audit')),
  settings: lazy(() => import('./settings')),
}

const PLACES = [
  { to: '/school/people', label: 'People' },
  { to: '/school/invitations', label: 'Invitations' },
  { to: '/school/keys', label: 'Keys' },
  { to: '/school/audit', label: 'Audit' },
  { to: '/school/settings', label: 'Settings' },
]

/** One of its pages, by the last part of the address. */
export default function SchoolPage({ tab }: { tab: string }) {
  if (!isSchoolTab(tab)) return <NotFoundPage />
  const Tab = TABS[tab]
  return (
    <Page title="School">
      <SubNav label="School" places={PLACES} />
      <Suspense fallback={<Skeleton />}>
        <Tab />
      </Suspense>
    </Page>
  )
}

function isSchoolTab(tab: string): tab is keyof typeof TABS {
  return Object.hasOwn(TABS, tab)
}
