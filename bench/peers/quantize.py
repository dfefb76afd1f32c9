"""GGUF -> GGUF of another type, for llama.cpp. usage: quantize.py IN.gguf OUT.gguf q4_0|q8_0|f16|bf16|f32

The Q4_1 file loses nothing that the HF directory has, because that directory contains the same Q4_1 weights, dequantized.
"""
import sys
import llama_cpp as lc

TYPES = {"q4_0": lc.LLAMA_FTYPE_MOSTLY_Q4_0, "q8_0": lc.LLAMA_FTYPE_MOSTLY_Q8_0, "f16": lc.LLAMA_FTYPE_MOSTLY_F16,
         "bf16": lc.LLAMA_FTYPE_MOSTLY_BF16, "f32": lc.LLAMA_FTYPE_ALL_F32}
src, dst, kind = sys.argv[1:4]
p = lc.llama_model_quantize_default_params()
p.ftype, p.nthread, p.allow_requantize = TYPES[kind], 2, True
if lc.llama_model_quantize(src.encode(), dst.encode(), p) != 0:
    sys.exit(f"could not write {dst}")
