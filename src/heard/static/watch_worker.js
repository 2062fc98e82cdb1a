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

async function open({ origin, href }) {
  if (origin !== self.location.origin) return
  const pages = await self.clients.matchAll({ type: 'window' })
  const there = pages.find(page => page.url === href) ?? pages[0]
  if (!there) return self.clients.openWindow(href)
  await there.focus().catch(() => {}) // not let, but shown the alarm all the same
  if (there.url !== href) await there.navigate(href)
}
