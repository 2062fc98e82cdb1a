/* The limit: what one post to many readers costs a C program that does nothing else.

   One thread, epoll, one send() a reader. Speaks as much HTTP as the bench does: GET makes a reader, POST publishes its
   body to all of them. What came while readers were sent something is merged: publishers are answered between slices of
   512 readers, then every reader is sent all of it at once. No history, no names, no durability: nothing that is asked of a real server.

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

enum { FDS = 70000, REQUEST = 65536, MERGED = 4 << 20, SLICE = 512 };
enum state { READING, READER };

static struct { enum state state; int at; } client[FDS];  /* at: its place in readers[] */
static int readers[FDS], reader_count, epoll, listener;
static char first[MERGED], second[MERGED], *frames = first;  /* One is sent while the other is written. */
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

static void turn(int timeout_ms) {
    struct epoll_event ready[512];
    int count = epoll_wait(epoll, ready, 512, timeout_ms), one = 1;
    for (int n = 0; n < count; n++) {
        if (ready[n].data.fd != listener) { request(ready[n].data.fd); continue; }
        for (int taken = 0; taken < 64; taken++) {
            int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
            if (fd < 0) break;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            client[fd].state = READING;
            struct epoll_event events = {.events = EPOLLIN, .data.fd = fd};
            epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &events);
        }
    }
}

static void fan_out(void) {
    char *sending = frames;
    ssize_t length = frames_length;
    frames = frames == first ? second : first;
    frames_length = 0;
    for (int n = reader_count - 1; n >= 0; n--) {
        if (send(readers[n], sending, length, MSG_NOSIGNAL) < length) gone(readers[n]);  /* Who is behind is let go. */
        if (n % SLICE == 0) turn(0);
    }
}

int main(int argc, char **argv) {
    struct rlimit most;
    getrlimit(RLIMIT_NOFILE, &most);
    most.rlim_cur = most.rlim_max;
    setrlimit(RLIMIT_NOFILE, &most);
    int one = 1;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(argc > 1 ? atoi(argv[1]) : 0),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) { perror("limit"); return 1; }
    epoll = epoll_create1(0);
    struct epoll_event watch = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &watch);
    for (;;) {
        turn(-1);
        while (frames_length) fan_out();
    }
}
