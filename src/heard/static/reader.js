// Keeps an open page as it would be if it were loaded again now, without moving what is being read.
//
// A change is one thing (a post, or an area of the page) in its newest form, under the id that it has on the page.
// `waiting` holds what is not shown yet: new posts, and while the reader has paused, changes of what is there. Only
// what was withdrawn never waits. One tab of a browser leads: it holds the only connection and tells the others.

const $ = id => document.getElementById(id)
const list = $('posts'), { live, order, newest, older, focus } = list.dataset
const more = $('more'), pause = $('pause'), status = $('status'), title = document.title
const waiting = new Map(), posts = list.children, down = order == 'oldest'
const sleep = seconds => new Promise(wake => setTimeout(wake, seconds * 1000))
const number = position => +position.split('.')[1]
const gone = thing => thing.hidden || thing.dataset.gone
const box = thing => thing.getBoundingClientRect()
const parse = html => new DOMParser().parseFromString(html, 'text/html')
let at = list.dataset.at, paused

// An older page keeps its posts. The newest takes in all but those that stand before its first.
const floor = older && posts[down ? 0 : posts.length - 1]?.dataset.place || ''
const belongs = thing => newest && thing.dataset.place >= floor

// Showing what came ------------------------------------------------------------------------------------------------

async function take({ how, id, changes, reset }) {
  if (how != null) $('how').textContent = how
  if (reset) await refresh()
  else if (id && number(id) > number(at)) {
    for (const { html, href } of changes) {
      const thing = parse(html ?? await read(href)).body.firstElementChild
      waiting.set(thing.id, thing)
    }
    at = id
  }
  show()
}

async function read(address) {
  const answer = await fetch(address, { cache: 'no-cache' })
  if (!answer.ok) throw answer
  return answer.text()
}

// The page itself is the whole truth: what it no longer has is taken away, and what differs is changed.
async function refresh() {
  await sleep(Math.random() * 2)
  const page = parse(await read(location.href))
  at = page.getElementById('posts').dataset.at
  waiting.clear()
  for (const thing of page.querySelectorAll('#state, #summary, #pinned, #key, .pages, .post[id]'))
    if ($(thing.id)?.outerHTML != thing.outerHTML) waiting.set(thing.id, thing)
  still(() => [...posts].forEach(post => page.getElementById(post.id) || post.remove()))
}

function show(all) {
  const things = [...waiting.values()]
  const news = things.filter(thing => !$(thing.id) && belongs(thing) && !gone(thing)).length
  const urgent = things.some(thing => gone(thing) && !gone($(thing.id) ?? thing))
  const atEdge = down ? box(list).bottom <= innerHeight : scrollY < 4
  const fresh = all || atEdge && !paused && !document.hidden
  still(() => things.forEach(thing => {
    const there = $(thing.id)
    if (there ? all || urgent || !paused : fresh || !belongs(thing)) put(thing, there)
  }), fresh && !down)
  const words = news ? `${news} new post${news > 1 ? 's' : ''}` : ''
  if (status.textContent != words) more.textContent = status.textContent = words
  more.hidden = fresh || !news
  document.title = more.hidden ? title : `(${news}) ${title}`
}

function put(thing, there) {
  const { place } = thing.dataset
  waiting.delete(thing.id)
  if (there?.dataset.place == place) return there?.replaceWith(thing)
  there?.remove()
  if (!belongs(thing) && (newest || !there)) return
  if (!there) thing.classList.add('new')
  list.insertBefore(thing, [...posts].find(post => down ? post.dataset.place > place : post.dataset.place < place))
}

// Changes the page, and scrolls by as much as the post being read was moved.
function still(change, atTop) {
  const anchor = [...posts].find(post => {
    const { top, bottom } = box(post)
    return bottom > 0 && top < innerHeight && !waiting.has(post.id)
  })
  const was = anchor && box(anchor).top
  change()
  if (anchor?.isConnected && !atTop) scrollBy(0, box(anchor).top - was)
}

function go(post) {
  post?.focus()
  post?.scrollIntoView()
}

// Hearing of changes -----------------------------------------------------------------------------------------------

const { locks } = navigator, channel = new BroadcastChannel(live)
let turn = Promise.resolve(), from = at, leads, attempt, again

// What could not be shown is mended from the page itself.
function hear(message) {
  from = message.id ?? from
  turn = turn.then(() => take(message)).catch(() => {
    again ||= setTimeout(() => { again = 0; hear({ reset: 1 }) }, 15e3)
  })
}

function send(message) {
  hear(message)
  channel.postMessage(message)
}

// While it leads: the stream, else the long poll, else the page itself; after a while the stream again.
async function lead() {
  for (leads = true; leads;) {
    attempt = new AbortController()
    const { signal } = attempt
    await stream(signal)
    await poll(signal).catch(() => look(signal))
  }
}

function stream(signal) {
  return new Promise(done => {
    const source = new EventSource(`${live}?after=${from}`)
    const end = signal.onabort = () => done(source.close())
    let failures = 3
    sleep(8).then(() => source.readyState || end())
    source.onopen = () => { failures = 0; send({ how: '' }) }
    source.onerror = () => { if (source.readyState == 2 || ++failures > 3) end() }
    for (const type of ['change', 'reset'])
      source.addEventListener(type, ({ lastEventId: id, data }) => send({ id, ...JSON.parse(data) }))
  })
}

async function poll(signal) {
  send({ how: 'Posts come a little late.' })
  for (let times = 99; times--; await sleep(1)) {
    const answer = await Promise.race([fetch(`${live}/after/${from}`, { signal }), sleep(40)])
    const news = await answer.json()
    send({ ...news, id: news.next })
  }
}

async function look(signal) {
  for (let times = 8; times-- && !signal.aborted; await sleep(15))
    send({ how: 'Posts come every 15 seconds.', reset: 1 })
}

// The tab that is looked at leads. Whoever comes later or lost the lead says how far it has read, and the leader goes
// back to there: what a tab knows already does nothing.
function join(steal) {
  if (!locks) return lead()
  channel.postMessage({ hello: at })
  locks.request(live, { steal }, lead).catch(() => {
    if (!leads) return lead()
    leads = false
    attempt.abort()
    join()
  })
}

if (live) {
  pause.hidden = false
  pause.onclick = () => {
    paused = !paused
    pause.textContent = paused ? 'Resume updates' : 'Pause updates'
    show()
  }
  more.onclick = () => {
    const last = list.lastElementChild
    show(true)
    go(down && last?.nextElementSibling || posts[0])
  }
  document.onvisibilitychange = () => {
    if (document.hidden) return
    show()
    leads || join(true)
  }
  channel.onmessage = ({ data }) => {
    if (!data.hello) hear(data)
    else if (number(data.hello) < number(from)) { from = data.hello; attempt?.abort() }
  }
  join(!document.hidden)
}

// Links to a post that is on this page lead there at once.
document.onclick = event => {
  const post = $('post-' + event.target.closest('[data-post]')?.dataset.post)
  if (!post || event.ctrlKey || event.metaKey) return
  event.preventDefault()
  go(post)
}
$('focus')?.remove()
go($('post-' + focus))
