// Plays an hour: the next step is the link that is there without this, followed once a second, until the hour is over.
// Whoever asks for less motion gets ten seconds of the hour at a time, like everyone: nothing moves but the words.

const EVERY_MS = 700, STEP = '#on-10'
let playing = null

function offer() {
  const button = document.getElementById('play')
  if (!button) return
  button.hidden = !document.querySelector(STEP) && !playing
  button.textContent = playing ? 'Pause' : 'Play'
  button.setAttribute('aria-pressed', String(Boolean(playing)))
  button.onclick = () => (playing ? stop() : start())
}

function start() {
  playing = setTimeout(step, 0)
  offer()
}

function stop() {
  clearTimeout(playing)
  playing = null
  offer()
}

async function step() {
  const next = document.querySelector(STEP)
  if (!next) return stop()
  try {
    const answer = await fetch(next.href, { cache: 'no-store' })
    if (!answer.ok || answer.redirected) return location.reload()
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html')
    if (!playing) return
    const held = document.activeElement?.id
    const opened = [...document.querySelectorAll('details')].map((one) => one.open)
    document.getElementById('main').replaceWith(fresh.getElementById('main'))
    document.querySelectorAll('details').forEach((one, place) => { one.open = Boolean(opened[place]) })
    document.title = fresh.title
    history.replaceState(null, '', next.href)
    if (held) document.getElementById(held)?.focus({ preventScroll: true })
    playing = setTimeout(step, EVERY_MS)
    offer()
  } catch {
    stop()
  }
}

offer()
