"""What the peers share: the ids every side runs on, and the line protocol (README.md)."""
import json, os, sys, time

THREADS = 2
FIRST_ID, LAST_ID = 100, 48999


def ids(seed):
    """An endless stream of token ids; bench/cases/tandemSide.ts makes the same ones (README.md has the formula)."""
    x = seed
    while True:
        x = (x * 1664525 + 1013904223) % 2**32
        yield FIRST_ID + (x >> 16) % (LAST_ID - FIRST_ID + 1)


def take(stream, n):
    return [next(stream) for _ in range(n)]


def peak_rss_gb():
    """VmHWM, not ru_maxrss: that one starts at the peak of the process that spawned this one (exec keeps it)."""
    with open("/proc/self/status") as f:
        return round(next(int(l.split()[1]) for l in f if l.startswith("VmHWM:")) * 1024 / 1e9, 3)


def busy_s():
    """CPU seconds of the whole machine, and those that its host took from it."""
    with open("/proc/stat") as f:
        user, nice, system, _idle, _wait, irq, soft, steal = map(int, f.readline().split()[1:9])
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")


def serve(load):
    """load() -> (step, facts). Warm up, say `ready`, then one timed step and one JSON line per line of stdin."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # output of libraries goes to stderr, because stdout carries only the protocol
    step, facts = load()
    t = time.perf_counter()
    facts["check"] = step()  # from the first, untrained step, which is the same on every side
    if time.perf_counter() - t < 10:
        step()
    print("ready", file=out, flush=True)
    for _ in sys.stdin:
        busy, cpu, t = busy_s(), time.process_time(), time.perf_counter()
        step()
        seconds = time.perf_counter() - t
        own = time.process_time() - cpu
        others = max(0.0, busy_s() - busy - own) / seconds
        print(json.dumps({"seconds": round(seconds, 4), "peak_rss_gb": peak_rss_gb(), "own_cores": round(own / seconds, 2),
                          "other_cores": round(others, 2), **facts}), file=out, flush=True)
