// Something on another site is loaded when a reader asks for it, and not before: until then nobody there knows of them.
// Without this the card leads there. Pages have it where the operator named such sites.

document.addEventListener('click', event => {
  const link = event.target.closest?.('a[data-frame]')
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  const frame = document.createElement('iframe')
  Object.assign(frame, { title: link.textContent, allow: 'fullscreen', referrerPolicy: 'strict-origin' })
  frame.style.cssText = 'width: 100%; aspect-ratio: 16 / 9; border: 0; display: block'
  // It may run and play, and neither leads this page away nor opens others.
  frame.sandbox = 'allow-scripts allow-same-origin allow-presentation'
  frame.src = link.dataset.frame
  link.closest('.card').before(frame)
  delete link.dataset.frame
  frame.focus()
})
