/** The Studio plugins that are paired: which are there now, taking one's access away, and how to get one. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { api, unwrap } from '../../api/client'
import { loadAll } from '../../api/queries'
import type { Plugin } from '../../api/types'
import { ButtonLink } from '../../ui/button'
import { CopyButton } from '../../ui/copy-button'
import { When } from '../../ui/dates'
import { ConfirmButton } from '../../ui/dialog'
import { notify } from '../../ui/notices'
import { Page } from '../../ui/page'
import { EmptyState, ErrorState, Skeleton } from '../../ui/states'
import { Capabilities } from './capabilities'
import './studio.css'

const PLUGINS_KEY = ['plugins']
/** A heartbeat comes every thirty seconds. */
const LOOK_AGAIN_MS = 30_000

/** The page. */
export default function StudioPage() {
  const plugins = useQuery({
    queryKey: PLUGINS_KEY,
    queryFn: () => loadAll((query) => unwrap(api.GET('/api/v1/plugins', { params: { query } }))),
    refetchInterval: LOOK_AGAIN_MS,
  })
  return (
    <Page
      title="Studio"
      subtitle="Plugins of Roblox Studio that work for your school"
      actions={
        <ButtonLink to="/pair" variant="primary">
          Pair a plugin
        </ButtonLink>
      }
    >
      <div className="stack">
        {plugins.data ? (
          <PluginList plugins={plugins.data} />
        ) : plugins.isError ? (
          <ErrorState
            title="The plugins could not be loaded"
            error={plugins.error}
            onRetry={() => void plugins.refetch()}
          />
        ) : (
          <Skeleton rows={2} />
        )}
        <HowToInstall />
      </div>
    </Page>
  )
}

function PluginList({ plugins }: { plugins: Plugin[] }) {
  if (plugins.length === 0) {
    return (
      <EmptyState title="No plugin is paired yet">
        With the plugin you generate content inside Studio and drop it into your place.
      </EmptyState>
    )
  }
  return (
    <ul className="card rows" aria-label="Plugins">
      {plugins.map((plugin) => (
        <PluginRow key={plugin.id} plugin={plugin} />
      ))}
    </ul>
  )
}

const STATES: Record<Plugin['status'], { name: string; look: string }> = {
  active: { name: 'Here', look: 'badge-accent' },
  stale: { name: 'Silent', look: 'badge-warn' },
  offline: { name: 'Studio is closed', look: '' },
}

function PluginRow({ plugin }: { plugin: Plugin }) {
  const client = useQueryClient()
  const state = STATES[plugin.status]
  const name = plugin.place_id == null ? `Studio ${plugin.studio_id}` : `Place ${plugin.place_id}`
  const revoke = async () => {
    await unwrap(api.DELETE('/api/v1/plugins/{plugin_id}', { params: { path: { plugin_id: plugin.id } } }))
    await client.invalidateQueries({ queryKey: PLUGINS_KEY })
    notify(`${name} has no access any more.`)
  }
  return (
    <li>
      <span className="row-main">
        <span className="row-title">
          {name}
          <span className={`badge ${state.look}`}>{state.name}</span>
        </span>
        <span className="muted small">
          {plugin.place_id != null && <>Studio {plugin.studio_id} · </>}version {plugin.version} · may{' '}
          <Capabilities of={plugin.capabilities} />
        </span>
        <span className="muted small">
          paired <When at={plugin.paired_at} isDate />
          {plugin.last_seen_at ? (
            <>
              {' '}
              · heard of <When at={plugin.last_seen_at} />
            </>
          ) : (
            ' · not heard of lately'
          )}
        </span>
      </span>
      <ConfirmButton
        size="small"
        variant="quiet"
        aria-label={`Revoke ${name}`}
        title={`Take the access of ${name} away?`}
        consequence="The plugin can do nothing any more within seconds. To use it again, pair it again."
        confirmLabel="Revoke"
        onConfirm={revoke}
      >
        Revoke
      </ConfirmButton>
    </li>
  )
}

function HowToInstall() {
  const server = window.location.origin
  return (
    <section className="card" aria-labelledby="install-title">
      <div className="card-head">
        <h2 id="install-title">How to get the plugin</h2>
      </div>
      <ol className="studio-steps">
        <li>
          Get the file <code>plugin.rbxm</code> from whoever runs this server;{' '}
          <code>npm run roblox:build</code> makes it. Put it into Studio’s plugin folder (Plugins, then
          Plugins Folder).
        </li>
        <li>
          In your place, allow HTTP requests (Experience Settings, then Security). Studio also asks whether
          the plugin may call this server and write scripts: both are needed.
        </li>
        <li>
          Open the window with the button ToolboxAI. Give it this server’s address: <code>{server}</code>
        </li>
        <li>
          Press Pair this Studio, and confirm the code that it shows here. No password is typed into Studio.
        </li>
      </ol>
      <div className="row">
        <CopyButton text={server} label="Copy the address" />
      </div>
    </section>
  )
}
