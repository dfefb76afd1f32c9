"""Peer: scores or generates rows that share a 256-token prompt, with transformers or llama.cpp. The prompt runs once.

usage: eval_rows.py hf HF_DIR (score|gen) [--dtype f32|bf16] [--attn sdpa|eager] [--batch 16]
       eval_rows.py llama FILE.gguf (score|gen) [--batch 16] [--streams] [--flash auto|on|off]
  score      log-probability of six labels of 1, 1, 2, 2, 3, 3 tokens after each row
  gen        four tokens a row, greedily
  --streams  llama.cpp: a KV buffer per sequence (the prompt is copied) instead of one that all sequences share
"""
import argparse
from peer import THREADS, ids, serve, take

PREFIX, OWN, ROWS, NEW, LABELS = 256, 24, 64, 4, [1, 1, 2, 2, 3, 3]

ap = argparse.ArgumentParser()
ap.add_argument("tool", choices=["hf", "llama"])
ap.add_argument("model")
ap.add_argument("case", choices=["score", "gen"])
ap.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
ap.add_argument("--attn", default="sdpa")
ap.add_argument("--batch", type=int, default=16)
ap.add_argument("--streams", action="store_true")
ap.add_argument("--flash", choices=["auto", "on", "off"], default="auto")
a = ap.parse_args()

stream = ids(1)
prefix = take(stream, PREFIX)
rows = [take(stream, OWN) for _ in range(ROWS)]
labels = [take(stream, n) for n in LABELS]
batches = [rows[i:i + a.batch] for i in range(0, ROWS, a.batch)]
facts = {"case": a.case, "batch": a.batch, "rows": ROWS}


def hf():
    import torch
    from transformers import AutoModelForCausalLM, DynamicCache
    torch.set_num_threads(THREADS)
    model = AutoModelForCausalLM.from_pretrained(
        a.model, dtype={"f32": torch.float32, "bf16": torch.bfloat16}[a.dtype], attn_implementation=a.attn).eval()

    def run(tokens, past, **more):
        return model(input_ids=tokens, past_key_values=past, use_cache=True, **more)

    def prefill():
        cache = run(torch.tensor([prefix]), None, logits_to_keep=1).past_key_values
        return [(l.keys, l.values) for l in cache.layers]

    def after(prompt, n):  # the prompt's cache for n rows: views, copied when the first tokens are appended
        return DynamicCache(ddp_cache_data=[(k.expand(n, -1, -1, -1), v.expand(n, -1, -1, -1)) for k, v in prompt])

    def gen(prompt, batch):
        past, tokens, new = after(prompt, len(batch)), torch.tensor(batch), []
        for _ in range(NEW):
            o = run(tokens, past, logits_to_keep=1)
            past, tokens = o.past_key_values, o.logits[:, -1:].argmax(-1)
            new.append(tokens)
        return torch.cat(new, 1).tolist()

    def score(prompt, batch):  # the rows over the prompt, then the labels (padded at the end) over each row
        top = max(LABELS)
        o = run(torch.tensor(batch), after(prompt, len(batch)), logits_to_keep=1)
        first = o.logits[:, -1].float().log_softmax(-1)
        past = o.past_key_values
        past.batch_repeat_interleave(len(labels))
        tokens = torch.tensor([l[:-1] + [2] * (top - len(l)) for l in labels]).repeat(len(batch), 1)
        rest = run(tokens, past).logits.float().log_softmax(-1).unflatten(0, (len(batch), len(labels)))
        return [[first[i, l[0]].item() + sum(rest[i, j, k, t].item() for k, t in enumerate(l[1:])) for j, l in enumerate(labels)]
                for i in range(len(batch))]

    @torch.inference_mode()
    def step():
        prompt = prefill()
        return [x for b in batches for x in (gen if a.case == "gen" else score)(prompt, b)][0]

    return step, {"tool": "transformers", "torch": torch.__version__, "dtype": a.dtype, "attn": a.attn, **facts}


