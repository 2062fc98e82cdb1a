// For whoever was told of an order: the name that the court gave instead, put in by a key or a touch. F2 again puts in the
// next one, where there are several.

const box = document.getElementById('text')
const names = [...document.querySelectorAll('#ciphers [data-cipher]')].map(one => one.textContent)
let last = null

function put(cipher) {
  // Over the selection: a name that was typed gives way.
  box.setRangeText(cipher, box.selectionStart, box.selectionEnd, 'end')
  box.dispatchEvent(new Event('input', { bubbles: true }))
  box.focus()
}

for (const one of document.querySelectorAll('#ciphers [data-cipher]')) {
  const button = Object.assign(document.createElement('button'), { type: 'button', className: 'quiet' })
  button.textContent = one.textContent
  button.addEventListener('click', () => put(button.textContent))
  one.replaceWith(button)
}
for (const hint of document.querySelectorAll('#ciphers small')) hint.hidden = false

box?.addEventListener('keydown', event => {
  if (event.key !== 'F2' || !names.length) return
  event.preventDefault()
  const end = box.selectionEnd
  const again = last && last.end === end && box.value.slice(last.start, end) === names[last.at]
  if (again) box.setSelectionRange(last.start, end)
  const at = again ? (last.at + 1) % names.length : 0, start = box.selectionStart
  put(names[at])
  last = { at, start, end: box.selectionStart }
})
