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
          <ButtonLink to="/classes" variant="primary">
            Go to your classes
          </ButtonLink>
        }
      >
        Check the address, or start from your classes.
      </EmptyState>
    </Page>
  )
}
