/** One's own account: the name, what protects it, where it is open. */
import type { ReactNode } from 'react'
import { Page } from '../../ui/page'
import { SubNav } from '../../ui/sub-nav'
import { DevicesTab } from './devices'
import { ProfileTab } from './profile'
import { SecurityTab } from './security'
import './account.css'

const PLACES = [
  { to: '/account', label: 'Profile' },
  { to: '/account/security', label: 'Security' },
  { to: '/account/devices', label: 'Devices' },
]

const TABS: Record<string, ReactNode> = {
  profile: <ProfileTab />,
  security: <SecurityTab />,
  devices: <DevicesTab />,
}

/** One of its pages. */
export default function AccountPage({ tab }: { tab: 'profile' | 'security' | 'devices' }) {
  return (
    <Page title="Your account" isNarrow>
      <SubNav label="Your account" places={PLACES} />
      {TABS[tab]}
    </Page>
  )
}
