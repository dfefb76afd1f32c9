"""Peer: one LoRA training step (forward, backward, AdamW) of transformers + PEFT.

usage: train_lora.py HF_DIR --case CASE [--dtype f32|bf16] [--attn sdpa|eager] [--keep] [--micro N]
  CASE     4x128 | prefix256x16 | prefix256x32: README.md
  bf16     bf16 base, PEFT's default f32 adapters
  --keep   logits only where labels are (logits_to_keep), not at every position as model(input_ids, labels=...) does
  --micro  rows run at a time, gradients accumulated (default 16: those take 14 GB in prefix256x16, so 32 do not fit)
"""
import argparse
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM
from peer import THREADS, ids, serve, take

CASES = {  # rows, shared tokens, own tokens, label tokens at each row's end
    "4x128": (4, 0, 128, 8),
    "prefix256x16": (16, 256, 24, 2),
    "prefix256x32": (32, 256, 24, 2),
}
LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

ap = argparse.ArgumentParser()
ap.add_argument("model")
ap.add_argument("--case", choices=CASES, required=True)
ap.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
ap.add_argument("--attn", default="sdpa")
ap.add_argument("--keep", action="store_true")
ap.add_argument("--micro", type=int, default=16)
a = ap.parse_args()
rows, shared, own, label = CASES[a.case]


def load():
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    base = AutoModelForCausalLM.from_pretrained(
        a.model, dtype={"f32": torch.float32, "bf16": torch.bfloat16}[a.dtype], attn_implementation=a.attn)
    base.config.use_cache = False
    model = get_peft_model(base, LoraConfig(
        r=8, lora_alpha=16, lora_dropout=0.0, target_modules=LINEARS, task_type="CAUSAL_LM")).train()
    params = [p for p in model.parameters() if p.requires_grad]
    adam = torch.optim.AdamW(params, lr=2e-4)

    stream = ids(1)
    prefix = take(stream, shared)
    tokens = torch.tensor([prefix + take(stream, own) for _ in range(rows)])
    mask, labels, more = torch.ones_like(tokens), tokens.clone(), {}
    labels[:, :-label] = -100
    if a.keep:
        labels, more = labels[:, -(label + 1):], {"logits_to_keep": label + 1}
    micro = min(a.micro, rows)
    parts = [slice(i, i + micro) for i in range(0, rows, micro)]

    def step():
        total = 0.0
        for p in parts:
            loss = model(input_ids=tokens[p], attention_mask=mask[p], labels=labels[p], **more).loss / len(parts)
            loss.backward()
            total += loss.item()
        adam.step()
        adam.zero_grad(set_to_none=True)
        return total

    return step, {"tool": "transformers + PEFT", "torch": torch.__version__, "case": a.case, "dtype": a.dtype, "attn": a.attn,
                  "keep": a.keep, "micro": micro, "rows": rows, "tokens": tokens.numel(), "trainable": sum(p.numel() for p in params)}


serve(load)
