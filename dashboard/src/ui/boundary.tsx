/** Catches what a page throws, also a chunk that could not be loaded, so that the frame and the way out stay. */
import { Component, type ReactNode } from 'react'
import { Button } from './button'

interface State {
  hasFailed: boolean
}

/** An error boundary around one page. */
export class PageBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { hasFailed: false }

  static getDerivedStateFromError(): State {
    return { hasFailed: true }
  }

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children
    return (
      <main className="page" id="main">
        <div className="state state-error" role="alert">
          <h1>This page could not be shown</h1>
          <p>Reload it. If a new version was just installed, that is all it needs.</p>
          <Button variant="primary" onPress={() => window.location.reload()}>
            Reload
          </Button>
        </div>
      </main>
    )
  }
}