def llama():
    import logging
    import llama_cpp as lc
    import numpy as np
    logging.getLogger("llama-cpp-python").setLevel(logging.ERROR)
    branches = len(labels) if a.case == "score" else 0  # sequences that a row needs in addition to its own
    lc.llama_backend_init()
    model = lc.llama_model_load_from_file(a.model.encode(), lc.llama_model_default_params())
    vocab = lc.llama_vocab_n_tokens(lc.llama_model_get_vocab(model))
    p = lc.llama_context_default_params()
    p.n_seq_max = 1 + a.batch * (1 + branches)
    p.n_ubatch = p.n_batch = max(512, a.batch * OWN)
    # shared cells: the prompt, then each row's own and new tokens; streams: all of a sequence in each
    p.n_ctx = 512 * p.n_seq_max if a.streams else 2048 * max(1, a.batch // 16)
    p.n_threads = p.n_threads_batch = THREADS
    p.kv_unified = not a.streams
    p.flash_attn_type = {"auto": -1, "off": 0, "on": 1}[a.flash]
    ctx = lc.llama_init_from_model(model, p)
    assert ctx, "llama.cpp made no context"
    memory, batch = lc.llama_get_memory(ctx), lc.llama_batch_init(p.n_batch, 0, 1)

    def decode(items):  # (token, position, sequence, wants logits)
        batch.n_tokens = len(items)
        for i, (t, pos, s, wants) in enumerate(items):
            batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.seq_id[i][0], batch.logits[i] = t, pos, 1, s, wants
        assert lc.llama_decode(ctx, batch) == 0

    def logits(i):
        return np.ctypeslib.as_array(lc.llama_get_logits_ith(ctx, i), shape=(vocab,))

    def log_softmax(x):
        return x - x.max() - np.log(np.exp(x - x.max()).sum())

    def copy(src, dst):
        lc.llama_memory_seq_rm(memory, dst, -1, -1)
        lc.llama_memory_seq_cp(memory, src, dst, -1, -1)

    def run_rows(part):  # sequence 1 + r is row r; returns where its last token's logits are
        for r in range(len(part)):
            copy(0, 1 + r)
        decode([(t, PREFIX + i, 1 + r, i == OWN - 1) for r, row in enumerate(part) for i, t in enumerate(row)])
        return [r * OWN + OWN - 1 for r in range(len(part))]

    def gen(part):
        where, new = run_rows(part), []
        for n in range(NEW):
            new.append([int(logits(w).argmax()) for w in where])
            if n < NEW - 1:
                decode([(t, PREFIX + OWN + n, 1 + r, True) for r, t in enumerate(new[-1])])
                where = range(len(part))
        return [list(x) for x in zip(*new)]

    def score(part):  # each label of more than one token is a sequence of its own, forked from its row's
        out = [[float(lp[l[0]]) for l in labels] for lp in (log_softmax(logits(w)) for w in run_rows(part))]
        items, at = [], []
        for r in range(len(part)):
            for j, l in enumerate(labels):
                s = 1 + a.batch + r * branches + j
                if len(l) > 1:
                    copy(1 + r, s)
                    items += [(t, PREFIX + OWN + i, s, True) for i, t in enumerate(l[:-1])]
                    at += [(r, j, t) for t in l[1:]]
        decode(items)
        for i, (r, j, t) in enumerate(at):
            out[r][j] += float(log_softmax(logits(i))[t])
        for s in range(1 + a.batch, p.n_seq_max):
            lc.llama_memory_seq_rm(memory, s, -1, -1)
        return out

    def step():
        lc.llama_memory_clear(memory, True)
        decode([(t, i, 0, False) for i, t in enumerate(prefix)])
        return [x for b in batches for x in (gen if a.case == "gen" else score)(b)][0]

    return step, {"tool": "llama.cpp", "llama_cpp_python": lc.__version__, "file": a.model.split("/")[-1], "streams": a.streams,
                  "flash": a.flash, **facts}


serve({"hf": hf, "llama": llama}[a.tool])
