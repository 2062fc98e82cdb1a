// The board works without this, and then looks again every few seconds. With it, it hears at once that anything has
// changed, fetches itself and puts the new in place of the old. What it shows while it hears nothing is marked as old.

const main = () => document.getElementById('main'), how = document.getElementById('how')
// It hears every 5 s that it is watched; times pass on the page too, and what was known is not known any more.
const SILENT_MS = 12000, LOOK_MS = 20000
let heard = Date.now(), looked = Date.now(), rang = null, line = null, looking = false
// That something was done is said once; from where on a list is looked at stays.
const asked = new URLSearchParams(location.search)
asked.delete('done')
history.replaceState(null, '', `${location.pathname}${String(asked) && `?${asked}`}${location.hash}`)

function say(words) {
  how.hidden = !words
  if (how.textContent !== words) how.textContent = words
  document.body.classList.toggle('old', Boolean(words))
}

// Somebody may be writing in a form of this page: then it waits until they are done.
const writing = () => document.activeElement?.matches('main :is(input, textarea, select)')

// What was opened, written or chosen there stays as it is, though all around it is new.
function keep(old, fresh) {
  const which = one => one.querySelector('[id]')?.id ?? one.firstElementChild.textContent
  const opened = new Set([...old.querySelectorAll('details[open]')].map(which))
  for (const one of fresh.querySelectorAll('details')) one.open ||= opened.has(which(one))
  for (const field of old.querySelectorAll('[id]:is(input:not([type=file], [type=checkbox]), textarea)')) {
    const same = fresh.querySelector(`#${CSS.escape(field.id)}`)
    if (same && field.value !== field.defaultValue) same.value = field.value
  }
  for (const field of old.querySelectorAll('select[id]')) {
    const found = [...fresh.querySelectorAll(`#${CSS.escape(field.id)} option`)].find(one => one.value === field.value)
    if (found) found.selected = true
  }
}

async function look() {
  looking = true
  try {
    const answer = await fetch(location.href, { cache: 'no-store', signal: AbortSignal.timeout(10000) })
    if (!answer.ok || answer.redirected) return location.reload()
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html')
    if (writing()) return
    const held = document.activeElement?.id
    keep(main(), fresh.getElementById('main'))
    main().replaceWith(fresh.getElementById('main'))
    document.getElementById('itself-now').replaceWith(fresh.getElementById('itself-now'))
    document.title = `${ringing ? RINGS : ''}${fresh.title}`
    looked = Date.now()
    if (held) document.getElementById(held)?.focus()
    document.dispatchEvent(new Event('renewed'))
  } finally {
    looking = false
  }
}

// It rings aloud on a page that is open, once somebody has touched it: before that no browser lets a page make a sound.
const RINGS = '▲ Alarm – ', TONES = [880, 660, 880, 660]
let ringing = false, sound = null

function touched() {
  if (ringing) document.title = document.title.replace(RINGS, '')
  ringing = false
  sound ??= new AudioContext()
  sound.resume()
}

function ring() {
  ringing = true
  document.title = RINGS + document.title.replace(RINGS, '')
  navigator.vibrate?.([300, 150, 300, 150, 600])
  TONES.forEach((pitch, turn) => tone(pitch, turn * 0.25))
}

function tone(pitch, after) {
  if (sound?.state !== 'running') return
  const made = new OscillatorNode(sound, { frequency: pitch, type: 'triangle' })
  made.connect(sound.destination)
  made.start(sound.currentTime + after)
  made.stop(sound.currentTime + after + 0.2)
}

for (const kind of ['pointerup', 'keydown']) addEventListener(kind, touched)

// A notification that was pressed leads this page to its alarm, but for one on which something is half written.
const isWritten = field => field.type === 'checkbox' || field.type === 'radio'
  ? field.checked !== field.defaultChecked : field.type !== 'hidden' && field.value !== field.defaultValue
const isChosen = list => [...list.options].some(one => one.defaultSelected)
  ? [...list.options].some(one => one.selected !== one.defaultSelected) : list.selectedIndex > 0

function asks({ ports: [answer] }) {
  const fields = [...main().querySelectorAll('input, textarea')], lists = [...main().querySelectorAll('select')]
  answer?.postMessage(writing() || fields.some(isWritten) || lists.some(isChosen) ? 'half written' : 'free')
}

navigator.serviceWorker?.addEventListener('message', asks)

function stands({ data }) {
  const now = JSON.parse(data)
  heard = Date.now()
  say(now.watches ? '' : 'Nothing is watched at this moment: no clock runs, and nothing rings.')
  // Only what rings while the page is open; one that is closed is rung by its service (push.js).
  if (rang !== null && now.rang > rang) ring()
  rang = now.rang
  const news = now.changed > Number(main().dataset.changed) || Date.now() - looked > LOOK_MS
  if (news && !looking && !writing()) look().catch(() => {})
}

function listen() {
  line = new EventSource('/watch/live')
  line.addEventListener('stands', stands)
  // A line that broke is mended by the browser; one that was refused is not: then the page asks, and is sent to sign in
  // if that is why.
  line.onerror = () => {
    if (line.readyState !== EventSource.CLOSED) return
    look().catch(() => {}).finally(() => setTimeout(listen, 1000))
  }
}

listen()
setInterval(() => {
  if (Date.now() - heard < SILENT_MS) return
  const alone = new Date(heard).toLocaleTimeString('en-GB')
  say(`Not connected. This is how it stood at ${alone}; nothing newer is known here.`)
}, 1000)
