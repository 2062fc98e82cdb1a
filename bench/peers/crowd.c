/* Thousands of readers of one stream, and the one who publishes to them, in a process that costs little itself.

   Each event carries `mark=NNNNNNNN;` with a number one higher than the last. A reader's bytes are searched for marks and
   for nothing else (and for ids and `retry:` once it is told to come back): which came, when, and whether one is missing,
   comes twice or comes before an earlier one. Driven by lines on standard input, answers in lines on standard output;
   bench/fanout_crowd.py is the other end and says what each line means.

       crowd PORT STREAM_REQUEST PUBLISH_REQUEST      (files; the second holds `mark=00000000;` once)
*/
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READERS = 70000, MARKS = 1 << 20, CARRY = 64, BYTES = 1 << 18, SOURCES = 8, OPENING_AT_ONCE = 256, ID = 64 };
enum state { CLOSED, OPENING, OPEN };

struct reader {
    enum state state;
    int fd, carried, stalled;
    uint32_t next;               /* the mark it must see next */
    double reopen_at, lost_at;   /* 0: not waiting to come back */
    float retry_ms;
    char carry[CARRY], id[ID], begun[ID];  /* begun: of the event whose mark has not come yet */
};

static struct reader reader[READERS];
static int reader_count, open_count, opening_count, ep, port, follows, publisher = -1;
static double published_at[MARKS];
static uint32_t arrived[MARKS], marks;     /* marks: the number of the newest mark */
static char unanswered[MARKS];             /* whose publisher was told nothing, or no: it may be lost */
static long missing, doubled, disordered, resets, lost, refused, told_to_wait, deliveries;
static float *delays, *backs;
static long delay_count, delay_room, back_count, back_room, connects_in[4096];
static int patience_ms;                    /* 0: never sleeps while it measures */
static double began_following;
static char stream_request[4096], publish_request[1 << 16], buffer[BYTES + CARRY + 1], answer[1 << 16];
static size_t stream_length, publish_length, answered;
static char *mark_in_request;

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec * 1e-9;
}

static void keep(float **list, long *count, long *room, double value) {
    if (*count == *room) *list = realloc(*list, (*room = *room ? *room * 2 : 1 << 16) * sizeof **list);
    (*list)[(*count)++] = value;
}

static int ascending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double quantile(const float *sorted, long count, double q) {
    return count ? sorted[(long)(q * (count - 1) + 0.5)] * 1e3 : -1;
}

static void watch(int fd, uint32_t events, uint64_t what) {
    struct epoll_event event = {.events = events, .data.u64 = what};
    if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event)) epoll_ctl(ep, EPOLL_CTL_MOD, fd, &event);
}

static void lose(int n, double at) {
    struct reader *r = &reader[n];
    if (r->state == OPEN) { open_count--; lost++; r->lost_at = at; }
    if (r->state == OPENING) opening_count--;
    close(r->fd);
    r->state = CLOSED;
    r->carried = 0;
    r->begun[0] = 0;
    r->reopen_at = follows ? at + r->retry_ms / 1e3 : 0;
}

static void begin(int n) {
    struct reader *r = &reader[n];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK + 1 + n % SOURCES)}};
    int one = 1;
    r->fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(r->fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    bind(r->fd, (struct sockaddr *)&from, sizeof from);
    r->state = OPENING;
    opening_count++;
    r->reopen_at = 0;
    if (began_following) connects_in[(int)((now() - began_following) * 10) & 4095]++;
    if (connect(r->fd, (struct sockaddr *)&to, sizeof to)) { refused++; lose(n, now()); return; }  /* At once, here. */
    fcntl(r->fd, F_SETFL, O_NONBLOCK);
    char text[sizeof stream_request + ID + 32];
    size_t length = stream_length;
    memcpy(text, stream_request, length);
    if (r->id[0]) length = length - 2 + sprintf(text + length - 2, "Last-Event-ID: %s\r\n\r\n", r->id);
    if (send(r->fd, text, length, MSG_NOSIGNAL) < 0) { refused++; lose(n, now()); return; }
    watch(r->fd, EPOLLIN, n);
}

static void opened(int n, double at) {
    struct reader *r = &reader[n];
    r->state = OPEN;
    opening_count--;
    open_count++;
    if (r->lost_at) { keep(&backs, &back_count, &back_room, at - r->lost_at); r->lost_at = 0; }
}

