/** The live connection in a real browser: lost and found, shared by tabs, refused. Each test stands for itself. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { withOwnServer } from '../../scripts/lib/own-server.mjs'
import { makeClass, publishedQuiz, unique } from './pages.mjs'
import { audit, callApi, launchBrowser, openPage, openTab, readDemo, screenshot, signIn } from './support.mjs'

const TEST_PATIENCE_MS = 300_000

let browser
before(async () => {
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
})

/** A teacher on the page of a class of their own. */
async function withClass(run, { url, account } = {}) {
  const { context, page, errors } = await openPage(browser, url)
  const sockets = watchSockets(context)
  const cut = await cutter(page)
  try {
    await signIn(page, account)
    const { id } = await makeClass(page, unique('Connected'))
    await live(page)
    await run({ context, page, id, sockets, cut })
    assert.deepEqual(errors, [], 'the page threw nothing')
  } catch (error) {
    await screenshot(page, 'realtime-failure')
    throw error
  } finally {
    await context.close()
  }
}

const live = (page) => page.getByText('Live', { exact: true }).waitFor()
const lost = (page) => page.getByText('Connection lost. Reconnecting…').waitFor()

/** Every socket that any page of the profile opens, with the page and whether it is open still. */
function watchSockets(context) {
  const sockets = []
  const watch = (page) =>
    page.on('websocket', (socket) => {
      const seen = { page, path: new URL(socket.url()).pathname, isOpen: true }
      sockets.push(seen)
      socket.on('close', () => {
        seen.isOpen = false
      })
      // Playwright says nothing of sockets that go down with their page.
      page.on('close', () => {
        seen.isOpen = false
      })
    })
  for (const page of context.pages()) watch(page)
  context.on('page', watch)
  return sockets
}

/** The sockets to the room of a class that are open now. */
async function openSockets(page, id, sockets) {
  const { data } = await callApi(page, 'GET', `/api/v1/classes/${id}`)
  return sockets.filter(({ path, isOpen }) => isOpen && path === `/app/${data.room_key}`)
}

/** What a page may learn by asking, so that only the return of the socket brings it up to date. */
async function cutter(page) {
  let isCut = false
  await page.route('**/events?**', (route) => (isCut ? route.abort() : route.continue()))
  return {
    asking: (value) => {
      isCut = value
    },
  }
}

/** A session is prepared, as by a colleague on another computer. */
async function prepareSession(page, id) {
  const quiz = await publishedQuiz(page)
  await callApi(page, 'POST', `/api/v1/classes/${id}/live-sessions`, { quiz_id: quiz.id, pace: 'host' })
  return quiz
}

async function showsLobby(page, quiz) {
  await page.getByRole('heading', { name: quiz.title }).waitFor()
  await page.getByText('Lobby', { exact: true }).waitFor()
}

test('a lost connection says so and when it is tried again, comes back by itself, and what happened meanwhile is there', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  const { context, page } = await openPage(browser)
  const sockets = new Set()
  let isCut = false
  await page.routeWebSocket(/\/app\//, (socket) => {
    if (isCut) return socket.close()
    socket.connectToServer()
    sockets.add(socket)
  })
  try {
    await signIn(page)
    const { id } = await makeClass(page, unique('Lost and found'))
    await live(page)

    isCut = true
    const cut = await cutter(page)
    cut.asking(true)
    for (const socket of sockets) await socket.close()
    await lost(page)
    await page.getByText(/^Next try in \d+ s\.$/).waitFor()
    await audit(page, 'class-connection-lost')
    const quiz = await prepareSession(page, id)

    isCut = false
    cut.asking(false)
    await page.getByRole('button', { name: 'Try now' }).click()
    await live(page)
    await showsLobby(page, quiz)
  } finally {
    await context.close()
  }
})

test('a class page survives a restart of the server and shows what happened meanwhile', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withOwnServer(async ({ url, state, stop, startAgain }) => {
    const { teacher } = readDemo(state)
    await withClass(
      async ({ page, id, cut }) => {
        cut.asking(true)
        await stop()
        await lost(page)
        await startAgain()
        const quiz = await prepareSession(page, id)
        cut.asking(false)
        await live(page)
        await showsLobby(page, quiz)
      },
      { url, account: teacher },
    )
  })
})

