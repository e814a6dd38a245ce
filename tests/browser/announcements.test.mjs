/** A school's announcements in a real browser: said by its admin, seen at once and later. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { withAdmin } from './accounts.mjs'
import { unique } from './pages.mjs'
import { audit, callApi, launchBrowser, openTab } from './support.mjs'

const TEST_PATIENCE_MS = 240_000

let browser
before(async () => {
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
})

const banner = (page) => page.getByRole('region', { name: 'Announcement' })

/** Resolves when the page, or the tab that leads, listens to the school. */
function listening(page) {
  return new Promise((resolve) => {
    page.on('websocket', (socket) =>
      socket.on('framereceived', ({ payload }) => {
        if (/subscription_succeeded.*private-announcements/.test(String(payload))) resolve()
      }),
    )
  })
}

test('what an admin announces stands over every page at once, and in the list', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withAdmin(browser, 'Ann Announces', async ({ page }) => {
    const hears = listening(page)
    await page.goto('/announcements')
    await page.getByText('Nothing was announced so far').waitFor()
    await hears
    const { page: other, errors } = await openTab(page.context())
    await other.goto('/classes')
    await other.getByRole('heading', { name: 'Classes', level: 1 }).waitFor()

    const text = unique('The hall is closed')
    await page.getByLabel('Announcement', { exact: true }).fill(text)
    await audit(page, 'announcement-new')
    await page.getByRole('button', { name: 'Announce it' }).click()
    await page.getByRole('listitem').getByText(text).waitFor()
    await banner(page).getByText(text).waitFor()
    await banner(other).getByText(text).waitFor()
    await audit(other, 'announcement')
    await banner(other).getByRole('button', { name: 'Put away' }).click()
    await banner(other).waitFor({ state: 'detached' })

    // What somebody else says comes into a list that is open.
    const school = await callApi(page, 'GET', '/api/v1/schools/current')
    const later = unique('It is open')
    await callApi(page, 'POST', `/api/v1/schools/${school.data.id}/announcements`, { text: later })
    await page.getByRole('listitem').getByText(later).waitFor()
    assert.deepEqual(errors, [], 'the second page threw nothing')
  })
})