/* The last whole `id:` line in a piece of a stream. */
static void id_in(char *from, char *to, char *id) {
    char *line, *end;
    for (; (line = memmem(from, to - from, "\nid: ", 5)) && (end = memchr(line + 5, '\n', to - line - 5)); from = line + 5)
        if (end - line - 5 < ID) { memcpy(id, line + 5, end - line - 5); id[end - line - 5] = 0; }
}

static void read_from(int n) {
    struct reader *r = &reader[n];
    memcpy(buffer, r->carry, r->carried);
    ssize_t got = recv(r->fd, buffer + r->carried, BYTES, 0);
    if (got < 0 && errno == EAGAIN) return;
    double at = now();
    if (got <= 0) { if (got < 0 && r->state == OPENING) refused++; lose(n, at); return; }
    char *end = buffer + r->carried + got, *mark = buffer;
    *end = 0;
    if (r->state == OPENING) {
        if (!strncmp(buffer, "HTTP/1.1 503", 12)) { told_to_wait++; r->retry_ms = 5000; lose(n, at); return; }
        if (!strstr(buffer, "\r\n\r\n") || end - strstr(buffer, "\r\n\r\n") <= 4) {  /* The first bytes after it. */
            r->carried = end - buffer > CARRY ? CARRY : end - buffer;
            memcpy(r->carry, end - r->carried, r->carried);
            return;
        }
        opened(n, at);
    }
    char *retry = strstr(buffer, "\nretry: "), *reset = strstr(buffer, "\nevent: reset"), *after = buffer;
    if (retry && follows) r->retry_ms = atof(retry + 8);
    if (reset) {  /* The page is loaded again, and has all: the next mark may be any. */
        resets++;
        id_in(buffer, reset + 1, r->id);
        r->next = 0;
    }
    while ((mark = memmem(mark, end - mark, "mark=", 5)) && end - mark >= 14) {
        uint32_t number = strtoul(mark + 5, NULL, 10);
        if (follows) {  /* Where it stands is where the last event stands that it has all of: as in a browser. */
            id_in(after, mark, r->begun);
            if (r->begun[0]) strcpy(r->id, r->begun);
        }
        mark = after = mark + 14;
        deliveries++;
        if (!r->next) r->next = number;
        if (number > marks) continue;
        if (number < r->next) { if (number + 1 == r->next) doubled++; else disordered++; continue; }
        for (uint32_t skipped = r->next; skipped < number; skipped++) missing += !unanswered[skipped];
        r->next = number + 1;
        arrived[number]++;
        keep(&delays, &delay_count, &delay_room, at - published_at[number]);
    }
    if (follows) {
        id_in(after, end, r->begun);
        if (!r->id[0]) strcpy(r->id, r->begun);
    }
    r->carried = end - after > CARRY ? CARRY : end - after;
    if (!follows && r->carried > 13) r->carried = 13;
    memcpy(r->carry, end - r->carried, r->carried);
}

static void connect_publisher(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int one = 1;
    publisher = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(publisher, (struct sockaddr *)&to, sizeof to)) { close(publisher); publisher = -1; return; }
    setsockopt(publisher, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(publisher, F_SETFL, O_NONBLOCK);
}

/* Send the next mark; its clock starts at `at`. Answers false when there is nobody to take it. */
static int publish(double at) {
    if (publisher < 0) connect_publisher();
    if (publisher < 0) return 0;
    char digits[9];
    snprintf(digits, sizeof digits, "%08u", ++marks);
    memcpy(mark_in_request + 5, digits, 8);
    published_at[marks] = at;
    unanswered[marks] = 1;
    answered = 0;
    return send(publisher, publish_request, publish_length, MSG_NOSIGNAL) == (ssize_t)publish_length;
}

/* The status of the answer once all of it is here; 0 before; -1 when the connection was lost first. */
static int publish_status(void) {
    ssize_t got = recv(publisher, answer + answered, sizeof answer - 1 - answered, 0);
    if (got < 0 && errno == EAGAIN) return 0;
    if (got <= 0) { close(publisher); publisher = -1; return -1; }
    answer[answered += got] = 0;
    char *body = strstr(answer, "\r\n\r\n"), *length = strcasestr(answer, "content-length:");
    if (!body || (length && answered < (size_t)(body + 4 - answer) + atoi(length + 15))) return 0;
    int status = atoi(answer + 9);
    if (status >= 200 && status <= 202) unanswered[marks] = 0;
    if (strcasestr(answer, "connection: close")) { close(publisher); publisher = -1; }
    return status;
}

