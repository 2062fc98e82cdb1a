// The desk's worker: opens the desk without a line, and sends what waits when there is one again. It keeps the desk's
// own shell and the files that this is made of, and nothing else: no page of a case, no answer of the server's.

import { sendUnattended } from './outbox.js'

const SHELL = '/desk/-/offline/'
const CACHE = 'heard desk shell'

self.addEventListener('install', event => event.waitUntil(keepShell().then(() => self.skipWaiting())))

async function keepShell() {
  const page = await fetch(SHELL, { cache: 'no-store', credentials: 'omit' })
  if (!page.ok) throw new Error('no shell')
  const files = [...(await page.clone().text()).matchAll(/(?:href|src)="([/]static[/][^"]+)"/g)].map(([, path]) => path)
  await caches.delete(CACHE)
  const cache = await caches.open(CACHE)
  await cache.put(SHELL, page)
  await cache.addAll(new Set(files))
}

self.addEventListener('activate', event => event.waitUntil(self.clients.claim()))

self.addEventListener('fetch', event => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (origin !== location.origin) return
  if (request.mode === 'navigate' && pathname.startsWith('/desk/')) event.respondWith(page(request))
  else if (request.method === 'GET' && pathname.startsWith('/static/')) event.respondWith(file(request))
})

async function page(request) {
  try {
    const answer = await fetch(request)
    // A server that is being replaced is as good as none, but what was sent to it says so itself.
    return request.method === 'GET' && [502, 503, 504].includes(answer.status) ? await shell() : answer
  } catch {
    return shell()
  }
}

const shell = async () => (await caches.match(SHELL)) ?? Response.error()

async function file(request) {
  try {
    return await fetch(request)
  } catch {
    return (await caches.match(request)) ?? Response.error()
  }
}

self.addEventListener('sync', event => {
  if (event.tag === 'heard outbox') event.waitUntil(sendUnattended())
})
