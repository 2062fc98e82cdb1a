/* The limit: what one post to many readers costs a C program that does nothing else.

   One thread, epoll, one send() a reader. Speaks as much HTTP as the bench does: GET makes a reader, POST publishes its
   body to all of them. What came in one tick is merged: publishers are answered first, then every reader is sent all of
   it at once. No history, no names, no durability: nothing that is asked of a real server.

       limit PORT
*/
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FDS = 70000, REQUEST = 65536, MERGED = 4 << 20 };
enum state { READING, READER };

static struct { enum state state; int at; } client[FDS];  /* at: its place in readers[] */
static int readers[FDS], reader_count, epoll;
static char frames[MERGED];
static size_t frames_length;
static long event_id;

static const char OPENING[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    ": open\n\nretry: 3000\n\n";
static const char TAKEN[] = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}";

static void gone(int fd) {
    if (client[fd].state == READER) {
        readers[client[fd].at] = readers[--reader_count];
        client[readers[client[fd].at]].at = client[fd].at;
    }
    close(fd);
}

static void request(int fd) {
    static char buffer[REQUEST + 1];
    ssize_t got = recv(fd, buffer, REQUEST, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) { gone(fd); return; }
    buffer[got] = 0;
    if (client[fd].state == READER) return;
    if (!strncmp(buffer, "GET ", 4)) {
        client[fd].state = READER;
        client[fd].at = reader_count;
        readers[reader_count++] = fd;
        if (send(fd, OPENING, sizeof OPENING - 1, MSG_NOSIGNAL) < 0) gone(fd);
        return;
    }
    char *body = strstr(buffer, "\r\n\r\n");
    if (!body) { gone(fd); return; }  /* The bench sends a request in one piece. */
    body += 4;
    frames_length += snprintf(frames + frames_length, MERGED - frames_length, "id: limit.%ld\nevent: change\ndata: %s\n\n",
                              ++event_id, body);
    if (send(fd, TAKEN, sizeof TAKEN - 1, MSG_NOSIGNAL) < 0) gone(fd);
}

static void fan_out(void) {
    for (int n = reader_count - 1; n >= 0; n--) {
        ssize_t sent = send(readers[n], frames, frames_length, MSG_NOSIGNAL);
        if (sent < (ssize_t)frames_length) gone(readers[n]);  /* A reader who is behind is let go. */
    }
    frames_length = 0;
}

int main(int argc, char **argv) {
    struct rlimit most;
    getrlimit(RLIMIT_NOFILE, &most);
    most.rlim_cur = most.rlim_max;
    setrlimit(RLIMIT_NOFILE, &most);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(argc > 1 ? atoi(argv[1]) : 0),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) { perror("limit"); return 1; }
    epoll = epoll_create1(0);
    struct epoll_event watch = {.events = EPOLLIN, .data.fd = listener}, ready[512];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &watch);
    for (;;) {
        int count = epoll_wait(epoll, ready, 512, -1);
        for (int n = 0; n < count; n++) {
            if (ready[n].data.fd != listener) { request(ready[n].data.fd); continue; }
            for (int turn = 0; turn < 64; turn++) {
                int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
                if (fd < 0) break;
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                client[fd].state = READING;
                struct epoll_event events = {.events = EPOLLIN, .data.fd = fd};
                epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &events);
            }
        }
        if (frames_length) fan_out();
    }
}