static void turn(int timeout_ms) {
    struct epoll_event ready[512];
    int count = epoll_wait(ep, ready, 512, timeout_ms);
    for (int n = 0; n < count; n++)
        if (ready[n].data.u64 < READERS && reader[ready[n].data.u64].state != CLOSED) read_from(ready[n].data.u64);
    static double looked_at;
    double at = now();
    if (!follows || at - looked_at < 0.005) return;
    looked_at = at;
    for (int n = 0; n < reader_count; n++)
        if (reader[n].state == CLOSED && reader[n].reopen_at && at >= reader[n].reopen_at) begin(n);
}

static void connect_all(int count) {
    double began = now();
    for (int n = 0; n < count || opening_count;) {
        while (n < count && opening_count < OPENING_AT_ONCE) {
            reader[reader_count].next = marks + 1;
            reader[reader_count].retry_ms = 3000;
            begin(reader_count++);
            n++;
        }
        turn(0);
        if (now() - began > 120) break;
    }
    printf("connected %d %.6f\n", open_count, now() - began);
}

/* One event after the other: each is published when all have the one before. */
static void events(int count) {
    long from_delay = delay_count;
    int stalled = 0;
    for (int n = 0; n < reader_count; n++) stalled += reader[n].stalled && reader[n].state == OPEN;
    for (int n = 0; n < count; n++) {
        long from = delay_count;
        double began = now(), answered_at = 0;
        if (!publish(began)) { printf("failed\n"); return; }
        while ((arrived[marks] + stalled < (uint32_t)open_count || !answered_at) && now() - began < 30) {
            turn(patience_ms);
            if (!answered_at && publisher >= 0) {
                int status = publish_status();
                if (status) { answered_at = now(); if (status > 202) printf("bad %d\n", status); }
            }
        }
        qsort(delays + from, delay_count - from, sizeof *delays, ascending);
        long got = delay_count - from;
        printf("event %u %.4f %.4f %.4f %.4f %.4f %ld\n", marks, quantile(delays + from, got, 0),
               quantile(delays + from, got, .5), quantile(delays + from, got, .99), quantile(delays + from, got, 1),
               (answered_at - began) * 1e3, open_count - stalled - (long)arrived[marks]);
        double pause = now() + 0.05;
        while (now() < pause) turn(0);
    }
    qsort(delays + from_delay, delay_count - from_delay, sizeof *delays, ascending);
    printf("pooled %.4f %.4f %.4f\n", quantile(delays + from_delay, delay_count - from_delay, .5),
           quantile(delays + from_delay, delay_count - from_delay, .99),
           quantile(delays + from_delay, delay_count - from_delay, 1));
}

/* Events at a rate, whether or not the ones before have arrived; each one's clock starts when it was due. */
static void offered(double rate, double seconds) {
    long from = delay_count, before = deliveries;
    double began = now(), took = 0;
    int due = rate * seconds, sent = 0, waiting = 0;
    uint32_t first = marks + 1;
    while (sent < due || waiting) {
        double at = now();
        if (waiting && publish_status()) waiting = 0;
        if (!waiting && sent < due && at >= began + sent / rate) { waiting = publish(began + sent / rate); sent++; }
        turn(0);
        if (now() - began > seconds + 60) break;
    }
    took = now() - began;
    long wanted = (long)due * open_count;
    double give_up = now() + (follows ? 0 : 10);
    while (delay_count - from < wanted && now() < give_up) turn(0);
    qsort(delays + from, delay_count - from, sizeof *delays, ascending);
    printf("offered %u %.4f %.4f %.4f %.3f %ld %ld\n", marks + 1 - first, quantile(delays + from, delay_count - from, .5),
           quantile(delays + from, delay_count - from, .99), quantile(delays + from, delay_count - from, 1), took,
           wanted - (delay_count - from), deliveries - before);
}

static void stall(int count) {
    for (int n = 0; n < count; n++) {
        if (reader[n].state != OPEN) continue;
        reader[n].stalled = 1;
        epoll_ctl(ep, EPOLL_CTL_DEL, reader[n].fd, NULL);
    }
    printf("stalled %d\n", count);
}

