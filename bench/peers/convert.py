"""GGUF -> Hugging Face directory (f32). usage: convert.py GGUF_DIR GGUF_NAME OUT_DIR"""
import json, sys
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

src, name, out = sys.argv[1:4]
tokenizer = AutoTokenizer.from_pretrained(src, gguf_file=name)
read = AutoModelForCausalLM.from_pretrained(src, gguf_file=name, dtype=torch.float32)
# transformers refuses to save a model that it calls "quantized with gguf", although its weights are plain f32 by now, so copy them.
config = {k: v for k, v in read.config.to_dict().items() if k not in ("quantization_config", "_name_or_path")}
model = LlamaForCausalLM(LlamaConfig(**config)).float()
model.load_state_dict(read.state_dict())
model.tie_weights()
model.save_pretrained(out)
tokenizer.save_pretrained(out)


def edit(file, change):
    with open(f"{out}/{file}") as f:
        j = json.load(f)
    change(j)
    with open(f"{out}/{file}", "w") as f:
        json.dump(j, f, ensure_ascii=False)


# transformers loses SmolLM's splitting of digits when it reads a GGUF tokenizer
edit("tokenizer.json", lambda j: j.update(pre_tokenizer={
    "type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, j["pre_tokenizer"]]}))
edit("tokenizer_config.json", lambda j: j.update(chat_template=tokenizer.chat_template))
