# Varnish (7.1 or later, with varnish-modules) in front of Heard: /etc/varnish/default.vcl. Why: proxy.md.
#
# It shares pages, feeds and long polls among everyone who asks, keeps each for the second that Heard allows, and drops
# them when Heard says that something was taken back. It never shares a stream.
vcl 4.1;

import std;
import var;
import xkey;

backend heard {
    .host = "127.0.0.1";
    .port = "8000";
    .connect_timeout = 2s;
    .first_byte_timeout = 40s;      # a long poll is answered after 25 s
    .between_bytes_timeout = 40s;
}

# Who may purge, and whose word about a client's address and scheme is believed: Heard, and what speaks TLS in front.
acl ours {
    "127.0.0.1";
    "::1";
}

sub vcl_init {
    if (!var.global_get("generation")) {
        var.global_set("generation", "1");
    }
}

sub vcl_recv {
    # Varnish has put the address of whoever asks at the end of X-Forwarded-For; what stood before it only ours may say.
    if (client.ip !~ ours) {
        set req.http.X-Forwarded-For = client.ip;
        unset req.http.X-Forwarded-Proto;
    }

    if (req.method == "PURGE") {
        # With a comma it was passed on for somebody outside.
        if (client.ip !~ ours || req.http.X-Forwarded-For ~ "," || !req.http.Surrogate-Key) {
            return (synth(403, "Not for you"));
        }
        # First the new generation, then the purge: what is fetched from here on is hashed into the new one, and what is
        # still on its way, made before the withdrawal, comes into the old one, where nobody looks any more.
        var.global_set("generation", req.xid);
        if (std.integer(req.http.Heard-Position, 0) > std.integer(var.global_get("position"), 0)) {
            var.global_set("position", req.http.Heard-Position);
        }
        set req.http.Dropped = xkey.purge(req.http.Surrogate-Key);
        return (synth(200, "Purged"));
    }

    if (req.url ~ "^/metrics(\?|/|$)") {
        return (synth(404, "Not here"));
    }
    # A stream is a line from one reader to Heard. Whoever joined a shared one late would be sent it from its beginning,
    # with the words that were withdrawn meanwhile.
    if (req.method == "GET" && req.url ~ "^/live/[^/?]+(\?|$)") {
        return (pipe);
    }
    # What depends on who asks is neither kept nor shared. Whoever names a position wants an answer no older than that.
    if (req.url ~ "^/(desk|account|watch|api|ping|healthz)(/|\?|$)" || req.http.Heard-Position) {
        return (pass);
    }
    # All who wait for the same news ask at one address, whatever they put behind it.
    if (req.url ~ "^/live/[^/]+/after/") {
        set req.url = regsub(req.url, "\?.*$", "");
    }
    # Public answers are the same for everyone.
    if (req.method == "GET" || req.method == "HEAD") {
        unset req.http.Cookie;
        unset req.http.Authorization;
    }
}

sub vcl_pipe {
    # One request a line: the next one of this client must not pass by what stands above.
    set bereq.http.Connection = "close";
}

sub vcl_hash {
    hash_data(req.http.X-Forwarded-Proto);
    if (req.url !~ "^/static/") {
        hash_data(var.global_get("generation"));
    }
}

sub vcl_backend_fetch {
    if (!bereq.uncacheable) {
        set bereq.http.Generation = var.global_get("generation");
        # A node of Heard that has not come so far yet goes there before it answers.
        if (var.global_get("position")) {
            set bereq.http.Heard-Position = var.global_get("position");
        }
    }
}

sub vcl_backend_response {
    # Something was taken back while this was on its way: ask again, also for those who have waited for it since before.
    if (!bereq.uncacheable && bereq.http.Generation != var.global_get("generation")) {
        return (retry);
    }
    # Never longer than Heard allows, and never stale: not while it is fetched anew, not while Heard does not answer.
    set beresp.grace = 0s;
    set beresp.keep = 0s;
    set beresp.http.xkey = "heard " + beresp.http.Surrogate-Key;
    # "Busy" is shared for a second too. If each who waits were told so by Heard itself, it would stay busy.
    if (beresp.status == 503 && bereq.url ~ "^/live/[^/]+/after/") {
        set beresp.ttl = 1s;
        return (deliver);
    }
}

sub vcl_deliver {
    unset resp.http.xkey;
}