static void go_on(void) {
    for (int n = 0; n < reader_count; n++)
        if (reader[n].stalled) {
            reader[n].stalled = 0;
            if (reader[n].state != CLOSED) watch(reader[n].fd, EPOLLIN, n);
        }
    printf("going_on\n");
}

/* Publish once, and wait for the answer only: status, -1 if the line was lost, 0 if nobody was there. */
static void publish_once(void) {
    double began = now();
    int status = 0, sent = publish(began);
    while (sent && !status && now() - began < 20) { turn(0); status = publish_status(); }
    if (!sent) { marks--; if (publisher >= 0) close(publisher); publisher = -1; }
    printf("published %u %d %.4f\n", marks, status, (now() - began) * 1e3);
}

static void drop(int count) {
    double at = now();
    for (int n = 0; n < count; n++) if (reader[n].state == OPEN) lose(n, at);
    printf("dropped %d\n", count);
}

static void status(void) {
    int whole = 0;
    for (int n = 0; n < reader_count; n++) whole += reader[n].state == OPEN && reader[n].next == marks + 1;
    long peak = 0;
    for (int n = 0; n < 4086; n++) {
        long second = 0;
        for (int tenth = 0; tenth < 10; tenth++) second += connects_in[n + tenth];
        if (second > peak) peak = second;
    }
    qsort(backs, back_count, sizeof *backs, ascending);
    printf("status open %d whole %d lost %ld refused %ld waited %ld resets %ld missing %ld doubled %ld disordered %ld "
           "deliveries %ld back_p50 %.1f back_p99 %.1f back_max %.1f peak %ld\n", open_count, whole, lost, refused,
           told_to_wait, resets, missing, doubled, disordered, deliveries, quantile(backs, back_count, .5),
           quantile(backs, back_count, .99), quantile(backs, back_count, 1), peak);
}

/* Marks that readers were sent though their publisher was not told that they are kept. */
static void unconfirmed(void) {
    printf("unconfirmed");
    for (uint32_t mark = 1; mark <= marks; mark++) if (unanswered[mark] && arrived[mark]) printf(" %u", mark);
    printf("\n");
}

static size_t read_file(const char *path, char *into, size_t room) {
    FILE *file = fopen(path, "rb");
    if (!file) { perror(path); exit(1); }
    size_t length = fread(into, 1, room - 1, file);
    into[length] = 0;
    fclose(file);
    return length;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    struct rlimit most;
    getrlimit(RLIMIT_NOFILE, &most);
    most.rlim_cur = most.rlim_max;
    setrlimit(RLIMIT_NOFILE, &most);
    port = atoi(argv[1]);
    stream_length = read_file(argv[2], stream_request, sizeof stream_request);
    publish_length = read_file(argv[3], publish_request, sizeof publish_request);
    mark_in_request = memmem(publish_request, publish_length, "mark=00000000;", 14);
    if (!mark_in_request) return 2;
    ep = epoll_create1(0);
    setvbuf(stdout, NULL, _IOLBF, 0);
    fcntl(0, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = READERS};
    epoll_ctl(ep, EPOLL_CTL_ADD, 0, &event);
    char line[256];
    size_t length = 0;
    for (;;) {
        turn(5);
        ssize_t got = read(0, line + length, 1);
        if (!got) return 0;
        if (got < 0) continue;
        while (got > 0 && line[length] != '\n' && length < sizeof line - 2) { length++; got = read(0, line + length, 1); }
        if (got <= 0) continue;
        line[length] = 0;
        length = 0;
        int count = 0;
        double rate = 0, seconds = 0;
        if (sscanf(line, "connect %d", &count) == 1) connect_all(count);
        else if (sscanf(line, "events %d", &count) == 1) events(count);
        else if (sscanf(line, "offered %lf %lf", &rate, &seconds) == 2) offered(rate, seconds);
        else if (sscanf(line, "stall %d", &count) == 1) stall(count);
        else if (sscanf(line, "drop %d", &count) == 1) drop(count);
        else if (!strcmp(line, "go_on")) go_on();
        else if (!strcmp(line, "publish")) publish_once();
        else if (!strcmp(line, "follow")) { follows = 1; began_following = now(); printf("following\n"); }
        else if (!strcmp(line, "rest")) { patience_ms = 5; printf("resting\n"); }
        else if (!strcmp(line, "unconfirmed")) unconfirmed();
        else if (!strcmp(line, "status")) status();
        else printf("unknown %s\n", line);
    }
}
