// "Ring this phone": asks the browser for an address at its maker's push service, and tells it to the server. Everything
// else of the page works without this.

const able = 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window
const CANNOT = 'This browser cannot be rung. On an iPhone or iPad put this page on the Home Screen first, and open it from there.'
// Where the network shuts the maker's service out, some browsers never say so.
const PATIENCE_MS = 20000
let said = able ? '' : CANNOT

const packed = raw => btoa(String.fromCharCode(...new Uint8Array(raw))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
const unpacked = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), letter => letter.charCodeAt(0))

// What is told to whoever pressed, in our words: a browser's own are not for people.
class Told extends Error {}

async function ask(address, body = {}) {
  const answer = await fetch(address, {
    method: 'POST',
    redirect: 'error',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify(body)
  })
  const told = await answer.json()
  if (!answer.ok) throw new Told(told.detail)
  return told
}

async function subscribed() {
  const worker = await navigator.serviceWorker.register('/watch/-/worker.js', { scope: '/watch/' })
  await navigator.serviceWorker.ready
  const { key } = await ask('/watch/mine/push/asked')
  const before = await worker.pushManager.getSubscription()
  // One that takes messages from a key that is not ours any more is of no use.
  if (before && packed(before.options.applicationServerKey) !== key) await before.unsubscribe()
  const late = new Promise((_, no) => setTimeout(() => no(new DOMException('', 'TimeoutError')), PATIENCE_MS))
  try {
    const given = worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: unpacked(key) })
    return await Promise.race([given, late])
  } catch (wrong) {
    throw new Told(`This browser’s push service gave no address (${wrong.name}), so this phone does not ring. Some browsers have none, and some networks shut it out.`)
  }
}

async function ringThis() {
  const allowed = await Notification.requestPermission()
  if (allowed !== 'granted') throw new Told('This browser was not allowed to show notifications, so this phone does not ring. Its settings for this site say so.')
  const { endpoint, keys } = (await subscribed()).toJSON()
  await ask('/watch/mine/push', { address: endpoint, key: keys.p256dh, auth: keys.auth })
}

// Which of those on the list this one is; an id is made of the address alone.
async function mine() {
  const worker = await navigator.serviceWorker.getRegistration('/watch/')
  const rung = await worker?.pushManager.getSubscription()
  if (!rung) return null
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(rung.endpoint))
  const id = [...new Uint8Array(hash)].map(one => one.toString(16).padStart(2, '0')).join('').slice(0, 32)
  return document.querySelector(`[data-rings="${id}"]`)
}

async function show() {
  const button = document.getElementById('ring-this')
  if (!button) return
  const listed = able && await mine()
  const allowed = able && Notification.permission === 'granted'
  if (listed && allowed) listed.querySelector('.this').hidden = false
  else button.hidden = !able
  document.getElementById('push-said').textContent = said
}

document.addEventListener('click', async event => {
  const button = event.target
  if (button.id !== 'ring-this') return
  button.disabled = true
  document.getElementById('push-said').textContent = 'Asking for an address at which this phone is rung …'
  try {
    await ringThis()
    location.assign('/watch/mine/?done')
  } catch (wrong) {
    said = wrong instanceof Told ? wrong.message : 'That did not work, and this phone does not ring. Try again.'
    button.disabled = false
    await show()
  }
})
document.addEventListener('renewed', show)
show()
