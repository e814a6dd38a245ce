/** An address that leads nowhere. */
import { ButtonLink } from '../ui/button'
import { Page } from '../ui/page'
import { EmptyState } from '../ui/states'

/** The page for unknown addresses. */
export function NotFoundPage() {
  return (
    <Page title="Page not found" isNarrow>
      <EmptyState
        title="There is nothing at this address"
        action={
          <ButtonLink to="/" variant="primary">
            Go to the start
          </ButtonLink>
        }
      >
        Check the address, or begin at the start.
      </EmptyState>
    </Page>
  )
}
