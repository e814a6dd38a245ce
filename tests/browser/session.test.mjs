/** The session in the browser: reload, several tabs, idle time, no network. Each test stands for itself. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { audit, demo, fillSignIn, launchBrowser, openPage, refuse, screenshot, signIn } from './support.mjs'

const TEST_PATIENCE_MS = 180_000

let browser
before(async () => {
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
})

/** A signed-in page in a fresh profile. `refreshes` counts how often any tab of it asked for a new token. */
async function withSession(run, { clock = false } = {}) {
  const { context, page, errors } = await openPage(browser)
  const counts = { refreshes: 0 }
  context.on('request', (request) => {
    if (new URL(request.url()).pathname === '/api/v1/auth/refresh') counts.refreshes += 1
  })
  try {
    if (clock) await page.clock.install()
    await signIn(page)
    await run({ context, page, counts })
    assert.deepEqual(errors, [], 'the page threw nothing')
  } catch (error) {
    await screenshot(page, 'session-failure')
    throw error
  } finally {
    await context.close()
  }
}

const classesHeading = (page) => page.getByRole('heading', { name: 'Classes', level: 1 })
const signInHeading = (page) => page.getByRole('heading', { name: 'Sign in', level: 1 })

test('a reload keeps the session, without a flash of the sign-in page', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withSession(async ({ page }) => {
    await page.addInitScript(() => {
      window.seen = []
      new MutationObserver(() => {
        const heading = document.querySelector('h1')?.textContent
        if (heading && window.seen.at(-1) !== heading) window.seen.push(heading)
      }).observe(document, { childList: true, subtree: true })
    })
    await page.reload()
    await classesHeading(page).waitFor()
    const seen = await page.evaluate(() => window.seen)
    assert.ok(!seen.includes('Sign in'), `seen: ${seen}`)
  })
})

test('nothing that a script can read holds a token', { timeout: TEST_PATIENCE_MS }, async () => {
  await withSession(async ({ context, page }) => {
    const tokens = new Set()
    page.on('request', (request) => {
      const token = request.headers().authorization?.replace(/^Bearer /, '')
      if (token) tokens.add(token)
    })
    await page.reload()
    await classesHeading(page).waitFor()
    const cookies = await context.cookies()
    const cookie = cookies.find(({ name }) => name === '__Host-refresh')
    assert.ok(cookie, 'the refresh token is in its cookie')
    assert.deepEqual(
      { httpOnly: cookie.httpOnly, secure: cookie.secure, sameSite: cookie.sameSite, path: cookie.path },
      { httpOnly: true, secure: true, sameSite: 'Lax', path: '/' },
    )
    const readable = await page.evaluate(async () => {
      const databases = (await indexedDB.databases?.()) ?? []
      const caches = await window.caches.keys()
      return JSON.stringify([
        document.cookie,
        { ...localStorage },
        { ...sessionStorage },
        databases,
        caches,
        location.href,
        history.state,
        document.documentElement.outerHTML,
        Object.keys(window).map((key) => String(window[key])),
      ])
    })
    assert.ok(tokens.size > 0, 'tokens were sent')
    for (const token of [...tokens, cookie.value])
      assert.ok(!readable.includes(token), 'no token is readable')
  })
})

test('a request that met an expired token is sent again once, unseen', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withSession(async ({ page, counts }) => {
    let asked = 0
    await page.route('**/api/v1/quizzes?**', (route) => {
      asked += 1
      return asked === 1 ? refuse('token_expired')(route) : route.continue()
    })
    const before = counts.refreshes
    await page.getByRole('link', { name: 'Quizzes' }).click()
    await page.getByRole('heading', { name: 'Quizzes', level: 1 }).waitFor()
    await page.locator('.skeleton').first().waitFor({ state: 'detached' })
    assert.equal(asked, 2)
    assert.equal(counts.refreshes, before + 1)
    assert.equal(await page.getByRole('dialog').count(), 0)
  })
})

