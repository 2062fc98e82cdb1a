// Shows that something rings, on a phone with no page open. It keeps nothing and answers for no page.

const UNREAD = { title: 'Alarm', text: 'Heard: sign in to see what, and where.', to: '/watch/', tag: 'unread' }

self.addEventListener('push', event => event.waitUntil(show(event.data)))

function show(data) {
  let told = UNREAD
  try {
    told = { ...UNREAD, ...data.json() }
  } catch {
    // It rings all the same: a browser asks for it, and so does the alarm.
  }
  const { title, text: body, to, tag } = told
  return self.registration.showNotification(title, {
    body,
    tag,
    renotify: true,
    requireInteraction: true,
    timestamp: Date.now(),
    vibrate: [300, 150, 300, 150, 600],
    data: { to }
  })
}

self.addEventListener('notificationclick', event => {
  event.notification.close()
  event.waitUntil(open(new URL(event.notification.data.to, self.location.origin)))
})

// On the page that is open already, if it is of this alarm or nothing is half written on it; else on one of its own.
async function open({ origin, href }) {
  if (origin !== self.location.origin) return
  const pages = await self.clients.matchAll({ type: 'window' })
  const there = pages.find(page => page.url === href) ?? (await firstFree(pages))
  if (!there) return self.clients.openWindow(href)
  await there.focus().catch(() => {}) // not let, but shown the alarm all the same
  if (there.url !== href) await there.navigate(href)
}

async function firstFree(pages) {
  const free = await Promise.all(pages.map(isFree))
  return pages.find((_, number) => free[number])
}

// A page that does not answer may have a reason on it that somebody is in the middle of.
function isFree(page) {
  return new Promise(tells => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = ({ data }) => tells(data === 'free')
    setTimeout(tells, 500, false)
    page.postMessage('is anything half written?', [port2])
  })
}