test('two tabs share one socket, and when the tab that has it is closed the other takes over without loss', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withClass(async ({ context, page, id, sockets }) => {
    const { page: second, errors } = await openTab(context)
    await second.goto(`/classes/${id}`)
    await live(second)
    const [shared, ...others] = await openSockets(page, id, sockets)
    assert.deepEqual([shared.page === page, others.length], [true, 0], 'one socket, of the first tab')

    const quiz = await prepareSession(page, id)
    await showsLobby(page, quiz)
    await showsLobby(second, quiz)

    await second.bringToFront()
    await page.close()
    const { data } = await callApi(second, 'GET', `/api/v1/classes/${id}/live-sessions`)
    await callApi(second, 'POST', `/api/v1/live-sessions/${data.items[0].id}/start`)
    await second.getByText('Running', { exact: true }).waitFor()
    await live(second)
    const [taken, ...more] = await openSockets(second, id, sockets)
    assert.deepEqual([taken.page === second, more.length], [true, 0], 'one socket, of the second tab')
    assert.deepEqual(errors, [], 'the second page threw nothing')
  })
})

test('a person without a network is told, and is live again when it is back', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withClass(async ({ context, page }) => {
    await context.setOffline(true)
    await page.getByText(/^You are offline\./).waitFor()
    await audit(page, 'class-offline')
    await context.setOffline(false)
    await live(page)
  })
})

test('a connection that is refused is tried with one new token, then the person is told what to do', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  const { context, page } = await openPage(browser)
  let isRefused = false
  let opened = 0
  let refreshes = 0
  await page.routeWebSocket(/\/app\/rk/, (socket) => {
    opened += 1
    if (isRefused) return socket.close({ code: 4009, reason: 'Connection not authorized' })
    const server = socket.connectToServer()
    page.once('refuse', () => {
      socket.close({ code: 4009, reason: 'Connection not authorized' })
      server.close()
    })
  })
  page.on('request', (request) => {
    if (isRefused && request.url().endsWith('/auth/refresh')) refreshes += 1
  })
  try {
    await signIn(page)
    await makeClass(page, unique('Refused'))
    await live(page)
    isRefused = true
    page.emit('refuse')
    await page.getByText(/^You no longer have access to this class\./).waitFor()
    assert.deepEqual({ opened, refreshes }, { opened: 2, refreshes: 1 })
    await audit(page, 'class-refused')
    isRefused = false
    await page.getByRole('button', { name: 'Try now' }).click()
    await live(page)
  } finally {
    await context.close()
  }
})

test('pages that read something of a class once read it again when it changes', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withClass(async ({ context, page, id }) => {
    const { page: results } = await openTab(context)
    await results.goto(`/classes/${id}/results`)
    await results.getByText('No results yet').waitFor()
    const quiz = await prepareSession(page, id)
    await results.getByRole('option', { name: new RegExp(quiz.title) }).waitFor({ state: 'attached' })

    const renamed = unique('Renamed elsewhere')
    await callApi(page, 'PATCH', `/api/v1/classes/${id}`, { name: renamed })
    await page.getByRole('heading', { name: renamed, level: 1 }).waitFor()
  })
})

test('the bell hears of what changes and asks only then', { timeout: TEST_PATIENCE_MS }, async () => {
  const { context, page } = await openPage(browser)
  let asked = 0
  page.on('request', (request) => {
    if (request.method() === 'GET' && request.url().endsWith('/api/v1/notifications')) asked += 1
  })
  const subscribed = new Promise((resolve) => {
    page.on('websocket', (socket) =>
      socket.on('framereceived', ({ payload }) => {
        if (/subscription_succeeded.*private-user-/.test(String(payload))) resolve()
      }),
    )
  })
  const nextAsking = () => page.waitForRequest((request) => request.url().endsWith('/api/v1/notifications'))
  try {
    await signIn(page)
    await subscribed
    await nextAsking()
    // Longer than the pause between two polls of a bell that cannot hear.
    const before = asked
    await page.waitForTimeout(16_000)
    assert.equal(asked, before, 'nothing has changed')
    const asking = nextAsking()
    await callApi(page, 'POST', '/api/v1/notifications/read')
    await asking
  } finally {
    await context.close()
  }
})