test('a second tab gets the token of the first one, and one refreshes for both', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withSession(async ({ context, page, counts }) => {
    const before = counts.refreshes
    const second = await context.newPage()
    await second.goto('/classes')
    await classesHeading(second).waitFor()
    assert.equal(counts.refreshes, before, 'the second tab asked the first one, not the server')

    for (const tab of [page, second]) {
      await tab.route('**/api/v1/quizzes?**', refuse('token_expired'), { times: 1 })
    }
    await Promise.all(
      [page, second].map(async (tab) => {
        await tab.getByRole('link', { name: 'Quizzes' }).click()
        await tab.getByRole('heading', { name: 'Quizzes', level: 1 }).waitFor()
        await tab.locator('.skeleton').first().waitFor({ state: 'detached' })
        assert.equal(await tab.getByRole('dialog').count(), 0)
      }),
    )
    assert.ok(counts.refreshes > before, 'the token was renewed')
  })
})

test('signing out in one tab signs out all, for good', { timeout: TEST_PATIENCE_MS }, async () => {
  await withSession(async ({ context, page }) => {
    const second = await context.newPage()
    await second.goto('/classes')
    await classesHeading(second).waitFor()
    const told = page.waitForResponse('**/api/v1/auth/logout')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await signInHeading(page).waitFor()
    await signInHeading(second).waitFor()
    await told
    await second.reload()
    await signInHeading(second).waitFor()
  })
})

test('signing in as somebody else in one tab moves the others', { timeout: TEST_PATIENCE_MS }, async () => {
  await withSession(async ({ context, page }) => {
    const second = await context.newPage()
    await second.goto('/classes')
    await classesHeading(second).waitFor()
    await second.getByRole('button', { name: 'Sign out' }).click()
    await signInHeading(second).waitFor()
    await fillSignIn(second, demo.admin)
    await page.getByRole('navigation').getByRole('link', { name: 'School' }).waitFor()
    await classesHeading(page).waitFor()
  })
})

test('a lost network signs nobody out, and says so calmly', { timeout: TEST_PATIENCE_MS }, async () => {
  await withSession(async ({ page }) => {
    await page.route('**/api/v1/**', (route) => route.abort())
    await page.reload()
    await page.getByRole('heading', { name: 'The server cannot be reached' }).waitFor()
    await audit(page, 'session-offline')
    await page.unroute('**/api/v1/**')
    await page.getByRole('button', { name: 'Try now' }).click()
    await classesHeading(page).waitFor()
  })
})

test('idle time is warned of, and the answer in one tab counts for all', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withSession(
    async ({ context, page }) => {
      const second = await context.newPage()
      await second.goto('/classes')
      await classesHeading(second).waitFor()
      // The clock is that of the whole profile.
      await page.clock.fastForward('28:30')
      const warning = (tab) => tab.getByRole('alertdialog', { name: 'Are you still there?' })
      await warning(page).waitFor()
      await page.bringToFront()
      await audit(page, 'session-idle-warning')
      await warning(second).waitFor()
      await second.getByRole('button', { name: 'Stay signed in' }).click()
      await warning(second).waitFor({ state: 'detached' })
      await warning(page).waitFor({ state: 'detached' })
    },
    { clock: true },
  )
})

test('after idle time the session is over, and what was typed is kept for the same person', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withSession(
    async ({ page }) => {
      await page.getByRole('link', { name: 'Quizzes' }).click()
      await page.goto('/quizzes/new')
      await page.getByLabel('Title').fill('Not lost')
      const told = page.waitForResponse('**/api/v1/auth/logout')
      await page.clock.fastForward('31:00')
      const dialog = page.getByRole('dialog', { name: 'Please sign in again' })
      await dialog.waitFor()
      await told
      await audit(page, 'session-idle-over')
      await dialog.getByLabel('Password').fill(demo.teacher.password)
      await dialog.getByRole('button', { name: 'Sign in', exact: true }).click()
      await dialog.waitFor({ state: 'detached' })
      assert.equal(await page.getByLabel('Title').inputValue(), 'Not lost')
    },
    { clock: true },
  )
})
