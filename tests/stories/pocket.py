"""A phone in a pocket: its browser's worker hears what the push service here was given, as it would of its maker's.

What a maker's service gives, an address, is put in its place, since no test asks one. All else is the browser's own:
whether it may show anything, the worker, the push that wakes it, what lights up.
"""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Worker

from tests.stories.reader import Reader
from tests.waiting import wait_until
from tests.watch.push_service import Message, PushService, Subscriber

GIVEN = """(() => {
    const told = %s, kept = 'given'
    const made = key => ({
        endpoint: told.address, options: { applicationServerKey: key }, unsubscribe: async () => true,
        toJSON: () => ({ endpoint: told.address, keys: { p256dh: told.key, auth: told.auth } })
    })
    PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
        localStorage.setItem(kept, JSON.stringify([...applicationServerKey]))
        return made(applicationServerKey.buffer)
    }
    PushManager.prototype.getSubscription = async () => {
        const key = JSON.parse(localStorage.getItem(kept))
        return key && made(new Uint8Array(key).buffer)
    }
})()"""
LIT = """async () => {
    const worker = await navigator.serviceWorker.getRegistration('/watch/')
    return (await worker.getNotifications()).map(({ title, body, tag, data }) => [title, body, tag, data.to])
}"""
#: As a press of a thumb does, but that a page may not be brought to the front by it, nor a window opened.
BESIDE = """() => new Promise(opened => {
    self.clients.openWindow = async href => opened(new URL(href).pathname)
    self.registration.getNotifications().then(([one]) => {
        self.dispatchEvent(new NotificationEvent('notificationclick', { notification: one }))
    })
}).finally(() => delete self.clients.openWindow)"""
PRESSED = """() => self.registration.getNotifications().then(([one]) => {
    self.dispatchEvent(new NotificationEvent('notificationclick', { notification: one }))
})"""


class Pocket:
    def __init__(self, one: Reader, service: PushService, origin: str) -> None:
        self.one, self.service, self.origin = one, service, origin
        self.browser = Subscriber(service.origin, "pocket")
        self._worker = ""

    def is_given_an_address(self) -> None:
        self.one.page.context.add_init_script(GIVEN % json.dumps(self.browser.tells()))

    def comes(self) -> Message:
        """What the service has for it, once it has."""
        found: Message = wait_until(lambda: next((one for one in self.service.taken if one.path == "/to/pocket"), None))
        return found

    def hears(self, message: Message) -> list[list[str]]:
        """Its worker is woken with what only this browser can read; what lights up then."""
        line = self.one.page.context.new_cdp_session(self.one.page)
        known: list[dict[str, Any]] = []
        line.on("ServiceWorker.workerRegistrationUpdated", lambda event: known.extend(event["registrations"]))
        line.send("ServiceWorker.enable")
        scope = f"{self.origin}/watch/"
        # What the line says is heard while the page is asked something.
        self.one.waits(lambda: self.one.page.title() and any(one["scopeURL"] == scope for one in known), "for a worker")
        [worker] = {one["registrationId"] for one in known if one["scopeURL"] == scope}
        words = json.dumps(self.browser.reads(message))
        line.send("ServiceWorker.deliverPushMessage", {"origin": self.origin, "registrationId": worker, "data": words})
        self.one.waits(lambda: self.one.page.evaluate(LIT), "for it to light up")
        lit: list[list[str]] = self.one.page.evaluate(LIT)
        return lit

    def is_pressed(self) -> None:
        """What is lit."""
        self._worker_of_it().evaluate(PRESSED)

    def is_pressed_beside_a_page(self) -> str:
        """What is lit; the address that a window of its own is opened for."""
        opened: str = self._worker_of_it().evaluate(BESIDE)
        return opened

    def _worker_of_it(self) -> Worker:
        [worker] = [one for one in self.one.page.context.service_workers if one.url.endswith("/watch/-/worker.js")]
        return worker
