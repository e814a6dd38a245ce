/** The end of a list that comes page by page. */
import { Button } from './button'

interface Pages {
  hasNextPage: boolean
  isFetchingNextPage: boolean
  fetchNextPage: () => Promise<unknown>
}

/** A button for the next page, while there is one. */
export function More({ pages, label }: { pages: Pages; label: string }) {
  if (!pages.hasNextPage) return null
  return (
    <div className="list-more">
      <Button isPending={pages.isFetchingNextPage} onPress={() => void pages.fetchNextPage()}>
        {label}
      </Button>
    </div>
  )
}
